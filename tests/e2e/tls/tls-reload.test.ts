import { expect } from "bun:test";
import { unlinkSync } from "node:fs";
import { makeCertificate } from "../../support/certificates.ts";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import { block, Flag, FrameType, frame, RawHttp2 } from "../../support/http/raw-http2.ts";
import { opensslClient, opensslTalk } from "../../support/openssl-client.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("openssl");

const ca = makeCertificate({ name: "CA", ca: true });
const server = makeCertificate({ name: "server", names: ["DNS:*.app.test"], issuer: ca });
const other = makeCertificate({ name: "other", names: ["DNS:*.app.test"], issuer: ca });
const member = makeCertificate({ name: "member", issuer: ca });
const next = makeCertificate({ name: "next CA", ca: true });
const strange = makeCertificate({ name: "stranger", issuer: next });
const FILES: Record<string, string> = {
  "ca.pem": ca.certificate,
  "server.pem": server.certificate,
  "server.key": server.key,
  "member.pem": member.certificate,
  "member.key": member.key,
};

const DEMANDS = { clientAuth: { caFiles: ["ca.pem"] } };
const ASKS = { clientAuth: { clientAuthType: "RequestClientCert" } };

/** One guarded host; the options of its router are of that name. */
function guardedBy(name: string, options: Record<string, object>, service = "whoami@internal") {
  const tls = { options: name };
  return JSON.stringify({
    http: {
      routers: { guarded: { rule: "Host(`guarded.app.test`)", service, tls } },
      services: { slow: { handler: { module: "./slow.ts" } } },
    },
    tls: { options, certificates: [{ certFile: "server.pem", keyFile: "server.key" }] },
  });
}

const REQUEST = "GET / HTTP/1.1\r\nHost: guarded.app.test\r\n\r\n";

/** Asks for the guarded host over one connection of HTTP/2, and says the answers' status. */
function asking(client: RawHttp2): () => Promise<number> {
  const answers = new Http2Answers(client);
  let stream = -1;
  return async () => {
    const fields: [string, string][] = [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/"],
      [":authority", "guarded.app.test"],
    ];
    stream += 2;
    const flags = Flag.endHeaders | Flag.endStream;
    await client.send(frame(FrameType.headers, flags, stream, block(fields)));
    return (await answers.of(stream)).status;
  };
}

async function start(dynamic: string, files = FILES) {
  const router = await startRouter({
    dynamic: "",
    provider: "    filename: dynamic.json",
    files: { ...files, "slow.ts": "export default () => new Response();", "dynamic.json": dynamic },
  });
  const { program, port } = router;
  const asMember = [
    "-cert",
    `${program.directory}/member.pem`,
    "-key",
    `${program.directory}/member.key`,
  ];
  const ask = (...args: string[]) => opensslClient(port, { name: "guarded.app.test" }, ...args);
  return {
    port,
    program,
    asMember,
    ask,
    status: async () => (await ask()).status,
    statusOfMember: async () => (await ask(...asMember)).status,
    [Symbol.asyncDispose]: () => (router satisfies Router)[Symbol.asyncDispose](),
  };
}

test("a CA file that comes brings its routers; one that goes takes nothing away, the check least", async () => {
  const { "ca.pem": authority, ...others } = FILES;
  await using router = await start(guardedBy("members", { members: DEMANDS }), others);
  expect(await router.statusOfMember()).toBeUndefined();
  await router.program.write("ca.pem", authority);
  await waitFor("the member to be served", async () => (await router.statusOfMember()) === 200);
  expect(await router.status()).toBeUndefined();
  unlinkSync(`${router.program.directory}/ca.pem`);
  await router.program.logged(/ca\.pem.*tlsOptionsName=members@file.*goes on as it last worked/);
  expect([await router.status(), await router.statusOfMember()]).toEqual([undefined, 200]);
});

test("a certificate that is replaced while a configuration is being applied comes with it, not before", async () => {
  await using router = await start(guardedBy("default", { default: DEMANDS }));
  const { program } = router;
  expect([await router.status(), await router.statusOfMember()]).toEqual([undefined, 200]);
  // The guard changes its name, and the default options become open: neither may be without the other.
  await program.write(
    "slow.ts",
    "await new Promise((resolve) => setTimeout(resolve, 6000)); export default () => new Response();",
  );
  await program.write("dynamic.json", guardedBy("members", { members: DEMANDS }, "slow"));
  // The providersThrottleDuration is over then.
  await Bun.sleep(2500);
  await program.write("server.pem", other.certificate);
  await program.write("server.key", other.key);
  const statuses = new Set<number | undefined>();
  await waitFor("the new certificate", async () => {
    const { subject, status } = await router.ask();
    statuses.add(status);
    return subject === "other";
  });
  await waitFor("the new router", async () => (await router.statusOfMember()) === 200);
  expect([...statuses, await router.status()]).toEqual([undefined, undefined]);
  expect((await router.ask()).subject).toBe("other");
}, 40_000);

test("a connection from before a reload that asks for client certificates isn't served any more: 421", async () => {
  await using router = await start(guardedBy("members", { members: ASKS }));
  const { port, program } = router;
  await using old = opensslTalk(port, "guarded.app.test");
  using modern = await RawHttp2.connectTls(port, { serverName: "guarded.app.test" });
  using forgiven = await RawHttp2.connectTls(port, { serverName: "guarded.app.test" });
  const overHttp2 = asking(modern);
  const overForgiven = asking(forgiven);
  old.write(REQUEST);
  await old.said(/HTTP\/1\.1 200 /);
  expect([await overHttp2(), await overForgiven()]).toEqual([200, 200]);
  const demanding = guardedBy("members", { members: DEMANDS });
  await program.write("dynamic.json", demanding);
  await waitFor("the reload", async () => (await router.status()) === undefined);
  // A client that went on with its connection would hear nothing else any more: the answer is the last.
  old.write(REQUEST);
  await old.said(/HTTP\/1\.1 421 [\s\S]*\r\nConnection: close\r\n/);
  await old.exited;
  expect(await overHttp2()).toBe(421);
  await modern.send(frame(FrameType.ping, Flag.ack, 0, new Uint8Array(8)));
  await modern.ended();
  // What is demanded no longer is no reason to refuse.
  await program.write("dynamic.json", guardedBy("members", { members: ASKS }));
  await waitFor("the reload", async () => (await router.status()) === 200);
  expect(await overForgiven()).toBe(200);
});

test("authorities that are added cost nobody their connection, one that is taken away does", async () => {
  await using router = await start(guardedBy("members", { members: DEMANDS }));
  const { port, program, asMember } = router;
  await using old = opensslTalk(port, "guarded.app.test", ...asMember);
  const stranger = [
    "-cert",
    `${program.directory}/stranger.pem`,
    "-key",
    `${program.directory}/stranger.key`,
  ];
  await program.write("stranger.pem", strange.certificate);
  await program.write("stranger.key", strange.key);
  const statusOfStranger = async () => (await router.ask(...stranger)).status;
  old.write(REQUEST);
  await old.said(/HTTP\/1\.1 200 /);
  expect(await statusOfStranger()).toBeUndefined();
  await program.write("ca.pem", `The next one:\n${next.certificate}${ca.certificate}`);
  await waitFor("the next authority", async () => (await statusOfStranger()) === 200);
  old.write(REQUEST);
  await old.said(/HTTP\/1\.1 200 /);
  await program.write("ca.pem", next.certificate);
  await waitFor("the end of the old", async () => (await router.statusOfMember()) === undefined);
  old.write(REQUEST);
  await old.said(/HTTP\/1\.1 421 /);
  await old.exited;
});
