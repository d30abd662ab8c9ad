import { expect } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import { TLSSocket, connect as tlsConnect } from "node:tls";
import { makeCertificate } from "../../support/certificates.ts";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { greeter, startTls, tcp, to } from "../../support/sockets/tcp-scene.ts";
import { waitFor } from "../../support/wait-for.ts";
import { hello, protocols, serverNames } from "../../unit/net/make-client-hello.ts";

const test = testWith("openssl");

const front = makeCertificate({ name: "front", names: ["DNS:*.test"] });
const back = makeCertificate({ name: "back", names: ["DNS:*.test"] });
const FILES = { "front.pem": front.certificate, "front.key": front.key };
const BACK = { cert: back.certificate, key: back.key };
const TLS = "tls:\n  certificates: [{ certFile: front.pem, keyFile: front.key }]\n";

/**
 * Whose certificate a TLS connection for that name gets, and who answers: HTTP with its status, or a
 * TCP server with what it says first.
 */
function whoAnswers(port: number, servername: string, ALPNProtocols?: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols };
    const socket = tlsConnect(servername === "" ? options : { ...options, servername });
    let received = "";
    let subject = "";
    socket.setTimeout(10_000, () => socket.destroy(new Error(`nothing more than ${received}`)));
    socket.on("secureConnect", () => {
      subject = String(socket.getPeerCertificate().subject.CN);
      socket.write(
        `GET / HTTP/1.1\r\nHost: ${servername || "a.test"}\r\nConnection: close\r\n\r\n`,
      );
    });
    socket.on("data", (chunk) => {
      received += String(chunk);
      if (!received.includes("\n")) return;
      const [line] = received.split("\n");
      const status = /^HTTP\/1.1 (\d+)/.exec(line)?.[1];
      resolve(`${subject}: ${status ?? line}`);
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed")));
  });
}

test("on one port TLS goes the way that Traefik sends it", async () => {
  using through = await startTls("through", BACK);
  using ended = greeter("ended");
  const tcpPart = (catchAll: string) =>
    tcp(
      `    through: { rule: "HostSNI(\`both.test\`) || HostSNI(\`tcp.test\`)", service: t, tls: { passthrough: true } }
    special: { rule: "HostSNI(\`*\`) && ALPN(\`special\`)", service: t, tls: { passthrough: true } }
    broken: { rule: "HostSNI(\`broken.test\`)", service: t, tls: { options: nowhere } }
${catchAll}`,
      to("t", through.port) + to("e", ended.port),
    );
  const web = (rule: string) =>
    `http:\n  routers:\n    web: { rule: "${rule}", service: whoami@internal, tls: {} }\n`;
  const HOSTS = "Host(`both.test`) || Host(`a.test`)";
  const CATCH_ALL = "    ended: { rule: HostSNI(`*`), service: e, tls: {} }\n";
  await using router = await startRouter({
    dynamic: `${web(HOSTS)}${tcpPart(CATCH_ALL)}${TLS}`,
    files: FILES,
  });
  const ask = (name: string, alpn?: string[]) =>
    whoAnswers(router.port, name, alpn).catch((error: Error) => error.message);
  // A host of HTTPS, a host of TCP, TCP's catch-all.
  expect(await ask("both.test")).toBe("front: 200");
  expect(await ask("tcp.test")).toBe("back: through");
  expect(await ask("other.test")).toBe("front: ended");
  expect(await ask("")).toBe("TRAEFIK DEFAULT CERT: ended");
  expect(await ask("other.test", ["special"])).toBe("back: through");
  // HTTPS hosts go before TCP rules of whatever length.
  expect(await ask("both.test", ["special", "http/1.1"])).toBe("front: 200");
  // Closed without a handshake, so without anybody's certificate.
  expect(await ask("broken.test")).not.toMatch(/^(front|back|TRAEFIK)/);

  // HTTPS for all hosts goes behind TCP's hosts and before its catch-all.
  await router.reconfigure(`${web("PathPrefix(`/`)")}${tcpPart(CATCH_ALL)}${TLS}`);
  await waitFor("HTTPS for all", async () => (await ask("other.test")) === "front: 200");
  expect(await ask("both.test")).toBe("back: through");
  expect(await ask("other.test", ["special"])).toBe("back: through");

  // Without any of them HTTPS answers that there is nothing.
  await router.reconfigure(`${web(HOSTS)}${tcpPart("")}${TLS}`);
  await waitFor("nobody for others", async () => (await ask("other.test")) === "front: 404");
});

test("without TLS a TCP router goes before HTTP, unless it doesn't match", async () => {
  using server = greeter("tcp");
  const dynamic = (rule: string) =>
    `http:\n  routers:\n    web: { rule: PathPrefix(\`/\`), service: whoami@internal }\n${tcp(
      `    all: { rule: "${rule}", service: s }\n`,
      to("s", server.port),
    )}`;
  await using router = await startRouter({
    dynamic: dynamic("HostSNI(`*`)"),
    web: "    proxyProtocol: { insecure: true }",
  });
  const ask = async (header = "") => {
    using client = await router.client();
    await client.send(`${header}GET / HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    return (await client.readUntil("\n")).trim();
  };
  expect(await ask()).toBe("tcp");
  await router.reconfigure(dynamic("ClientIP(`198.51.100.0/24`)"));
  await waitFor("HTTP for others", async () => (await ask()) === "HTTP/1.1 200 OK");
  expect(await ask("PROXY TCP4 198.51.100.1 192.0.2.1 1 2\r\n")).toBe("tcp");
});

test("a server that speaks first does so where nothing but plain TCP can come, HTTP or not", async () => {
  using smtp = greeter("220 smtp.test ready");
  const http = "http:\n  routers:\n    web: { rule: Host(`a.test`), service: whoami@internal }\n";
  const routers = "    all: { rule: HostSNI(`*`), service: s }\n";
  const secured = "    tls: { rule: HostSNI(`a.test`), service: s, tls: {} }\n";
  await using router = await startRouter({
    dynamic: `${http}${tcp(routers, to("s", smtp.port))}`,
  });
  {
    using client = await router.client();
    expect(await client.readUntil("\n")).toBe("220 smtp.test ready\n");
  }
  // With TLS beside it the client has to say something; a part of a word is enough.
  await router.reconfigure(`${http}${tcp(routers + secured, to("s", smtp.port))}`);
  const silent = await waitFor("the client to be waited for", async () => {
    const client = await router.client();
    const banner = await client.readUntil("\n", 300).catch(() => null);
    if (banner === null) return client;
    client.reset();
    return false;
  });
  await silent.send("EH");
  expect(await silent.readUntil("\n")).toBe("220 smtp.test ready\n");
  await silent.send("LO me");
  silent.halfClose();
  expect(await silent.readToEnd()).toBe("EHLO me");
});

/** Passes connections on, the first `count` bytes of the client each in a segment of its own. */
async function inPieces(port: number, count: number) {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
    let left = count;
    let queue = Promise.resolve();
    client.on("data", (chunk: Buffer) => {
      queue = queue.then(async () => {
        let at = 0;
        for (; at < chunk.length && left > 0; at++, left--) {
          upstream.write(chunk.subarray(at, at + 1));
          await Bun.sleep(1);
        }
        if (at < chunk.length) upstream.write(chunk.subarray(at));
      });
    });
    upstream.pipe(client);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as { port: number };
  return { port: address.port, [Symbol.dispose]: () => void server.close() };
}

test("a ClientHello that comes byte by byte finds its router, and nothing of it is lost", async () => {
  using through = await startTls("through", BACK);
  using ended = greeter("ended");
  using recorded = startUpstream(async (connection) => void (await connection.readToEnd()));
  await using router = await startRouter({
    dynamic: `http:
  routers:
    web: { rule: Host(\`web.test\`), service: whoami@internal, tls: {} }
${tcp(
  `    through: { rule: HostSNI(\`through.test\`), service: t, tls: { passthrough: true } }
    recorded: { rule: HostSNI(\`recorded.test\`), service: r, tls: { passthrough: true } }
    ended: { rule: HostSNI(\`ended.test\`), service: e, tls: {} }
`,
  to("t", through.port) + to("e", ended.port) + to("r", recorded.port),
)}${TLS}`,
    files: FILES,
  });
  using pieces = await inPieces(router.port, 700);
  expect(await whoAnswers(pieces.port, "through.test")).toBe("back: through");
  expect(await whoAnswers(pieces.port, "ended.test")).toBe("front: ended");
  expect(await whoAnswers(pieces.port, "web.test")).toBe("front: 200");

  const bytes = hello({ extensions: [serverNames("recorded.test"), protocols("x")] });
  using client = await router.client();
  await client.sendSegmented(bytes, 1, 1);
  await client.send("and more");
  const expected = `${Buffer.from(bytes).toString("latin1")}and more`;
  await waitFor("every byte", () => recorded.received[0]?.length === expected.length);
  expect(recorded.received[0]).toBe(expected);
});

const STARTTLS = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/** A PostgreSQL client's way to TLS; what the server then says, with the certificate's name. */
async function postgres(port: number, servername: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.setTimeout(10_000, () => socket.destroy(new Error("nothing more")));
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.write(STARTTLS);
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once("data", resolve as (chunk: unknown) => void);
    socket.once("error", reject);
  });
  socket.pause();
  if (answer.toString("latin1") !== "S") throw new Error(`the answer ${answer.toString()}`);
  return new Promise((resolve, reject) => {
    const secured = tlsConnect({ socket, servername, rejectUnauthorized: false });
    secured.on("secureConnect", () => secured.write("startup\n"));
    secured.on("data", (chunk) => {
      resolve(`${secured.getPeerCertificate().subject.CN}: ${String(chunk).trim()}`);
      secured.destroy();
    });
    secured.on("error", reject);
    secured.on("close", () => reject(new Error("closed")));
  });
}

test("PostgreSQL over STARTTLS, passed through and terminated; nobody's name is closed", async () => {
  const asked: string[] = [];
  const database = createServer((socket: Socket) => {
    socket.on("error", () => {});
    socket.once("data", (chunk: Buffer) => {
      asked.push(chunk.toString("hex"));
      socket.pause();
      socket.write(database.refuses ? "N" : "S");
      const secured = new TLSSocket(socket, { ...BACK, isServer: true });
      secured.on("error", () => {});
      secured.once("data", (startup) => secured.write(`database got ${startup}`));
    });
  }) as ReturnType<typeof createServer> & { refuses: boolean };
  database.refuses = false;
  await new Promise<void>((resolve) => database.listen(0, "127.0.0.1", resolve));
  const { port } = database.address() as { port: number };
  using plain = startUpstream(async (connection) => {
    await connection.send(`plain got ${await connection.readUntil("\n")}`);
  });
  await using router = await startRouter({
    dynamic: `http:
  routers:
    web: { rule: Host(\`db.test\`), service: whoami@internal, tls: {} }
${tcp(
  `    through: { rule: HostSNI(\`db.test\`), service: d, tls: { passthrough: true } }
    ended: { rule: HostSNI(\`ended.test\`), service: p, tls: {} }
`,
  to("d", port) + to("p", plain.port),
)}${TLS}`,
    files: FILES,
  });
  // Though HTTPS has a router of that name.
  expect(await postgres(router.port, "db.test")).toBe("back: database got startup");
  expect(asked).toEqual([Buffer.from(STARTTLS).toString("hex")]);
  expect(await postgres(router.port, "ended.test")).toBe("front: plain got startup");
  await expect(postgres(router.port, "nobody.test")).rejects.toThrow();
  // A server that wants no TLS ends it: the client was told that there is some.
  database.refuses = true;
  await expect(postgres(router.port, "db.test")).rejects.toThrow();
  database.close();
});

test("who says too little is closed at the readTimeout; TCP connections live on", async () => {
  using server = greeter("tcp");
  await using router = await startRouter({
    dynamic: tcp(
      "    all: { rule: HostSNI(`*`), service: s }\n    tls: { rule: HostSNI(`a.test`), service: s, tls: {} }\n",
      to("s", server.port),
    ),
    web: "    transport: { respondingTimeouts: { readTimeout: 500ms } }",
  });
  using joined = await router.client();
  await joined.send("hello ");
  expect(await joined.readUntil("\n")).toBe("tcp\n");
  const bytes = hello({ extensions: [serverNames("a.test")] });
  for (const first of ["", bytes.subarray(0, 40), STARTTLS.subarray(0, 5), STARTTLS]) {
    using client = await RawClient.connect(router.port);
    if (first.length > 0) await client.send(first);
    const said = await client.readToEnd();
    expect(said).toBe(first === STARTTLS ? "S" : "");
  }
  await joined.send("again");
  joined.halfClose();
  expect(await joined.readToEnd()).toBe("hello again");
});
