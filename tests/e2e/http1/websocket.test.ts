import { expect, test } from "bun:test";
import { startWebSocketPeer } from "../../support/http/websocket-peer.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const UPGRADE =
  "GET /chat HTTP/1.1\r\nHost: app.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";
const SWITCHED =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

test("a real client and a real server talk through the router, in small and in large messages", async () => {
  using peer = startWebSocketPeer();
  await using router = await startRouter({ dynamic: forwardingTo(peer.url) });
  const socket = new WebSocket(`ws://127.0.0.1:${router.port}/chat`, ["chat"]);
  socket.binaryType = "arraybuffer";
  const messages: (string | ArrayBuffer)[] = [];
  socket.onmessage = ({ data }) => messages.push(data);
  await waitFor("the open socket", () => socket.readyState === WebSocket.OPEN);
  expect(socket.protocol).toBe("chat");
  socket.send("hello");
  const large = new Uint8Array(8 * 1024 * 1024).map((_, i) => i * 31);
  socket.send(large);
  await waitFor("both messages", () => messages.length === 2);
  expect(messages[0]).toBe("hello");
  expect(Buffer.from(messages[1] as ArrayBuffer).equals(Buffer.from(large))).toBe(true);
  expect(peer.handshakes[0].get("x-forwarded-proto")).toBe("ws");
  socket.send("close:4001:bye");
  await waitFor("the close", () => socket.readyState === WebSocket.CLOSED);
  await waitFor("the peer's close", () => peer.open === 0);
});

test("nothing sent around the switch is lost, on either side, and names are spelled as RFC 6455 does", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.readUntil("\r\n\r\n");
    await connection.send(`${SWITCHED}server first|`);
    await connection.readUntil("client first");
    await connection.send("server second");
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawClient.connect(router.port);
  await client.send(`${UPGRADE}client first`);
  const head = await client.readUntil("\r\n\r\n");
  expect(head).toStartWith("HTTP/1.1 101 Switching Protocols\r\n");
  expect(head).toMatch(/^Connection: Upgrade\r$/m);
  expect(head).toMatch(/^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/m);
  await client.readUntil("server first|server second");
  expect(upstream.received[0]).toContain("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
});

test("a half-close and a reset pass through a tunnel", async () => {
  using upstream = startUpstream(async (connection, index) => {
    await connection.readUntil("\r\n\r\n");
    await connection.send(SWITCHED);
    if (index === 0) {
      await connection.readToEnd();
      await connection.send("after your end");
      connection.close();
    }
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawClient.connect(router.port);
  await client.send(UPGRADE);
  await client.readUntil("\r\n\r\n");
  client.halfClose();
  expect(await client.readToEnd()).toEndWith("after your end");

  const other = await RawClient.connect(router.port);
  await other.send(UPGRADE);
  await other.readUntil("\r\n\r\n");
  other.reset();
  expect(await (await upstream.connection(1)).ended()).toBe("reset");
});

test("an upstream that refuses to switch answers as usual, and the connection stays HTTP", async () => {
  using upstream = startUpstream(async (connection) => {
    for (;;) {
      if ((await connection.request()) === undefined) return;
      await connection.send(plain("no", "426 Upgrade Required", ["Upgrade: websocket"]));
    }
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawClient.connect(router.port);
  expect((await client.request(UPGRADE)).status).toBe(426);
  expect((await client.request(UPGRADE)).status).toBe(426);
});

test("an upgrade to h2c is not passed on: it would hide requests from the router", async () => {
  using upstream = startUpstream(async (connection) => {
    const request = await connection.request();
    await connection.send(
      plain(`${request?.header("upgrade")} ${request?.header("http2-settings")}`),
    );
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawClient.connect(router.port);
  const response = await client.request(
    "GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
  );
  expect([response.status, response.text]).toEqual([200, "undefined undefined"]);
});
