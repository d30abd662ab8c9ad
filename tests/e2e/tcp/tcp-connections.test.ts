import { expect } from "bun:test";
import { createServer as tcpServer } from "node:net";
import { TLSSocket } from "node:tls";
import { makeCertificate } from "../../support/certificates.ts";
import type { Program } from "../../support/program.ts";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { type RecordingUpstream, startUpstream } from "../../support/sockets/recording-upstream.ts";
import { greeter, startTls, tcp, to } from "../../support/sockets/tcp-scene.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("openssl");

const ALL = "    all: { rule: HostSNI(`*`), service: s }\n";

/** All connections go to a service of these servers, by a transport with these keys. */
const via = (transport: string, ...servers: string[]) =>
  tcp(
    ALL,
    `    s: { loadBalancer: { serversTransport: t, servers: [${servers.join(", ")}] } }\n`,
    `  serversTransports:\n    t: ${transport}\n`,
  );

/** The server's end of the connection on which it got that text; the look for the port had others. */
const whoSaid = (server: RecordingUpstream, text: string) =>
  waitFor(`the server to get ${text}`, () =>
    server.connections.find((_, i) => server.received[i].includes(text)),
  );

const at = (port: number, more = "") => `{ address: "127.0.0.1:${port}"${more} }`;

test("a server's FIN reaches the client, who may go on", async () => {
  using server = startUpstream(async (connection) => {
    await connection.send("that was all");
    connection.halfClose();
    await connection.readUntil("thanks").catch(() => {});
  });
  await using router = await startRouter({
    dynamic: via("{ terminationDelay: 20s }", at(server.port)),
  });
  using client = await router.client();
  expect(await client.readToEnd()).toBe("that was all");
  await client.send("tha");
  await client.send("nks");
  client.halfClose();
  const connection = await whoSaid(server, "thanks");
  expect(await connection.ended()).toBe("fin");
});

test("once one side is done the other has the terminationDelay, and then it is over for both", async () => {
  using server = startUpstream(async (connection) => {
    await connection.readToEnd();
    // And never a word.
  });
  await using router = await startRouter({ dynamic: tcp(ALL, to("s", server.port)) });
  const before = router.program.sockets();
  using client = await router.client();
  await client.send("question");
  client.halfClose();
  expect(await client.readToEnd()).toBe("");
  await whoSaid(server, "question");
  await waitFor("the program to have closed both", () => router.program.sockets() <= before);
});

test("a negative terminationDelay is as long as the other side likes", async () => {
  const gate = Promise.withResolvers<void>();
  using server = startUpstream(async (connection) => {
    await connection.readToEnd();
    await gate.promise;
    await connection.send("at last");
    connection.halfClose();
  });
  await using router = await startRouter({
    dynamic: via("{ terminationDelay: -1s }", at(server.port)),
  });
  using client = await router.client();
  await client.send("question");
  client.halfClose();
  expect(await (await whoSaid(server, "question")).ended()).toBe("fin");
  // Far longer than the default.
  await Bun.sleep(1200);
  gate.resolve();
  expect(await client.readToEnd()).toBe("at last");
});

test("a reset reaches the other side as one, both ways", async () => {
  using server = startUpstream(async (connection) => {
    if ((await connection.readUntil("\n")) === "reset me\n") connection.reset();
  });
  await using router = await startRouter({ dynamic: tcp(ALL, to("s", server.port)) });
  const first = await router.client();
  await first.send("hello\n");
  const connection = await whoSaid(server, "hello");
  first.reset();
  expect(await connection.ended()).toBe("reset");
  using second = await router.client();
  await second.send("reset me\n");
  expect(await second.ended()).toBe("reset");
});

test("a server that can't be reached costs its client the connection; the next one gets the next server", async () => {
  using server = greeter("up");
  const dead = await freePort();
  await using router = await startRouter({
    // Each worker has turns of its own.
    workers: 1,
    dynamic: tcp(ALL, to("s", dead, server.port)),
  });
  const heard: string[] = [];
  for (let i = 0; i < 4; i++) {
    using client = await router.client();
    client.halfClose();
    heard.push(await client.readToEnd());
  }
  expect(heard.filter((text) => text === "")).toHaveLength(2);
  expect(heard.filter((text) => text === "up\n")).toHaveLength(2);
  await router.program.logged(new RegExp(`Error while dialing the server.*127.0.0.1:${dead}`));
});

test("a server that doesn't answer the dial is given up at the dialTimeout", async () => {
  // A TCP server that never answers a ClientHello: the handshake belongs to the dial.
  using server = startUpstream(async (connection) => void (await connection.readToEnd()));
  await using router = await startRouter({
    dynamic: via("{ dialTimeout: 300ms }", at(server.port, ", tls: true")),
  });
  using client = await router.client();
  expect(await client.readToEnd()).toBe("");
  await router.program.logged(/no connection within the dialTimeout/);
  await waitFor(
    "the dial to be taken back",
    () => server.connections.length > 0 && server.open === 0,
  );
});

test("a server that fails its checks gets nothing until it answers as expected again", async () => {
  let well = true;
  const answering = (name: string, isWell: () => boolean) =>
    startUpstream(async (connection) => {
      const text = await connection.readUntil("\n");
      if (text === "PING\n") await connection.send(isWell() ? "PONG\n" : "LOADING\n");
      else await connection.send(`${name}\n`);
      connection.halfClose();
    });
  using steady = answering("steady", () => true);
  using moody = answering("moody", () => well);
  await using router = await startRouter({
    workers: 1,
    dynamic: tcp(
      ALL,
      `    s:
      loadBalancer:
        servers: [${at(steady.port)}, ${at(moody.port)}]
        healthCheck: { send: "PING\\n", expect: "PONG", interval: 100ms, unhealthyInterval: 50ms, timeout: 5s }
`,
    ),
    static: "log:\n  level: WARN\n",
  });
  const ask = async () => {
    using client = await router.client();
    await client.send("who?\n");
    return (await client.readUntil("\n")).trim();
  };
  const twice = async () => [await ask(), await ask()].sort().join();
  expect(await twice()).toBe("moody,steady");
  well = false;
  await router.program.logged(/Health check failed: the server is down/);
  expect([await twice(), await twice()]).toEqual(["steady,steady", "steady,steady"]);
  well = true;
  await waitFor("both to be asked again", async () => (await twice()) === "moody,steady");
});

for (const version of [1, 2]) {
  test(`PROXY protocol in and version ${version} out: the server hears of the first client`, async () => {
    using server = startUpstream(async (connection) => void (await connection.readToEnd()));
    await using router = await startRouter({
      web: "    proxyProtocol: { trustedIPs: [127.0.0.1] }",
      dynamic: via(`{ proxyProtocol: { version: ${version} } }`, at(server.port)),
    });
    using client = await router.client();
    const header = "PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n";
    await client.sendSegmented(`${header}data`, 1, 1);
    await whoSaid(server, "data");
    const addresses = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0";
    expect(server.received.at(-1)).toBe(
      version === 1
        ? `${header}data`
        : `\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24${addresses}\x07${addresses}\x01\x12\x67\x01\xbbdata`,
    );
  });
}

const ca = makeCertificate({ name: "Sluice Test CA", ca: true });
const back = makeCertificate({ name: "back", names: ["DNS:back.test"], issuer: ca });
const BACK = { cert: back.certificate, key: back.key };
const member = makeCertificate({ name: "member", issuer: ca });
const stranger = makeCertificate({ name: "stranger" });
const FILES = {
  "ca.pem": ca.certificate,
  "member.pem": member.certificate,
  "member.key": member.key,
  "stranger.pem": stranger.certificate,
  "stranger.key": stranger.key,
};

/** What comes first: the server's name, or nothing where it couldn't be reached. */
async function firstWord(port: number): Promise<string> {
  using client = await RawClient.connect(port);
  return (await client.readUntil("\n").catch(() => "")).trim();
}

for (const [what, tls, expected] of [
  ["serverName and rootCAs", "{ serverName: back.test, rootCAs: [ca.pem] }", "secured"],
  ["another serverName than the certificate's", "{ serverName: a.test, rootCAs: [ca.pem] }", ""],
  ["the address, which the certificate doesn't have", "{ rootCAs: [ca.pem] }", ""],
  ["an unknown CA", "{ serverName: back.test }", ""],
  ["an unknown CA and insecureSkipVerify", "{ insecureSkipVerify: true }", "secured"],
] as const) {
  test(`TLS to a server, with ${what}: ${expected === "" ? "refused" : "joined"}`, async () => {
    using server = await startTls("secured", BACK);
    await using router = await startRouter({
      dynamic: via(`{ tls: ${tls} }`, at(server.port, ", tls: true")),
      files: FILES,
    });
    expect(await firstWord(router.port)).toBe(expected);
    if (expected === "") await router.program.logged(/Error while dialing the server/);
  });
}

test("the static configuration's tcpServersTransport is for services that name none", async () => {
  using server = await startTls("secured", BACK);
  const servers = (more: string) =>
    `    s: { loadBalancer: { servers: [${at(server.port, ", tls: true")}]${more} } }\n`;
  const own = "  serversTransports:\n    own: { tls: { serverName: back.test } }\n";
  await using router = await startRouter({
    static: "tcpServersTransport:\n  tls: { rootCAs: [ca.pem], insecureSkipVerify: true }\n",
    dynamic: tcp(ALL, servers("")),
    files: FILES,
  });
  expect(await firstWord(router.port)).toBe("secured");
  await router.reconfigure(tcp(ALL, servers(", serversTransport: own"), own));
  await waitFor("its own to count", async () => (await firstWord(router.port)) === "");
});

test("client certificates reach a server that asks for one", async () => {
  using server = await startTls("member", { ...BACK, ca: ca.certificate, requestCert: true });
  const dynamic = (name: string) =>
    via(
      `{ tls: { serverName: back.test, rootCAs: [ca.pem], certificates: [{ certFile: ${name}.pem, keyFile: ${name}.key }] } }`,
      at(server.port, ", tls: true"),
    );
  await using router = await startRouter({ dynamic: dynamic("member"), files: FILES });
  expect(await firstWord(router.port)).toBe("member");
  await router.reconfigure(dynamic("stranger"));
  await waitFor("the stranger to be refused", async () => (await firstWord(router.port)) === "");
});

test("a server with TLS hears of the client before the handshake, as HAProxy and Traefik say it", async () => {
  const heads: string[] = [];
  const server = tcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (chunk: Buffer) => {
      socket.pause();
      const end = chunk.indexOf("\r\n") + 2;
      heads.push(chunk.subarray(0, end).toString("latin1"));
      if (end < chunk.length) socket.unshift(chunk.subarray(end));
      const secured = new TLSSocket(socket, { ...BACK, isServer: true });
      secured.on("error", () => {});
      secured.write("secured\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await using router = await startRouter({
    dynamic: via(
      "{ proxyProtocol: { version: 1 }, tls: { insecureSkipVerify: true } }",
      at(port, ", tls: true"),
    ),
  });
  expect(await firstWord(router.port)).toBe("secured");
  expect(heads.at(-1)).toMatch(
    new RegExp(`^PROXY TCP4 127\\.0\\.0\\.1 127\\.0\\.0\\.1 \\d+ ${router.port}\r\n$`),
  );
  server.close();
});

/** Connections that the program has joined survive these; each echoes what is said. */
async function speaks(client: RawClient, text: string): Promise<void> {
  await client.send(text);
  expect(await client.readUntil(text)).toBe(text);
}

/** Echoes at once. */
const echo = () =>
  startUpstream(async (connection) => {
    for (;;) await connection.send(await connection.readBytes(1, 60_000));
  });

const refusesConnections = (port: number, program: Program) =>
  waitFor("new connections to be refused", async () => {
    if (program.exitCode !== null) return true;
    try {
      (await RawClient.connect(port)).reset();
      return false;
    } catch {
      return true;
    }
  });

test("a shutdown waits for TCP connections, and ends with the last one", async () => {
  using server = echo();
  await using router = await startRouter({
    dynamic: tcp(ALL, to("s", server.port)),
    web: "    transport: {lifeCycle: {graceTimeOut: 10m}}",
  });
  using client = await router.client();
  await speaks(client, "before");
  router.program.signal("SIGTERM");
  await refusesConnections(router.port, router.program);
  await speaks(client, "during");
  expect(router.program.exitCode).toBeNull();
  client.close();
  expect(await router.program.exited()).toBe(0);
});

test("a shutdown whose graceTimeOut is over cuts TCP connections on both sides", async () => {
  using server = echo();
  await using router = await startRouter({
    dynamic: tcp(ALL, to("s", server.port)),
    web: "    transport: {lifeCycle: {graceTimeOut: 200ms}}",
  });
  using client = await router.client();
  await speaks(client, "before");
  await whoSaid(server, "before");
  router.program.signal("SIGTERM");
  expect(await client.ended()).toBe("reset");
  expect(await router.program.exited()).toBe(0);
  await waitFor("the server's side", () => server.open === 0);
});

test("established connections outlast reloads, even of all that they came by", async () => {
  using old = echo();
  using young = greeter("young");
  await using router = await startRouter({ dynamic: tcp(ALL, to("s", old.port)) });
  using client = await router.client();
  await speaks(client, "one");
  await router.reconfigure(tcp(ALL, to("s", young.port)));
  await waitFor("new connections to go elsewhere", async () => {
    using other = await router.client();
    other.halfClose();
    return (await other.readToEnd()) === "young\n";
  });
  await speaks(client, "two");
  await router.reconfigure(
    "http:\n  routers:\n    other: { rule: Host(`other.test`), service: whoami@internal }\n",
  );
  await waitFor("the router to be gone", async () => {
    using other = await router.client();
    await other.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    return (await other.response("GET", 500).catch(() => undefined))?.status === 404;
  });
  await speaks(client, "three");
  expect(old.received.filter((text) => text.includes("onetwothree"))).toHaveLength(1);
});
