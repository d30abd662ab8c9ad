import { expect } from "bun:test";
import { makeCertificate } from "../../support/certificates.ts";
import { curl } from "../../support/curl.ts";
import { FLAVOUR } from "../../support/flavour.ts";
import { get } from "../../support/http/get.ts";
import { type OpensslAnswer, opensslClient, opensslTalk } from "../../support/openssl-client.ts";
import { testWith } from "../../support/requires.ts";
import { forwardingTo, type Router, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { startTlsRelay, type TlsRecord } from "../../support/sockets/tls-relay.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("curl", "openssl");

const own = makeCertificate({ name: "own", names: ["DNS:app.test"] });
const other = makeCertificate({ name: "other", names: ["DNS:app.test"] });
const FILES = { "own.pem": own.certificate, "own.key": own.key };
const CERTIFICATES = "tls:\n  certificates: [{ certFile: own.pem, keyFile: own.key }]\n";
const VERSIONS = ["-tls1_2", "-tls1_3"] as const;
const SHORT =
  "    transport: { respondingTimeouts: { readTimeout: 400ms, idleTimeout: 400ms, writeTimeout: 1s } }";
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const REQUEST = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const LAST = "GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n";

async function before(web = "") {
  const upstream = startUpstream(answering(({ text }) => plain(`got ${text}`)));
  const router = await startRouter({
    workers: 1,
    dynamic:
      forwardingTo(upstream.url).replace("service:", "tls: {}\n      service:") + CERTIFICATES,
    files: FILES,
    web,
  });
  return {
    upstream,
    router,
    sockets: router.program.sockets(),
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]();
      upstream.stop();
    },
  };
}

/** Another client is served as if nothing were. */
async function expectServed(router: Router): Promise<void> {
  const { status, body } = await curl(`https://app.test:${router.port}/`, "-k");
  expect([status, body.trim()]).toEqual([200, "got"]);
}

/** The bytes that openssl begins with: a real ClientHello. */
async function clientHello(...args: string[]): Promise<Uint8Array> {
  using listening = startUpstream(() => {});
  const asking = opensslClient(listening.port, { name: "app.test" }, ...args);
  const connection = await listening.connection(0);
  const hello = await waitFor("a whole record", () => {
    const { waiting } = connection;
    const length = 5 + ((waiting[3] << 8) | waiting[4]);
    return waiting.length > 5 && waiting.length >= length && waiting.slice(0, length);
  });
  listening.stop();
  await asking;
  return hello;
}

const flipped = (bytes: Uint8Array, at: number) => {
  bytes[at] ^= 1;
  return bytes;
};

/** What a relay on the way may do to what a client sends. */
const TAMPERED: Record<string, (record: TlsRecord) => Uint8Array> = {
  nothing: ({ bytes }) => bytes,
  "a bit of the ClientHello's random": ({ index, bytes }) =>
    index === 0 ? flipped(bytes, 5 + 4 + 2 + 3) : bytes,
  "the last bit of what follows the ClientHello": ({ index, bytes }) =>
    index === 1 || index === 2 ? flipped(bytes, bytes.length - 1) : bytes,
  "a bit of the request": ({ bytes }) =>
    bytes[0] === APPLICATION_DATA && bytes.length > 5 + REQUEST.length
      ? flipped(bytes, bytes.length - 1)
      : bytes,
  "the type of a record": ({ index, bytes }) => {
    if (index === 2) bytes[0] = 99;
    return bytes;
  },
  "the length of a record": ({ index, bytes }) => {
    if (index === 2) bytes[3] = 0xff;
    return bytes;
  },
  "a record that comes twice": ({ index, bytes }) =>
    index === 3 || bytes.length > 5 + REQUEST.length * 2 ? Buffer.concat([bytes, bytes]) : bytes,
};

for (const version of VERSIONS) {
  test(`${version.slice(1)}: tampered records end their connection, and no request comes of them`, async () => {
    await using scene = await before();
    for (const [what, tamper] of Object.entries(TAMPERED)) {
      using relay = startTlsRelay(scene.router.port, (record) =>
        record.fromClient ? tamper(record) : record.bytes,
      );
      const requests = scene.upstream.requests.length;
      const answer: OpensslAnswer = await opensslClient(
        relay.port,
        { name: "app.test", input: `${REQUEST}${LAST}` },
        version,
      );
      const served = scene.upstream.requests.length - requests;
      const came = what === "nothing" || what === "a record that comes twice";
      if (!came) expect([what, answer.status]).toEqual([what, undefined]);
      // The record itself is good, once.
      else if (what === "nothing") expect([what, answer.status, served]).toEqual([what, 200, 2]);
      expect([what, served <= (came ? 2 : 0)]).toEqual([what, true]);
      await expectServed(scene.router);
    }
    await waitFor("no connection", () => scene.router.program.sockets() <= scene.sockets + 1);
  }, 60_000);
}

test("a client that stops in the handshake is let go after the readTimeout, wherever it stops", async () => {
  await using scene = await before(SHORT);
  const hello = await clientHello();
  const clients = await Promise.all(
    [1, 3, 5, 6, 40, hello.length - 1, hello.length].map(async (length) => {
      const client = await RawClient.connect(scene.router.port);
      await client.send(hello.subarray(0, length));
      return client;
    }),
  );
  for (const client of clients) {
    await client.ended();
    client.close();
  }
  // Its own flight back is all that a whole hello got.
  expect(clients.map(({ waiting }) => waiting.length > 0)).toEqual([...Array(6).fill(false), true]);
  await expectServed(scene.router);
  await waitFor("no connection", () => scene.router.program.sockets() <= scene.sockets + 1);
});

test("a client that leaves in the handshake leaves nothing behind", async () => {
  await using scene = await before();
  const hello = await clientHello();
  for (const leave of ["close", "reset", "halfClose"] as const) {
    for (const length of [3, 40, hello.length]) {
      using client = await RawClient.connect(scene.router.port);
      await client.send(hello.subarray(0, length));
      if (length === hello.length) await client.readBytes(100);
      client[leave]();
      await client.ended();
    }
  }
  await expectServed(scene.router);
  await waitFor("no connection", () => scene.router.program.sockets() <= scene.sockets + 1);
});

test("stalled handshakes by the hundred: little memory, others are served", async () => {
  await using scene = await before();
  await expectServed(scene.router);
  const { program, port } = scene.router;
  const rss = program.rss();
  const hello = await clientHello();
  const clients = await Promise.all(Array.from({ length: 500 }, () => RawClient.connect(port)));
  for (const [i, client] of clients.entries())
    client.offer(hello.subarray(0, i % 2 === 0 ? hello.length - 1 : hello.length));
  await waitFor("answers", () => clients.filter(({ waiting }) => waiting.length > 0).length >= 250);
  await expectServed(scene.router);
  expect(program.rss() - rss).toBeLessThan(150 * 1024 * 1024);
  for (const client of clients) client.reset();
  await waitFor("no connection", () => program.sockets() <= scene.sockets + 1);
});

test("a hello beyond the cap, in records of a byte, or in empty ones, is refused before it is whole", async () => {
  await using scene = await before();
  const record = (payload: Uint8Array, type = HANDSHAKE) =>
    Buffer.concat([Uint8Array.of(type, 3, 1, payload.length >> 8, payload.length & 255), payload]);
  // Its length says a megabyte, as far as it comes.
  const announced = Uint8Array.of(1, 0x10, 0, 0);
  const filling = record(new Uint8Array(16_384));
  const hello = (await clientHello()).subarray(5);
  const PIECES: Record<string, () => Generator<Uint8Array>> = {
    "a megabyte": function* () {
      yield record(announced);
      for (let i = 0; i < 64; i++) yield filling;
    },
    "a length that is a lie": function* () {
      yield record(Uint8Array.of(1, 0xff, 0xff, 0xff));
    },
    "empty records": function* () {
      for (let i = 0; i < 1000; i++) yield record(new Uint8Array(0));
    },
    "a record above 2^14 bytes": function* () {
      yield record(new Uint8Array(16_385));
    },
    "another message than a hello": function* () {
      yield record(Uint8Array.of(2, 0, 0, 1, 0));
    },
    "an alert in the middle": function* () {
      yield record(hello.subarray(0, 20));
      yield record(Uint8Array.of(2, 40), 21);
    },
    "plain text behind the beginning": function* () {
      yield record(hello.subarray(0, 20));
      yield Buffer.from(REQUEST);
    },
    "SSL 2": function* () {
      yield Uint8Array.of(0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80, 0x0d, 0x0a);
      yield Buffer.from("\r\n\r\n");
    },
  };
  for (const [what, pieces] of Object.entries(PIECES)) {
    using client = await RawClient.connect(scene.router.port);
    for (const piece of pieces()) client.offer(piece);
    await client.ended();
    expect([what, scene.upstream.requests.length]).toEqual([what, 0]);
  }
  // A good one in many small records is none of that.
  using client = await RawClient.connect(scene.router.port);
  for (const byte of hello) client.offer(record(Uint8Array.of(byte)));
  expect((await client.readBytes(5))[0]).toBe(HANDSHAKE);
  await expectServed(scene.router);
});

test("plain HTTP where only TLS routers are: 404, from HTTP/1.1 and HTTP/2, and nothing reaches the upstream", async () => {
  await using scene = await before();
  const { port } = scene.router;
  expect((await get(port)).status).toBe(404);
  const second = await curl(`http://app.test:${port}/`, "--http2-prior-knowledge");
  expect([second.status, second.version]).toEqual([404, "2"]);
  expect(scene.upstream.connections).toEqual([]);
});

test("versions that aren't spoken, and suites that nobody shares, fail the handshake with an alert", async () => {
  await using scene = await before();
  const lax = ["-cipher", "DEFAULT:@SECLEVEL=0"];
  for (const args of [
    ["-tls1", ...lax],
    ["-tls1_1", ...lax],
    ["-tls1_2", "-cipher", "DHE-RSA-AES128-SHA"],
    ["-tls1_3", "-curves", "ffdhe2048"],
  ]) {
    const { status, text } = await opensslClient(scene.router.port, { name: "app.test" }, ...args);
    expect([args[0], status]).toEqual([args[0], undefined]);
    // Deno's TLS library says nothing about versions that it doesn't know.
    const said = FLAVOUR === "deno" || /alert|wrong version|no protocols/i.test(text);
    expect([args[0], said]).toEqual([args[0], true]);
  }
  await expectServed(scene.router);
});

test("renegotiations end the connection; many don't cost others theirs", async () => {
  await using scene = await before();
  for (let i = 0; i < 3; i++) {
    await using client = opensslTalk(scene.router.port, "app.test", "-tls1_2");
    client.write(REQUEST);
    await client.said(/HTTP\/1\.1 200 /);
    client.write("R\n");
    expect(await client.exited).not.toBe(0);
  }
  await expectServed(scene.router);
  await waitFor("no connection", () => scene.router.program.sockets() <= scene.sockets + 1);
});

for (const version of VERSIONS) {
  test(`${version.slice(1)}: an end without close_notify in an upload is no end of the request`, async () => {
    await using scene = await before();
    using relay = startTlsRelay(scene.router.port, ({ bytes }) => bytes);
    await using client = opensslTalk(relay.port, "app.test", version);
    client.write(
      "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
    );
    const upstream = await scene.upstream.connection(0);
    await upstream.readUntil("part");
    relay.cut();
    await upstream.ended();
    expect(scene.upstream.requests).toEqual([]);
    await waitFor("no connection", () => scene.router.program.sockets() <= scene.sockets);
  });
}

const MISMATCH = /key|match|certificate/i;

test("a certificate and a key that don't fit: said at the start, the default certificate serves", async () => {
  await using router = await startRouter({
    workers: 1,
    dynamic: `http:\n  routers:\n    all: { rule: "PathPrefix(\`/\`)", service: whoami@internal, tls: {} }\n${CERTIFICATES}`,
    files: { ...FILES, "own.key": other.key },
  });
  await router.program.logged(/own\.pem/);
  expect(router.program.log).toMatch(MISMATCH);
  const answer = await opensslClient(router.port, { name: "app.test" });
  expect([answer.subject, answer.status]).toEqual(["TRAEFIK DEFAULT CERT", 200]);
  // Once they fit they serve.
  await router.program.write("own.key", own.key);
  await waitFor("the certificate", async () => {
    return (await opensslClient(router.port, { name: "app.test" })).subject === "own";
  });
});

test("a certificate and a key that don't fit on a reload: the one before goes on serving", async () => {
  await using scene = await before();
  const { program, port } = scene.router;
  const subject = async () => (await opensslClient(port, { name: "app.test" })).subject;
  expect(await subject()).toBe("own");
  for (const [file, text] of [
    ["own.pem", other.certificate],
    ["own.pem", "nonsense"],
    ["own.pem", ""],
    ["own.pem", own.certificate.slice(0, -200)],
  ] as const) {
    const said = program.log.length;
    await program.write(file, text);
    await waitFor("a word about it", () => /own\.pem/.test(program.log.slice(said)));
    expect(await subject()).toBe("own");
  }
  // A reload of something else doesn't change that.
  const { url } = scene.upstream;
  await scene.router.reconfigure(
    forwardingTo(url, url).replace("service:", "tls: {}\n      service:") + CERTIFICATES,
  );
  await expectServed(scene.router);
  expect(await subject()).toBe("own");
  await program.write("own.key", other.key);
  await program.write("own.pem", other.certificate);
  await waitFor("the new one", async () => (await subject()) === "other");
});
