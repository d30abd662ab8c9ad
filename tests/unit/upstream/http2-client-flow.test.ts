import { expect, test } from "bun:test";
import fc from "fast-check";
import { Flag, FrameType, frame, uint32 } from "../../support/http/raw-http2.ts";
import { FedBody } from "../../support/sockets/upstream-scene.ts";
import { waitFor } from "../../support/wait-for.ts";
import { http2Scenes } from "./http2-scenes.ts";

const { before, scripted } = http2Scenes();

test("a request body waits for the server's window", async () => {
  let begin: () => void = () => {};
  const { scene } = await before(
    async (stream) => {
      stream.pause();
      await new Promise<void>((resolve) => {
        begin = resolve;
      });
      let size = 0;
      stream.on("data", (chunk) => {
        size += chunk.length;
      });
      stream.on("end", () => {
        stream.respond();
        stream.end(String(size));
      });
      stream.resume();
    },
    {},
    { initialWindowSize: 20_000 },
  );
  const fed = new FedBody();
  const asked = scene.text({ method: "POST", body: fed.body });
  const piece = new Uint8Array(10_000);
  let pushed = 0;
  // More than the system's buffers hold is never on its way.
  await waitFor("the body to be paused", () => {
    if (fed.paused) return true;
    fed.push(piece);
    pushed++;
  });
  expect(pushed).toBeLessThan(30);
  begin();
  await waitFor("the body to go on", () => !fed.paused);
  for (; pushed < 100; pushed++) fed.push(piece);
  fed.body.finish();
  expect(await asked).toBe("200 1000000");
});

test("a request body waits for a server that doesn't read, though its windows are wide", async () => {
  const { scene, upstream } = scripted(async (peer) => {
    await peer.begin([4, 0x7fffffff]);
    await peer.send(frame(FrameType.windowUpdate, 0, 0, uint32(0x7fffffff - 65_535)));
    const stream = await peer.request();
    peer.pause();
    await waitFor("the body to wait", () => fed.paused);
    peer.resume();
    let size = 0;
    for (let end = false; !end; ) {
      const { flags, payload } = await peer.until(FrameType.data, stream);
      size += payload.length;
      end = (flags & Flag.endStream) !== 0;
    }
    await peer.respond(stream, "200", false);
    await peer.data(stream, String(size), true);
  });
  const fed = new FedBody();
  const asked = scene.text({ method: "POST", body: fed.body });
  await waitFor("the connection", () => scene.pool.sessionCount === 1);
  let pushed = 0;
  await waitFor("the body to be paused", async () => {
    for (let i = 0; i < 64 && !fed.paused; i++, pushed++) fed.push(new Uint8Array(65_536));
    await Bun.sleep(1);
    return fed.paused;
  });
  await waitFor("the body to go on", () => !fed.paused);
  fed.body.finish();
  expect(await asked).toBe(`200 ${pushed * 65_536}`);
  expect(upstream.errors).toEqual([]);
});

test("many bodies at once come whole, both ways, whatever their sizes", async () => {
  const { scene } = await before((stream) => {
    stream.respond();
    stream.pipe(stream);
  });
  const size = fc.oneof(fc.nat(100), fc.nat(70_000), fc.nat(400_000));
  await fc.assert(
    fc.asyncProperty(fc.array(size, { maxLength: 20 }), fc.nat(255), async (sizes, seed) => {
      const bodies = sizes.map((length, i) =>
        Uint8Array.from({ length }, (_, at) => (at * 31 + i + seed) & 255),
      );
      const echoes = await Promise.all(
        bodies.map(async (bytes, i) => {
          const fed = new FedBody(i % 2 === 0 ? bytes.length : -1);
          const asked = scene.ask({ method: "POST", body: fed.body });
          for (let at = 0; at < bytes.length; ) {
            const end = Math.min(bytes.length, at + 1 + ((at * 7 + seed * 401) % 50_000));
            fed.push(bytes.subarray(at, end));
            at = end;
            if (fed.paused) await Bun.sleep(0);
          }
          fed.body.finish();
          return (await asked).bytes();
        }),
      );
      for (const [i, echo] of echoes.entries()) expect(Buffer.compare(echo, bodies[i])).toBe(0);
    }),
    { numRuns: 15 },
  );
  expect(scene.pool.sessionCount).toBe(1);
});

test("a response nobody reads holds up itself, not the others", async () => {
  let sent = 0;
  const { scene } = await before((stream, headers) => {
    stream.respond();
    if (headers[":path"] === "/small") {
      stream.end("small");
      return;
    }
    const piece = Buffer.alloc(16_384);
    const write = () => {
      while (sent < 512) {
        sent++;
        if (stream.write(piece)) continue;
        stream.once("drain", write);
        return;
      }
      stream.end();
    };
    write();
  });
  const large = await scene.ask({ path: "/large" });
  let last = -1;
  await waitFor("the server to stop", async () => {
    const still = sent === last;
    last = sent;
    await Bun.sleep(20);
    return still && sent > 0;
  });
  // The stream's window and buffers of both ends: far from 8 MiB.
  expect(sent).toBeLessThan(256);
  expect(await scene.text({ path: "/small" })).toBe("200 small");
  expect((await large.bytes()).length).toBe(512 * 16_384);
});

test("what comes in the same read as the head is there when the response is", async () => {
  const { scene } = scripted(async (peer) => {
    await peer.begin();
    const stream = await peer.request();
    peer.offer("");
    await peer.respond(stream, "200", false);
    await peer.data(stream, "all", true);
  });
  const response = await scene.ask();
  expect(await response.text()).toBe("all");
});
