import { afterAll, afterEach, expect, test } from "bun:test";
import { createServer as createHttp1 } from "node:http";
import { createSecureServer, type SecureServerOptions } from "node:http2";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Server } from "node:net";
import type { TLSSocket } from "node:tls";
import { makeCertificate } from "../../support/certificates.ts";
import { UpstreamScene } from "../../support/sockets/upstream-scene.ts";
import { waitFor } from "../../support/wait-for.ts";

const ca = makeCertificate({ name: "CA", ca: true });
const otherCa = makeCertificate({ name: "Other CA", ca: true });
const server = makeCertificate({
  names: ["DNS:backend.test", "IP:127.0.0.1", "URI:spiffe://test/backend"],
  issuer: ca,
});
const client = makeCertificate({ name: "client", issuer: ca });

const TRUST = { rootCAs: [ca.certificate] };
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

type Options = ConstructorParameters<typeof UpstreamScene>[1];

async function listening(listener: Server): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => listener.close());
  return (listener.address() as AddressInfo).port;
}

function sceneOf(url: string, options?: Options): UpstreamScene {
  const scene = new UpstreamScene(url, options);
  cleanups.push(() => scene.close());
  return scene;
}

/** A server with TLS that speaks HTTP/2 and HTTP/1.1 and says what it sees. */
async function secure(options: SecureServerOptions = {}) {
  let connections = 0;
  const listener = createSecureServer(
    { cert: server.certificate, key: server.key, allowHTTP1: true, ...options },
    (request, response) => {
      const socket = (request.stream?.session?.socket ?? request.socket) as TLSSocket;
      const peer = socket.getPeerCertificate();
      response.end(
        [request.httpVersion, socket.servername || "-", peer?.subject?.CN ?? "-"].join(" "),
      );
    },
  );
  listener.on("secureConnection", () => connections++);
  const port = await listening(listener as unknown as Server);
  return {
    url: `https://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
  };
}

test("ALPN chooses HTTP/2, all calls on one connection; the name is the URL's, not the client's", async () => {
  const bed = await secure();
  const scene = sceneOf(bed.url, { tls: { ...TRUST, serverName: "backend.test" } });
  const answers = await Promise.all(Array.from({ length: 5 }, () => scene.text()));
  expect(answers).toEqual(Array(5).fill("200 2.0 backend.test -"));
  expect(bed.connections).toBe(1);
});

test("an address is no server name, and is what the certificate is checked against", async () => {
  const bed = await secure();
  expect(await sceneOf(bed.url, { tls: TRUST }).text()).toBe("200 2.0 - -");
});

test("disableHTTP2 leaves HTTP/1.1", async () => {
  const bed = await secure();
  const scene = sceneOf(bed.url, { tls: TRUST, http2: false });
  expect(await scene.text()).toBe("200 1.1 - -");
  expect([scene.pool.idleCount, scene.pool.sessionCount]).toEqual([1, 0]);
});

test("a server without HTTP/2: the first handshake tells, then calls go side by side", async () => {
  let open = 0;
  let most = 0;
  const listener = createHttps(
    { cert: server.certificate, key: server.key },
    async (_, response) => {
      most = Math.max(most, ++open);
      await waitFor("all requests at once", () => most === 5);
      response.end("here");
    },
  );
  const scene = sceneOf(`https://127.0.0.1:${await listening(listener)}`, { tls: TRUST });
  const answers = await Promise.all(Array.from({ length: 5 }, () => scene.text()));
  expect(answers).toEqual(Array(5).fill("200 here"));
  expect(scene.pool.idleCount).toBe(5);
});

test("upgrades go over HTTP/1.1, with TLS and with h2c", async () => {
  const upgrading = <T extends Server>(listener: T) =>
    listener.on("upgrade", (_, socket) => {
      socket.on("error", () => {});
      socket.end(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
      );
    });
  const secured = upgrading(createHttps({ cert: server.certificate, key: server.key }));
  const plain = upgrading(createHttp1());
  for (const url of [
    `https://127.0.0.1:${await listening(secured)}`,
    `h2c://127.0.0.1:${await listening(plain)}`,
  ]) {
    const scene = sceneOf(url, { tls: TRUST });
    const response = await scene.ask({ upgrade: "echo", headers: [["Connection", "Upgrade"]] });
    expect([response.status, response.tunnel?.protocol]).toEqual([101, "echo"]);
    response.tunnel!.connection.reset();
    expect(scene.pool.sessionCount).toBe(0);
  }
});

test("a client certificate is shown to servers that ask", async () => {
  const bed = await secure({ requestCert: true, rejectUnauthorized: true, ca: ca.certificate });
  const keyPair = { certificate: client.certificate, privateKey: client.key };
  expect(await sceneOf(bed.url, { tls: { ...TRUST, keyPair } }).text()).toBe("200 2.0 - client");
  expect(await sceneOf(bed.url, { tls: TRUST }).text()).not.toStartWith("200");
});

test("whoever isn't trusted is not spoken to", async () => {
  const bed = await secure();
  const port = bed.url.slice(bed.url.lastIndexOf(":") + 1);
  const failures = [
    {},
    { rootCAs: [otherCa.certificate] },
    { ...TRUST, serverName: "other.test" },
    { ...TRUST, peerUri: "spiffe://test/other" },
  ];
  for (const tls of failures) {
    const answer = await sceneOf(bed.url, { tls }).text();
    expect(answer).toStartWith(`connect-failed: connect 127.0.0.1:${port}: `);
  }
  for (const tls of [{ verify: false }, { ...TRUST, peerUri: "spiffe://test/backend" }]) {
    expect(await sceneOf(bed.url, { tls }).text()).toStartWith("200 2.0");
  }
});

test("versions without an overlap", async () => {
  const bed = await secure({ maxVersion: "TLSv1.2" });
  expect(await sceneOf(bed.url, { tls: TRUST }).text()).toStartWith("200");
  const strict = sceneOf(bed.url, { tls: { ...TRUST, minVersion: "1.3" } });
  expect(await strict.text()).toStartWith("connect-failed: ");
});

test("the handshake counts to the dialTimeout", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  afterAll(() => silent.stop(true));
  const scene = sceneOf(`https://127.0.0.1:${silent.port}`, { dialTimeout: 50 });
  const answers: string[] = await Promise.all([scene.text(), scene.text()]);
  expect(answers).toEqual(
    Array(2).fill(
      `connect-timeout: connect 127.0.0.1:${silent.port}: no connection within the dialTimeout`,
    ),
  );
});
