import { expect, test } from "bun:test";
import { concatBytes } from "../../../src/core/bytes.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import { ErrorCode } from "../../../src/wire/http2/message.ts";
import { FrameType, frame } from "../../support/http/raw-http2.ts";
import { FedBody } from "../../support/sockets/upstream-scene.ts";
import { waitFor } from "../../support/wait-for.ts";
import { http2Scenes } from "./http2-scenes.ts";

const { scripted } = http2Scenes();
const PING = new Uint8Array(8);

const resets: [string, number, string][] = [
  ["before the head", 0, "upstream-reset: The upstream reset the stream (internalError)"],
  ["behind it", 1, "upstream-reset: The upstream reset the stream (internalError)"],
];
test.each(resets)("reset by the server %s: the connection lives", async (_, heads, expected) => {
  const { scene, upstream } = scripted(async (peer) => {
    await peer.begin();
    const stream = await peer.request();
    if (heads > 0) {
      await peer.respond(stream, "200", false);
      await peer.data(stream, "some");
    }
    await peer.rst(stream, ErrorCode.internalError);
    await peer.respond(await peer.request());
  });
  expect(await scene.text()).toBe(expected);
  expect(await scene.text()).toBe("200 ");
  expect(upstream.peers.length).toBe(1);
});

test("NO_ERROR behind a complete response means nothing", async () => {
  const { scene } = scripted(async (peer) => {
    await peer.begin();
    const stream = await peer.request();
    await peer.respond(stream);
    await peer.rst(stream, ErrorCode.noError);
  });
  const fed = new FedBody();
  expect(await scene.text({ method: "POST", body: fed.body })).toBe("200 ");
  expect(fed.heard).toHaveLength(1);
});

test("refused before it was looked at: sent once more, unless its body has been sent", async () => {
  const { scene, upstream } = scripted(async (peer) => {
    await peer.begin();
    await peer.rst(await peer.request(), ErrorCode.refusedStream);
    await peer.respond(await peer.request());
    const stream = await peer.request();
    await peer.until(FrameType.data, stream);
    await peer.rst(stream, ErrorCode.refusedStream);
  });
  expect(await scene.text({ method: "POST" })).toBe("200 ");
  const error: unknown = await scene.call({ method: "POST", body: "x" }).call.catch((e) => e);
  expect(error).toBeInstanceOf(ProxyError);
  expect((error as ProxyError).code).toBe("upstream-reset");
  expect((error as ProxyError).retryable).toBe(true);
  expect(upstream.errors).toEqual([]);
});

test("refused again and again: given up", async () => {
  let refused = 0;
  const { scene } = scripted(async (peer) => {
    await peer.begin();
    for (;;) {
      await peer.rst(await peer.request(), ErrorCode.refusedStream);
      refused++;
    }
  });
  expect(await scene.text()).toBe("upstream-reset: The upstream reset the stream (refusedStream)");
  expect(refused).toBe(4);
});

test("a connection that died while idle: what may be sent twice is", async () => {
  const { scene, upstream } = scripted(async (peer, index) => {
    await peer.begin();
    await peer.respond(await peer.request());
    await peer.request();
    if (index === 0) peer.reset();
    else await peer.respond(3);
  });
  expect(await scene.text()).toBe("200 ");
  expect(await scene.text()).toBe("200 ");
  expect(upstream.peers.length).toBe(2);
  upstream.peers[1].reset();
  await waitFor("the pool to notice", () => scene.pool.sessionCount === 0);
});

test("a connection that dies in a call's middle: 502, and never sent twice", async () => {
  const { scene, upstream } = scripted(async (peer) => {
    await peer.begin();
    const stream = await peer.request();
    await peer.respond(stream, "200", false);
    await peer.request();
    peer.reset();
  });
  const first = await scene.ask();
  expect(await scene.text({ method: "POST" })).toStartWith("upstream-");
  await expect(first.text()).rejects.toThrow(ProxyError);
  expect(upstream.peers.length).toBe(1);
});

test("a response that breaks the rules", async () => {
  const { scene, upstream } = scripted(async (peer) => {
    await peer.begin();
    await peer.respond(await peer.request(), "101", false);
    await peer.respond(await peer.request());
  });
  expect(await scene.text()).toStartWith("upstream-protocol: ");
  expect(await scene.text()).toBe("200 ");
  expect(upstream.peers.length).toBe(1);
});

test("no head within the responseHeaderTimeout: the stream is cancelled, the connection lives", async () => {
  const { scene, upstream } = scripted(
    async (peer) => {
      await peer.begin();
      const stream = await peer.request();
      const { payload } = await peer.until(FrameType.rstStream, stream);
      expect(payload[3]).toBe(ErrorCode.cancel);
      await peer.respond(await peer.request());
    },
    { responseHeaderTimeout: 30 },
  );
  expect(await scene.text()).toBe(
    "response-timeout: No response head within the responseHeaderTimeout",
  );
  expect(await scene.text()).toBe("200 ");
  expect(upstream.errors).toEqual([]);
});

test("a client that goes away cancels its stream alone", async () => {
  const { scene, upstream } = scripted(async (peer) => {
    await peer.begin();
    const first = await peer.request();
    const second = await peer.request();
    await peer.respond(second, "200", false);
    expect((await peer.until(FrameType.rstStream)).stream).toBe(first);
    expect((await peer.until(FrameType.rstStream)).stream).toBe(second);
    await peer.respond(await peer.request());
  });
  const gone = new ProxyError("client-gone", "downstream", "The client went away");
  const waiting = scene.call();
  const responding = await scene.ask();
  waiting.exchange.abort(gone);
  await expect(Promise.resolve(waiting.call)).rejects.toBe(gone);
  responding.takeBody()!.cancel(gone);
  expect(await scene.text()).toBe("200 ");
  expect([upstream.errors, upstream.peers.length]).toEqual([[], 1]);
});

test("a client that goes away while its call waits for a connection", async () => {
  const { scene } = scripted(async (peer) => {
    await peer.begin();
    await peer.respond(await peer.request());
  });
  const gone = new ProxyError("client-gone", "downstream", "The client went away");
  const { call, exchange } = scene.call();
  exchange.abort(gone);
  await expect(Promise.resolve(call)).rejects.toBe(gone);
  expect(await scene.text()).toBe("200 ");
});

test("a client's body that breaks off cancels the stream", async () => {
  const { scene } = scripted(async (peer) => {
    await peer.begin();
    const stream = await peer.request();
    const { payload } = await peer.until(FrameType.rstStream, stream);
    expect(payload[3]).toBe(ErrorCode.cancel);
    await peer.respond(await peer.request());
  });
  const fed = new FedBody(10);
  const asked = scene.text({ method: "POST", body: fed.body });
  fed.push("half");
  await waitFor("a connection", () => scene.pool.sessionCount === 1);
  fed.body.fail(new ProxyError("client-gone", "downstream", "gone"));
  expect(await asked).toBe("client-gone: gone");
  expect(await scene.text()).toBe("200 ");
});

test("a server's keepalive PINGs beside a silent call have no end", async () => {
  const { scene } = scripted(async (peer) => {
    await peer.begin();
    const stream = await peer.request();
    const pings = (count: number) =>
      peer.send(
        concatBytes(Array.from({ length: count }, () => frame(FrameType.ping, 0, 0, PING))),
      );
    await pings(900);
    await Bun.sleep(2500);
    await pings(250);
    await peer.respond(stream);
  });
  expect(await scene.text()).toBe("200 ");
});
