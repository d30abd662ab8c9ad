import { expect, test } from "bun:test";
import { startWebSocketPeer } from "../../support/http/websocket-peer.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { tcp, to } from "../../support/sockets/tcp-scene.ts";
import { waitFor } from "../../support/wait-for.ts";

/** Enough for a relay to be handed to the kernel, where that is done. */
const LARGE = 3_000_000;
const ALL = "    all: { rule: HostSNI(`*`), service: s }\n";

/** All of them ASCII. */
const bytes = (length: number) =>
  new Uint8Array(length).map((_, i) => ((i * 31) ^ (i >> 8)) & 0x7f);

for (const [how, configuration] of [
  ["as is best", "core:\n  workers: 1\n"],
  ["without splicing", "core:\n  workers: 1\n  splice: false\n"],
] as const) {
  test(`relayed ${how}, many bytes come whole, FIN passes behind them, and no socket is left`, async () => {
    const up = bytes(LARGE);
    const down = bytes(LARGE + 77);
    const got: string[] = [];
    using server = startUpstream(async (connection) => {
      await connection.send(down);
      got.push(await connection.readToEnd());
      await connection.send("after your end");
      connection.halfClose();
    });
    await using router = await startRouter({
      dynamic: tcp(
        ALL,
        "    s: { loadBalancer: { serversTransport: t, servers: [{ address: " +
          `"127.0.0.1:${server.port}" }] } }\n`,
        "  serversTransports:\n    t: { terminationDelay: 20s }\n",
      ),
      // Another worker may begin to listen while sockets are counted.
      static: configuration,
    });
    for (let round = 0; round < 3; round++) {
      const before = router.program.sockets();
      using client = await router.client();
      const sent = client.send(up);
      const received = client.readToEnd();
      await sent;
      client.halfClose();
      const all = Buffer.from(await received, "latin1");
      expect(all.length).toBe(down.length + 14);
      expect(all.subarray(0, down.length).equals(Buffer.from(down))).toBe(true);
      expect(got.includes(Buffer.from(up).toString("latin1"))).toBe(true);
      got.length = 0;
      await waitFor("the sockets to be gone", () => router.program.sockets() <= before);
    }
  });

  test(`relayed ${how}, a reset passes after many bytes`, async () => {
    using server = startUpstream(async (connection) => {
      await connection.send(bytes(LARGE));
      await connection.readUntil("enough");
      connection.reset();
    });
    await using router = await startRouter({
      dynamic: tcp(ALL, to("s", server.port)),
      // Another worker may begin to listen while sockets are counted.
      static: configuration,
    });
    using client = await router.client();
    await client.readBytes(LARGE);
    await client.send("enough");
    expect(await client.ended()).toBe("reset");
  });

  test(`a WebSocket that is relayed ${how} outlives a reload, and the shutdown's grace time ends it`, async () => {
    using peer = startWebSocketPeer();
    await using router = await startRouter({
      dynamic: forwardingTo(peer.url),
      web: "    transport: { lifeCycle: { graceTimeOut: 1s } }\n",
      // Another worker may begin to listen while sockets are counted.
      static: configuration,
    });
    const socket = new WebSocket(`ws://127.0.0.1:${router.port}/chat`);
    socket.binaryType = "arraybuffer";
    const messages: (string | ArrayBuffer)[] = [];
    socket.onmessage = ({ data }) => messages.push(data);
    await waitFor("the open socket", () => socket.readyState === WebSocket.OPEN);
    socket.send(bytes(LARGE));
    await waitFor("the large message", () => messages.length === 1);
    await router.reconfigure(forwardingTo("http://127.0.0.1:1"));
    socket.send("small");
    await waitFor("the small message", () => messages.length === 2);
    expect(Buffer.from(messages[0] as ArrayBuffer).equals(Buffer.from(bytes(LARGE)))).toBe(true);
    expect(messages[1]).toBe("small");
    router.program.signal("SIGTERM");
    await waitFor("the end of the socket", () => socket.readyState === WebSocket.CLOSED);
    expect(await router.program.exited()).toBe(0);
  });
}
