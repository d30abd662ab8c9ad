import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { nodeHttpClient } from "../../../runtime/node/clients/http-client.ts";
import { textOf } from "../../../src/net/clients/http-client.ts";
import { makeCertificate } from "../../support/certificates.ts";

const { certificate, key } = makeCertificate({ names: ["DNS:api.test"] });
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

/** A server of api.test, with TLS and without, and a proxy that has its place for every name. */
let plain: Server;
let secure: ReturnType<typeof createSecureServer>;
let proxy: Server;
const asked: string[] = [];

beforeAll(async () => {
  const answer = (name: string) => (request: { url?: string; headers: { host?: string } }) =>
    `${name} ${request.headers.host} ${request.url}`;
  plain = createServer((message, response) => response.end(answer("plain")(message)));
  secure = createSecureServer({ cert: certificate, key }, (message, response) =>
    response.end(answer("secure")(message)),
  );
  proxy = createServer((message, response) => {
    asked.push(`${message.method} ${message.url} ${message.headers["proxy-authorization"]}`);
    const { pathname } = new URL(message.url!);
    const { host } = message.headers;
    request({ port: portOf(plain), path: pathname, headers: { host } }, (upstream) =>
      upstream.pipe(response),
    ).end();
  });
  proxy.on("connect", (message, socket) => {
    asked.push(`${message.method} ${message.url} ${message.headers["proxy-authorization"]}`);
    if (message.url === "refused.test:443") {
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const upstream = connect(portOf(secure), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  for (const server of [plain, secure, proxy]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
});

afterAll(() => {
  for (const server of [plain, secure, proxy]) server?.close();
});

describe("the control plane's HTTP client behind a proxy", () => {
  const client = (user = "") => {
    const place = `http://${user}127.0.0.1:${portOf(proxy)}`;
    return nodeHttpClient(
      { tls: { ca: certificate, verify: true } },
      { HTTPS_PROXY: place, HTTP_PROXY: place },
    );
  };
  const text = async (made: ReturnType<typeof client>, url: string) =>
    textOf(await made.request({ url }), 1000);

  test("tunnels to servers with TLS, whose certificates it checks, and asks for the others", async () => {
    const made = client("me:secret@");
    try {
      asked.length = 0;
      expect(await text(made, "https://api.test/a")).toBe("secure api.test /a");
      expect(await text(made, "http://api.test/b")).toBe("plain api.test /b");
      const authorization = `Basic ${btoa("me:secret")}`;
      expect(asked).toEqual([
        `CONNECT api.test:443 ${authorization}`,
        `GET http://api.test/b ${authorization}`,
      ]);
      await expect(text(made, "https://wrong.test/")).rejects.toThrow();
    } finally {
      made.close();
    }
  });

  test("says what the proxy says, and shows no password of its", async () => {
    const made = client("me:secret@");
    try {
      const port = portOf(proxy);
      await expect(text(made, "https://refused.test/")).rejects.toThrow(
        `the proxy 127.0.0.1:${port} answered 403 to CONNECT refused.test:443`,
      );
    } finally {
      made.close();
    }
  });

  test("goes to this machine itself", async () => {
    const made = client();
    try {
      asked.length = 0;
      expect(await text(made, `http://127.0.0.1:${portOf(plain)}/c`)).toContain("/c");
      expect(asked).toEqual([]);
    } finally {
      made.close();
    }
  });
});
