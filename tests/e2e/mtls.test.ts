import { describe, expect } from "bun:test";
import { makeCertificate } from "../support/certificates.ts";
import { Http2Answers } from "../support/http2-answers.ts";
import { opensslClient } from "../support/openssl-client.ts";
import { block, Flag, FrameType, frame, RawHttp2 } from "../support/raw-http2.ts";
import { testWith } from "../support/requires.ts";
import { type Router, startRouter } from "../support/router.ts";
import { waitFor } from "../support/wait-for.ts";

/** Ways to a host that is only for holders of a certificate, without having one. */

const test = testWith("openssl");

const ca = makeCertificate({ name: "Sluice Test CA", ca: true });
const staffCa = makeCertificate({ name: "Staff CA", ca: true });
const server = makeCertificate({
  name: "server",
  names: ["DNS:open.test", "DNS:guarded.test", "DNS:*.guarded.test", "IP:127.0.0.1"],
  issuer: ca,
});
const staff = makeCertificate({ name: "staff", issuer: staffCa });

const FILES = {
  "server.pem": server.certificate,
  "server.key": server.key,
  "staff-ca.pem": staffCa.certificate,
  "staff.pem": staff.certificate,
  "staff.key": staff.key,
};

const DYNAMIC = `http:
  routers:
    open:
      rule: Host(\`open.test\`)
      service: whoami@internal
      tls: {}
    guarded:
      rule: Host(\`guarded.test\`)
      service: whoami@internal
      middlewares: [mark]
      tls: { options: staff }
    address:
      rule: Host(\`127.0.0.1\`)
      service: whoami@internal
      middlewares: [mark]
      tls: { options: staff }
  middlewares:
    mark:
      headers: { customResponseHeaders: { X-Guarded: "yes" } }
tls:
  certificates: [{ certFile: server.pem, keyFile: server.key }]
  options:
    staff:
      clientAuth: { clientAuthType: RequireAndVerifyClientCert, caFiles: [staff-ca.pem] }
`;

const start = (): Promise<Router> => startRouter({ dynamic: DYNAMIC, files: FILES });

/** One HTTP/1.1 request through openssl's TLS, under the given name. */
const ask = (router: Router, name: string | null, head: string, ...args: string[]) =>
  opensslClient(
    router.port,
    { name, input: `${head}\r\nConnection: close\r\n\r\n` },
    "-alpn",
    "http/1.1",
    ...args,
  );

/** Spellings of a host that the rule `Host(...)` takes for the same. */
const SPELLINGS = ["guarded.test", "GUARDED.test", "guarded.test.", "guarded.test:443"];

test("a member of the staff gets in, so what is refused below is refused for want of a certificate", async () => {
  await using router = await start();
  const { directory } = router.program;
  const credentials = ["-cert", `${directory}/staff.pem`, "-key", `${directory}/staff.key`];
  for (const host of SPELLINGS) {
    const head = `GET / HTTP/1.1\r\nHost: ${host}`;
    const answer = await ask(router, "guarded.test", head, ...credentials);
    expect([host, answer.status]).toEqual([host, 200]);
    expect(answer.text).toMatch(/x-guarded: yes/i);
  }
});

describe("without a certificate", () => {
  test("the guarded name in the request, another or none in the handshake: 421", async () => {
    await using router = await start();
    for (const name of ["open.test", "other.test", null]) {
      for (const host of SPELLINGS) {
        const answer = await ask(router, name, `GET / HTTP/1.1\r\nHost: ${host}`);
        expect([name, host, answer.status]).toEqual([name, host, 421]);
        expect(answer.text).not.toMatch(/x-guarded/i);
      }
    }
  });

  test("absolute form, and headers that a proxy in front would set", async () => {
    await using router = await start();
    const heads = [
      "GET https://guarded.test/ HTTP/1.1\r\nHost: open.test",
      "GET http://guarded.test/ HTTP/1.1\r\nHost: guarded.test",
      "GET / HTTP/1.1\r\nHost: guarded.test\r\nX-Forwarded-Host: open.test",
    ];
    for (const head of heads) {
      const answer = await ask(router, "open.test", head);
      expect([head, answer.status]).toEqual([head, 421]);
    }
    const forwarded = "GET / HTTP/1.1\r\nHost: open.test\r\nX-Forwarded-Host: guarded.test";
    const served = await ask(router, "open.test", forwarded);
    expect(served.status).toBe(200);
    expect(served.text).not.toMatch(/x-guarded/i);
  });

  test("the guarded name in the handshake, however it is spelled: no handshake", async () => {
    await using router = await start();
    for (const name of ["guarded.test", "GUARDED.TEST", "gUaRdEd.TeSt"]) {
      for (const version of ["-tls1_2", "-tls1_3"]) {
        const answer = await ask(router, name, "GET / HTTP/1.1\r\nHost: guarded.test", version);
        expect([name, version, answer.status]).toEqual([name, version, undefined]);
      }
    }
  });

  test("a trailing dot in the handshake's name leads to no guarded answer", async () => {
    await using router = await start();
    const answer = await ask(router, "guarded.test.", "GET / HTTP/1.1\r\nHost: guarded.test");
    expect([undefined, 421]).toContain(answer.status);
    expect(answer.text).not.toMatch(/x-guarded/i);
  });

  test("a host that is an address, for which there is no name in the handshake: 421", async () => {
    await using router = await start();
    for (const name of ["open.test", null]) {
      const answer = await ask(router, name, "GET / HTTP/1.1\r\nHost: 127.0.0.1");
      expect([name, answer.status]).toEqual([name, 421]);
    }
  });

  test("without TLS, also with a scheme that says otherwise: no route", async () => {
    await using router = await start();
    using plain = await router.client();
    await plain.send("GET / HTTP/1.1\r\nHost: guarded.test\r\nX-Forwarded-Proto: https\r\n\r\n");
    expect((await plain.response("GET")).status).toBe(404);
    using h2c = await RawHttp2.connect(router.port);
    expect(await asking(h2c)("guarded.test")).toBe(404);
  });

  test("HTTP/2: one connection for many hosts serves the open one and not the guarded one", async () => {
    await using router = await start();
    using client = await RawHttp2.connectTls(router.port, { serverName: "open.test" });
    const statusFor = asking(client);
    const seen: [string, number][] = [];
    for (const host of ["open.test", ...SPELLINGS, "127.0.0.1", "open.test"])
      seen.push([host, await statusFor(host)]);
    expect(seen).toEqual([
      ["open.test", 200],
      ...SPELLINGS.map((host): [string, number] => [host, 421]),
      ["127.0.0.1", 421],
      ["open.test", 200],
    ]);
  });

  test("a configuration that begins to guard a host guards it on open connections too", async () => {
    const before = DYNAMIC.replace(
      "Host(`guarded.test`)\n      service: whoami@internal\n      middlewares: [mark]\n      tls: { options: staff }",
      "Host(`guarded.test`)\n      service: whoami@internal\n      tls: {}",
    );
    expect(before).not.toBe(DYNAMIC);
    await using router = await startRouter({ dynamic: before, files: FILES });
    using client = await RawHttp2.connectTls(router.port, { serverName: "guarded.test" });
    const statusFor = asking(client);
    expect(await statusFor("guarded.test")).toBe(200);
    await router.reconfigure(DYNAMIC);
    const guarded = await waitFor("the new configuration", async () => {
      const status = await statusFor("guarded.test");
      return status === 200 ? undefined : status;
    });
    expect(guarded).toBe(421);
  });
});

/** An HTTP/2 client that asks one host after the other on one connection. */
function asking(client: RawHttp2): (host: string) => Promise<number> {
  const answers = new Http2Answers(client);
  let stream = -1;
  return async (host) => {
    stream += 2;
    const head = block([
      [":method", "GET"],
      [":scheme", "https"],
      [":authority", host],
      [":path", "/"],
    ]);
    await client.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream, head));
    return (await answers.of(stream)).status;
  };
}
