import { describe, expect, test } from "bun:test";
import { startWebSocketPeer } from "./http/websocket-peer.ts";
import { exchange, RawClient } from "./sockets/raw-client.ts";
import { startUpstream } from "./sockets/recording-upstream.ts";
import {
  answering,
  chunked,
  echoing,
  plain,
  sendingThenResetting,
  sendingThenStalling,
} from "./sockets/upstream-scripts.ts";
import { waitFor } from "./wait-for.ts";

/** The tools that black-box tests trust are tried on each other first. */
describe("test support", () => {
  test("requests in any segmentation, keep-alive, chunked with trailers", async () => {
    using upstream = startUpstream(echoing());
    using client = await RawClient.connect(upstream.port);
    await client.sendSegmented(
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
      7,
      1,
    );
    const first = JSON.parse((await client.response()).text);
    expect(first).toMatchObject({ method: "POST", target: "/a", body: "hello" });
    await client.sendParts([
      "GET /b HTTP/1.1\r\nTransfer-Encoding: chun",
      "ked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n",
    ]);
    const second = JSON.parse((await client.response()).text);
    expect(second).toMatchObject({ body: "abc", trailers: [["T", "1"]] });
    expect(upstream.received[0]).toStartWith("POST /a HTTP/1.1\r\nHost: x\r\n");
    expect(upstream.requests.map(({ target }) => target)).toEqual(["/a", "/b"]);
    client.halfClose();
    expect(await client.ended()).toBe("fin");
    expect(upstream.errors).toEqual([]);
  });

  test("interim responses, chunks, bodies that end with the connection", async () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    using hinting = startUpstream(
      answering(Buffer.concat([Buffer.from(interim), chunked(["ab", "c"], ["X: y"])])),
    );
    const response = await exchange(hinting.port, "GET / HTTP/1.1\r\n\r\n");
    expect(response.interim.map(({ status }) => status)).toEqual([103]);
    expect(response.text).toBe("abc");
    expect(response.trailers).toEqual([["X", "y"]]);
    using closing = startUpstream(async (connection) => {
      await connection.request();
      await connection.send("HTTP/1.1 200 OK\r\n\r\nto the end");
      connection.close();
    });
    expect((await exchange(closing.port, "GET / HTTP/1.1\r\n\r\n")).text).toBe("to the end");
  });

  test("malformed responses and requests are not forgiven", async () => {
    using upstream = startUpstream(answering("HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"));
    await expect(exchange(upstream.port, "GET / HTTP/1.1\r\n\r\n")).rejects.toThrow(
      "malformed field line",
    );
    using client = await RawClient.connect(upstream.port);
    await client.send("GET  / HTTP/1.1\r\n\r\n");
    await waitFor("the upstream to complain", () => upstream.errors.length > 0);
    expect(String(upstream.errors[0])).toContain("malformed request line");
  });

  test("reset, stall, half-close and slow reading", async () => {
    using resetting = startUpstream(sendingThenResetting("HTTP/1.1 200 OK\r\n"));
    using client = await RawClient.connect(resetting.port);
    await client.send("GET / HTTP/1.1\r\n\r\n");
    expect(await client.ended()).toBe("reset");
    using stalling = startUpstream(
      sendingThenStalling("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
    );
    using waiting = await RawClient.connect(stalling.port);
    await waiting.send("GET / HTTP/1.1\r\n\r\n");
    await waiting.readUntil("abc");
    await expect(waiting.response("GET", 100)).rejects.toThrow("waited 100 ms in vain");
    const size = 8 * 1024 * 1024;
    using big = startUpstream(answering(plain("x".repeat(size))));
    using slow = await RawClient.connect(big.port);
    slow.pause();
    await slow.send("GET / HTTP/1.1\r\n\r\n");
    await (await big.connection(0)).request(50).catch(() => {});
    expect(slow.received.length).toBe(0);
    slow.resume();
    expect((await slow.response()).body.length).toBe(size);
  });

  test("the WebSocket peer echoes and closes as asked", async () => {
    using peer = startWebSocketPeer();
    const socket = new WebSocket(`ws://127.0.0.1:${peer.port}/`, ["chat"]);
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
    const echoed = new Promise((resolve) =>
      socket.addEventListener("message", ({ data }) => resolve(data)),
    );
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    expect(peer.open).toBe(1);
    socket.send("hello");
    expect(await echoed).toBe("hello");
    socket.send("close:4321:enough");
    expect(await closed).toMatchObject({ code: 4321, reason: "enough" });
    expect(socket.protocol).toBe("chat");
  });
});
