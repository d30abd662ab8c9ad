import { expect } from "bun:test";
import { makeCertificate } from "../../support/certificates.ts";
import { FLAVOUR } from "../../support/flavour.ts";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import { block, Flag, FrameType, frame, RawHttp2 } from "../../support/http/raw-http2.ts";
import { opensslClient } from "../../support/openssl-client.ts";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("openssl");

const ca = makeCertificate({ name: "CA", ca: true });
const otherCa = makeCertificate({ name: "Other CA", ca: true });
const names = ["DNS:*.app.test", "DNS:app.test", "IP:127.0.0.1"];
const server = makeCertificate({ name: "server", names, issuer: ca });
const member = makeCertificate({ name: "member", issuer: ca });
const stranger = makeCertificate({ name: "stranger", issuer: otherCa });
const FILES: Record<string, string> = {
  "ca.pem": ca.certificate,
  "other-ca.pem": otherCa.certificate,
  "server.pem": server.certificate,
  "server.key": server.key,
};
const MEMBER = { cert: member.certificate, key: member.key };
const STRANGER = { cert: stranger.certificate, key: stranger.key };
const WHOLE = Flag.endHeaders | Flag.endStream;

/** Routers by their rules, each with its TLS options; each has a server of its own, which answers with the router's name. */
async function before(
  routers: Record<string, readonly [rule: string, options: string]>,
  options: Record<string, object> = { members: mutual("RequireAndVerifyClientCert") },
) {
  const upstreams = Object.keys(routers).map((name) => startUpstream(answering(plain(name))));
  const entries = Object.entries(routers);
  const dynamic = {
    http: {
      routers: Object.fromEntries(
        entries.map(([name, [rule, tlsOptions]]) => [
          name,
          {
            rule,
            service: name,
            tls: tlsOptions === "default" ? {} : { options: tlsOptions },
          },
        ]),
      ),
      services: Object.fromEntries(
        entries.map(([name], i) => [
          name,
          { loadBalancer: { servers: [{ url: upstreams[i].url }] } },
        ]),
      ),
    },
    tls: { options, certificates: [{ certFile: "server.pem", keyFile: "server.key" }] },
  };
  const router = await startRouter({
    dynamic: "",
    provider: "    filename: dynamic.json",
    files: { ...FILES, "dynamic.json": JSON.stringify(dynamic) },
  });
  return {
    router,
    port: router.port,
    /** The server of that router has heard of no client. */
    untouched: (name: string) =>
      upstreams[Object.keys(routers).indexOf(name)].connections.length === 0,
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]();
      for (const upstream of upstreams) upstream.stop();
    },
  };
}

type Scene = Awaited<ReturnType<typeof before>>;

function mutual(clientAuthType: string, caFiles: string[] | undefined = ["ca.pem"]) {
  return { clientAuth: { clientAuthType, caFiles } };
}

const GUARDED = {
  guarded: ["Host(`guarded.app.test`)", "members"],
  open: ["Host(`open.app.test`)", "default"],
  rest: ["PathPrefix(`/`)", "default"],
} as const;

/** Over HTTP/2, all on one connection: for each authority the status and who answered. */
async function overHttp2(
  { port }: Scene,
  serverName: string,
  authorities: readonly string[],
  credentials: object = {},
): Promise<string[]> {
  using client = await RawHttp2.connectTls(port, { serverName, ...credentials });
  const answers = new Http2Answers(client);
  const found: string[] = [];
  for (const [i, authority] of authorities.entries()) {
    const fields = [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/"],
      ...(authority === "" ? [] : [[":authority", authority]]),
    ] as [string, string][];
    await client.send(frame(FrameType.headers, WHOLE, 2 * i + 1, block(fields)));
    const { status, text, end } = await answers.of(2 * i + 1);
    if (end === "gone") break;
    found.push(status === 0 ? `reset ${end}` : `${status} ${text.trim()}`);
  }
  return found;
}

/** Over HTTP/1.1, one after the other on one connection, as `overHttp2`. */
async function overHttp1(
  { port }: Scene,
  serverName: string | null,
  hosts: readonly string[],
  ...args: string[]
): Promise<string[]> {
  const requests = hosts.map((host, i) => {
    const last = i === hosts.length - 1 ? "Connection: close\r\n" : "";
    return `GET / HTTP/1.1\r\nHost: ${host}\r\n${last}\r\n`;
  });
  const { text } = await opensslClient(
    port,
    { name: serverName, input: requests.join("") },
    ...args,
  );
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) [\s\S]*?\r\n\r\n((?:(?!HTTP)[A-Za-z ])*)/g)].map(
    ([, status, body]) => `${status} ${body}`,
  );
}

const VARIANTS = [
  "guarded.app.test",
  "GUARDED.App.Test",
  "guarded.app.test.",
  "guarded.app.test:443",
  "guarded.app.test.:443",
  "GUARDED.APP.TEST:8443",
];

test("another's name in the handshake, the guarded one's in the request: 421 over both protocols, however it is spelt", async () => {
  await using scene = await before(GUARDED);
  const misdirected = VARIANTS.map(() => "421 Misdirected Request");
  expect(await overHttp2(scene, "open.app.test", VARIANTS)).toEqual(misdirected);
  expect(await overHttp1(scene, "open.app.test", VARIANTS)).toEqual(misdirected);
  // A name that no router has, and none at all, have the default options too.
  expect(await overHttp2(scene, "nobody.app.test", VARIANTS)).toEqual(misdirected);
  expect(await overHttp1(scene, null, VARIANTS)).toEqual(misdirected);
  // A certificate that was never asked for changes nothing.
  expect(await overHttp2(scene, "open.app.test", VARIANTS, MEMBER)).toEqual(misdirected);
  expect(scene.untouched("guarded")).toBe(true);
});

test("one connection for several names: each request is judged by itself", async () => {
  await using scene = await before(GUARDED);
  const authorities = ["open.app.test", "guarded.app.test", "open.app.test", "other.app.test"];
  const expected = ["200 open", "421 Misdirected Request", "200 open", "200 rest"];
  expect(await overHttp2(scene, "open.app.test", authorities)).toEqual(expected);
  expect(await overHttp1(scene, "open.app.test", authorities)).toEqual(expected);
  expect(scene.untouched("guarded")).toBe(true);
  // The other way round as well: the options of a member's connection are not those of the others.
  const asMember = ["421 Misdirected Request", "200 guarded", "421 Misdirected Request"];
  expect(await overHttp2(scene, "guarded.app.test", authorities.slice(0, 3), MEMBER)).toEqual(
    asMember,
  );
});

test("the handshake for the guarded name needs the certificate, however the name is spelt", async () => {
  await using scene = await before(GUARDED);
  for (const name of ["guarded.app.test", "GUARDED.App.Test"]) {
    expect(await overHttp2(scene, name, ["guarded.app.test"], MEMBER)).toEqual(["200 guarded"]);
    for (const credentials of [{}, STRANGER]) {
      const found = await overHttp2(scene, name, ["guarded.app.test"], credentials).catch(() => []);
      expect([name, found]).toEqual([name, []]);
    }
    expect(await overHttp1(scene, name, ["guarded.app.test"])).toEqual([]);
  }
  // With a dot behind it is another name, or the same: served to members alone in either case.
  const dotted = await overHttp1(scene, "guarded.app.test.", ["guarded.app.test"]);
  expect(dotted.filter((answer) => answer.startsWith("2"))).toEqual([]);
});

test("targets and fields that name the guarded host besides the one that is meant", async () => {
  await using scene = await before(GUARDED);
  const inputs: Record<string, string> = {
    "an absolute target": "GET https://guarded.app.test/ HTTP/1.1\r\nHost: open.app.test\r\n",
    "a Host behind another target":
      "GET https://open.app.test/ HTTP/1.1\r\nHost: guarded.app.test\r\n",
    "two Host fields": "GET / HTTP/1.1\r\nHost: open.app.test\r\nHost: guarded.app.test\r\n",
    "X-Forwarded-Host":
      "GET / HTTP/1.1\r\nHost: open.app.test\r\nX-Forwarded-Host: guarded.app.test\r\n",
    "a folded Host": "GET / HTTP/1.1\r\nHost: open.app.test\r\n guarded.app.test\r\n",
    "HTTP/1.0": "GET / HTTP/1.0\r\nHost: guarded.app.test\r\n",
  };
  for (const [what, head] of Object.entries(inputs)) {
    const input = `${head}Connection: close\r\n\r\n`;
    await opensslClient(scene.port, { name: "open.app.test", input });
    expect([what, scene.untouched("guarded")]).toEqual([what, true]);
  }
});

test("hosts by wildcard: what the wildcard's options demand can't be got around by a neighbour either", async () => {
  await using scene = await before({
    all: ["Host(`*.app.test`)", "members"],
    regexp: ["HostRegexp(`^re\\\\.other\\\\.test$`)", "default"],
    apex: ["Host(`app.test`)", "default"],
  });
  const hosts = ["a.app.test", "B.app.test", "a.app.test.", "app.test"];
  const found = await overHttp2(scene, "app.test", hosts);
  const bare = await overHttp1(scene, null, hosts);
  for (const answers of [found, bare]) {
    for (const answer of answers.slice(0, 3)) expect(answer).toMatch(/^(421|404) /);
    expect(answers[3]).toBe("200 apex");
  }
  expect(await overHttp1(scene, "b.app.test", ["b.app.test"])).toEqual([]);
  expect(scene.untouched("all")).toBe(true);
});

test("a host that is an address: no name is sent for it, so the options can't apply: 421, never service", async () => {
  await using scene = await before({
    address: ["Host(`127.0.0.1`)", "members"],
    rest: ["PathPrefix(`/`)", "default"],
  });
  const expected = ["421 Misdirected Request", "200 rest"];
  expect(await overHttp1(scene, null, ["127.0.0.1", "x.test"])).toEqual(expected);
  expect(await overHttp1(scene, "x.test", ["127.0.0.1:443", "x.test"])).toEqual(expected);
  expect(await overHttp2(scene, "x.test", ["127.0.0.1", "x.test"])).toEqual(expected);
  expect(scene.untouched("address")).toBe(true);
});

test("options as the default ones: nobody gets in without, by any name or none", async () => {
  await using scene = await before(GUARDED, {
    default: mutual("RequireAndVerifyClientCert"),
    members: mutual("RequireAndVerifyClientCert"),
  });
  for (const name of ["open.app.test", "nobody.test", "guarded.app.test", null]) {
    expect([name, await overHttp1(scene, name, ["open.app.test"])]).toEqual([name, []]);
  }
  expect(await overHttp2(scene, "open.app.test", ["open.app.test"], MEMBER)).toEqual(["200 open"]);
  expect(scene.untouched("guarded")).toBe(true);
});

test("every clientAuthType over HTTP/2, by who comes", async () => {
  const types: Record<string, readonly [type: string, who: readonly string[]]> = {
    never: ["NoClientCert", ["nobody", "member", "stranger"]],
    asks: ["RequestClientCert", ["nobody", "member", "stranger"]],
    any: ["RequireAnyClientCert", ["member", "stranger"]],
    checks: ["VerifyClientCertIfGiven", ["nobody", "member"]],
    demands: ["RequireAndVerifyClientCert", ["member"]],
  };
  const names = Object.keys(types);
  await using scene = await before(
    Object.fromEntries(names.map((name) => [name, [`Host(\`${name}.app.test\`)`, name] as const])),
    Object.fromEntries(Object.entries(types).map(([name, [type]]) => [name, mutual(type)])),
  );
  const peers: Record<string, object> = { nobody: {}, member: MEMBER, stranger: STRANGER };
  for (const name of names) {
    for (const [who, credentials] of Object.entries(peers)) {
      const host = `${name}.app.test`;
      const found = await overHttp2(scene, host, [host], credentials).catch(() => []);
      expect({ name, who, found }).toEqual({
        name,
        who,
        found: types[name][1].includes(who) ? [`200 ${name}`] : [],
      });
    }
    // And no way from one to the other.
    const others = names.filter((other) => other !== name).map((other) => `${other}.app.test`);
    const found = await overHttp2(scene, `${name}.app.test`, others, MEMBER);
    expect(found).toEqual(others.map(() => "421 Misdirected Request"));
  }
});

const BROKEN: Record<string, object> = {
  "a CA file that isn't there": mutual("RequireAndVerifyClientCert", ["missing.pem"]),
  "a CA file beside one that isn't there": mutual("RequireAndVerifyClientCert", [
    "ca.pem",
    "missing.pem",
  ]),
  "a CA file without a certificate": mutual("RequireAndVerifyClientCert", ["server.key"]),
  "no CA file": mutual("RequireAndVerifyClientCert", []),
  "no CA file where certificates are checked if given": mutual("VerifyClientCertIfGiven", []),
  "a type that there is none of": mutual("RequireEverything"),
};

test("options that are broken serve nobody: neither their host, nor by another's name", async () => {
  for (const [what, broken] of Object.entries(BROKEN)) {
    await using scene = await before(GUARDED, { members: broken });
    expect([what, await overHttp1(scene, "guarded.app.test", ["guarded.app.test"])]).toEqual([
      what,
      [],
    ]);
    const asMember = await overHttp2(scene, "guarded.app.test", ["guarded.app.test"], MEMBER).catch(
      () => [],
    );
    expect([what, asMember]).toEqual([what, []]);
    const [around] = await overHttp1(scene, "open.app.test", ["guarded.app.test"]);
    expect([what, around?.startsWith("2") && around.endsWith("guarded")]).toEqual([what, false]);
    expect([what, scene.untouched("guarded")]).toEqual([what, true]);
    expect(await overHttp1(scene, "open.app.test", ["open.app.test"])).toEqual(["200 open"]);
  }
}, 60_000);

test("broken options disable their routers also where a conflict replaces them by the default ones", async () => {
  await using scene = await before(
    {
      guarded: ["Host(`guarded.app.test`)", "members"],
      beside: ["Host(`guarded.app.test`) && Path(`/beside`)", "default"],
      hostless: ["PathPrefix(`/hostless`)", "members"],
    },
    { members: mutual("RequireAndVerifyClientCert", ["missing.pem"]) },
  );
  const [answer] = await overHttp1(scene, "guarded.app.test", ["guarded.app.test"]);
  expect(answer).toStartWith("404");
  const input = "GET /hostless HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
  const hostless = await opensslClient(scene.port, { name: "a.test", input });
  expect(hostless.status).toBe(404);
  expect([scene.untouched("guarded"), scene.untouched("hostless")]).toEqual([true, true]);
});

test("a router that would lose the client certificates it asks for is not served", async () => {
  await using scene = await before({
    guarded: ["Host(`guarded.app.test`)", "members"],
    beside: ["Host(`guarded.app.test`) && Path(`/beside`)", "default"],
    hostless: ["PathPrefix(`/hostless`)", "members"],
    regexp: ["HostRegexp(`^re\\\\.app\\\\.test$`)", "members"],
    open: ["Host(`open.app.test`)", "default"],
  });
  for (const name of ["guarded.app.test", "re.app.test", "open.app.test"]) {
    for (const path of ["/", "/hostless"]) {
      const input = `GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
      const { status } = await opensslClient(scene.port, { name, input });
      expect([name, path, status]).toEqual([name, path, name === "open.app.test" ? 200 : 404]);
    }
  }
  expect(await overHttp2(scene, "re.app.test", ["re.app.test"])).toEqual([
    "404 404 page not found",
  ]);
  expect(await overHttp1(scene, "open.app.test", ["open.app.test"])).toEqual(["200 open"]);
  for (const name of ["guarded", "hostless", "regexp"] as const)
    expect([name, scene.untouched(name)]).toEqual([name, true]);
  expect(scene.router.program.log).toContain("client certificates that they ask for would be lost");
});

test("a session of other options opens nothing, nor one of before a reload that asks for more", async () => {
  const routers = { ...GUARDED, strangers: ["Host(`strangers.app.test`)", "strangers"] as const };
  await using scene = await before(routers, {
    members: mutual("RequireAndVerifyClientCert"),
    strangers: mutual("RequireAndVerifyClientCert", ["other-ca.pem"]),
  });
  const { port, router } = scene;
  const { directory } = router.program;
  await router.program.write("stranger.pem", stranger.certificate);
  await router.program.write("stranger.key", stranger.key);
  const credentials = ["-cert", `${directory}/stranger.pem`, "-key", `${directory}/stranger.key`];
  for (const version of ["-tls1_2", "-tls1_3"]) {
    for (const [from, args] of [
      ["open", []],
      ["strangers", credentials],
    ] as const) {
      const session = `${directory}/${from}${version}`;
      const name = `${from}.app.test`;
      const first = await opensslClient(port, { name }, version, ...args, "-sess_out", session);
      expect(first.status).toBe(200);
      for (const more of [[], credentials]) {
        const guarded = await opensslClient(
          port,
          { name: "guarded.app.test" },
          version,
          ...more,
          "-sess_in",
          session,
        );
        expect([from, version, guarded.status]).toEqual([from, version, undefined]);
      }
    }
  }
  expect(scene.untouched("guarded")).toBe(true);
  // What was open becomes guarded: the sessions of before are worth nothing.
  const text = await Bun.file(`${directory}/dynamic.json`).text();
  const changed = JSON.parse(text);
  changed.http.routers.open.tls = { options: "members" };
  await router.program.write("dynamic.json", JSON.stringify(changed));
  await waitFor("the reload", async () => {
    const { status } = await opensslClient(port, { name: "open.app.test" });
    return status === undefined;
  });
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const session = `${directory}/open${version}`;
    const again = await opensslClient(
      port,
      { name: "open.app.test" },
      version,
      "-sess_in",
      session,
    );
    expect([version, again.status]).toEqual([version, undefined]);
  }
});

test("a client without a required certificate gets the TLS library's alert, Deno's has none", async () => {
  const options = { default: mutual("RequireAndVerifyClientCert") };
  const dynamic = {
    http: { routers: { all: { rule: "PathPrefix(`/`)", service: "whoami@internal", tls: {} } } },
    tls: { options, certificates: [{ certFile: "server.pem", keyFile: "server.key" }] },
  };
  await using router = await startRouter({
    dynamic: "",
    provider: "    filename: dynamic.json",
    files: { ...FILES, "dynamic.json": JSON.stringify(dynamic) },
  });
  for (const [version, alert] of [
    ["-tls1_3", 116],
    ["-tls1_2", 40],
  ] as const) {
    const { text, status } = await opensslClient(router.port, { name: "open.app.test" }, version);
    expect(status).toBeUndefined();
    if (FLAVOUR !== "deno") expect(text).toContain(`SSL alert number ${alert}`);
  }
});
