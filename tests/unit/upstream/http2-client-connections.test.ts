import { expect, test } from "bun:test";
import type { ServerHttp2Stream } from "node:http2";
import { ProxyError } from "../../../src/core/errors.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";
import { Flag, FrameType } from "../../support/http/raw-http2.ts";
import { FedBody } from "../../support/sockets/upstream-scene.ts";
import { waitFor } from "../../support/wait-for.ts";
import { http2Scenes } from "./http2-scenes.ts";

const { before, scripted } = http2Scenes();

test("calls share one, and wait for the first dial together", async () => {
  const bed = await before((stream, headers) => {
    stream.respond();
    stream.end(String(headers[":path"]));
  });
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => bed.scene.text({ path: `/${i}` })),
  );
  expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `200 /${i}`));
  expect([bed.connections, bed.scene.pool.sessionCount]).toEqual([1, 1]);
});

test("another one is made when one is full, and no stream is refused", async () => {
  const held: ServerHttp2Stream[] = [];
  const bed = await before(
    (stream) => {
      stream.respond();
      held.push(stream);
    },
    {},
    { maxConcurrentStreams: 4 },
  );
  const fed = () => new FedBody(0).body;
  const asked = Array.from({ length: 10 }, () => bed.scene.ask({ method: "POST", body: fed() }));
  await waitFor("all requests", () => held.length === 10);
  expect(bed.connections).toBe(3);
  for (const stream of held) stream.end();
  for (const response of await Promise.all(asked)) expect(response.status).toBe(200);
  for (let i = 0; i < 10; i++) await (await bed.scene.ask()).takeBody()?.bytes;
  expect(bed.connections).toBe(3);
});

test("idle ones close after the idleConnTimeout, and no more than maxIdleConnsPerHost stay", async () => {
  const held: ServerHttp2Stream[] = [];
  const bed = await before(
    (stream) => {
      stream.respond();
      held.push(stream);
      if (held.length === 3) for (const one of held) one.end();
    },
    { maxIdleConnsPerHost: 1, idleConnTimeout: 50 },
    { maxConcurrentStreams: 1 },
  );
  await Promise.all([bed.scene.text(), bed.scene.text(), bed.scene.text()]);
  expect(bed.connections).toBe(3);
  expect(bed.scene.pool.sessionCount).toBe(1);
  await waitFor("the last one to close", () => bed.scene.pool.sessionCount === 0);
});

test("GOAWAY: no new streams, the old ones end well, refused ones go elsewhere", async () => {
  const { scene, upstream } = scripted(async (peer, index) => {
    await peer.begin();
    if (index === 1) {
      for (let i = 0; i < 2; i++) await peer.respond(await peer.request());
      return;
    }
    const first = await peer.request();
    await peer.request();
    await peer.goAway(first);
    await peer.respond(first, "200", false);
    await peer.until(FrameType.ping).catch(() => {});
  });
  const first = scene.ask();
  const second = scene.text({ method: "POST" });
  const response = await first;
  expect(await second).toBe("200 ");
  expect(await scene.text()).toBe("200 ");
  await upstream.peers[0].data(1, "late", true);
  expect(await response.text()).toBe("late");
  expect(await upstream.peers[0].ended()).toBe("fin");
  expect(upstream.peers.length).toBe(2);
});

test("a pool that is closed lets calls end", async () => {
  const held: ServerHttp2Stream[] = [];
  const bed = await before((stream) => {
    stream.respond();
    held.push(stream);
  });
  const response = await bed.scene.ask();
  bed.scene.close();
  expect(bed.scene.pool.sessionCount).toBe(0);
  held[0].end("whole");
  expect(await response.text()).toBe("whole");
});

test("a server that goes silent is asked for a PING, and given up without an answer", async () => {
  const { scene, upstream } = scripted(
    async (peer, index) => {
      await peer.begin();
      const stream = await peer.request();
      if (index === 0) {
        const { payload } = await peer.until(FrameType.ping);
        await peer.send(new Uint8Array([0, 0, 8, FrameType.ping, Flag.ack, 0, 0, 0, 0]));
        await peer.send(payload);
        await peer.until(FrameType.ping);
        await peer.ended();
      }
      await peer.respond(stream);
    },
    { readIdleTimeout: 30, pingTimeout: 60 },
  );
  expect(await scene.text()).toBe("upstream-closed: No answer to a PING within the pingTimeout");
  expect(await upstream.peers[0].ended()).not.toBe("open");
  expect(await scene.text()).toBe("200 ");
});

test("a server that says nothing at all: the dialTimeout counts to its SETTINGS", async () => {
  const { scene } = scripted(async () => {}, { dialTimeout: 50 });
  expect(await scene.text()).toBe("connect-timeout: No SETTINGS within the dialTimeout");
});

test("nobody listens", async () => {
  const { scene, upstream } = scripted(async () => {});
  upstream.stop();
  const { port } = scene.pool.address;
  const answers: string[] = await Promise.all([scene.text(), scene.text()]);
  expect(answers).toEqual(
    Array(2).fill(`connect-failed: connect 127.0.0.1:${port}: connection refused (ECONNREFUSED)`),
  );
});

test("a server of HTTP/1.1", async () => {
  const { scene } = scripted(async (peer) => {
    await peer.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    peer.halfClose();
  });
  expect(await scene.text()).toStartWith("upstream-protocol: The upstream broke a rule of HTTP/2");
});

test("a call that fails while it begins begins once, and those behind it have their turn", async () => {
  const { scene } = scripted(async (peer) => {
    await peer.begin([3, 1], [6, 400]);
    await peer.respond(await peer.request());
    await peer.request();
    for (;;) await peer.respond(await peer.request());
  });
  expect(await scene.text()).toBe("200 ");
  const first = scene.call();
  first.call.catch(() => {});
  const fed = new FedBody();
  fed.push("some");
  fed.body.finish(HeaderList.from([["x-large", "v".repeat(400)]]));
  const failing = scene.text({ method: "POST", body: fed.body });
  const last = scene.text();
  first.call.abort(new ProxyError("client-gone", "downstream", "gone"));
  expect(await failing).toStartWith("header-too-large: ");
  expect(await last).toBe("200 ");
});
