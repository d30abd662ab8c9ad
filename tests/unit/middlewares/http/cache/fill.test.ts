import { expect, test } from "bun:test";
import { ProxyError } from "../../../../../src/core/errors.ts";
import { Body, type BodySource } from "../../../../../src/http/body.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { Fill } from "../../../../../src/middlewares/http/cache/fill.ts";
import { HeaderList } from "../../../../../src/wire/header-list.ts";
import { answering, CacheScene, ok, read } from "./cache-scene.ts";

class Source implements BodySource {
  readonly calls: string[] = [];
  pauseBody(): void {
    this.calls.push("pause");
  }
  resumeBody(): void {
    this.calls.push("resume");
  }
  cancelBody(): void {
    this.calls.push("cancel");
  }
}

const PIECE = new Uint8Array(50_000).fill(7);
const SINK = { bodyChunk() {}, bodyFlush() {}, bodyEnd() {}, bodyFail() {} };

function fill(most: number, length = -1, budget = { left: 1_000_000 }) {
  const source = new Source();
  const body = new Body(source, length);
  const done: (number | null)[] = [];
  const made = new Fill(body, most, budget, (bytes) => done.push(bytes?.length ?? null));
  made.body.pipe(SINK);
  return { source, body, fill: made, done, budget };
}

test("a client that doesn't read holds nothing up, until there is too much to keep", () => {
  const { source, body, fill: it, done, budget } = fill(160_000);
  it.body.pause();
  for (let i = 0; i < 3; i++) body.push(PIECE, 0, PIECE.length);
  expect([source.calls, done]).toEqual([[], []]);
  expect(budget.left).toBe(1_000_000 - 160_000);
  body.push(PIECE, 0, PIECE.length);
  expect([source.calls, done]).toEqual([["pause"], [null]]);
  // It waits for the client, which has all of it.
  expect(budget.left).toBe(840_000);
  it.body.resume();
  expect(source.calls).toEqual(["pause", "resume"]);
  it.finished();
  expect(budget.left).toBe(1_000_000);
});

test("a whole body is kept while its client has yet to read it, and counts until it has", () => {
  const { body, fill: it, done, budget } = fill(160_000, 100_000);
  it.body.pause();
  for (let i = 0; i < 2; i++) body.push(PIECE, 0, PIECE.length);
  body.finish();
  expect([done, budget.left]).toEqual([[100_000], 900_000]);
  it.finished();
  expect([done, budget.left]).toEqual([[100_000], 1_000_000]);
});

test("nothing is kept beyond the budget of all bodies on their way", () => {
  const budget = { left: 60_000 };
  const first = fill(160_000, 50_000, budget);
  first.body.push(PIECE, 0, PIECE.length);
  const second = fill(160_000, 50_000, budget);
  second.body.push(PIECE, 0, PIECE.length);
  expect([first.done, second.done, budget.left]).toEqual([[], [null], 10_000]);
  first.body.finish();
  expect([first.done, budget.left]).toEqual([[50_000], 60_000]);
});

test("what breaks off, is left, has trailers or no certain end is not kept", () => {
  const cut = new ProxyError("upstream-closed", "upstream", "cut");
  const ends: ((made: ReturnType<typeof fill>) => void)[] = [
    ({ body }) => body.fail(cut),
    ({ fill: it }) => it.body.cancel(cut),
    ({ fill: it }) => it.finished(),
    ({ body }) => body.finish(HeaderList.from([["X-Sum", "1"]])),
    ({ body }) => {
      body.endsUnmarked = true;
      body.finish();
    },
  ];
  for (const end of ends) {
    const made = fill(160_000);
    made.body.push(PIECE, 0, PIECE.length);
    end(made);
    made.fill.finished();
    expect([made.done, made.budget.left]).toEqual([[null], 1_000_000]);
  }
});

test("a response that its connection's end ends is not kept", async () => {
  const scene = await CacheScene.of();
  scene.answer = () => {
    const response = ok("perhaps not all");
    response.takeBody()!.endsUnmarked = true;
    return response;
  };
  for (const _ of [1, 2]) expect(await scene.status()).toBe("fwd=uri-miss");
});

test("a response without a body is kept at once", async () => {
  const scene = await CacheScene.of();
  scene.answer = () => answering(204, [["Cache-Control", "max-age=60"]]);
  await scene.get();
  const { status, header } = await scene.get();
  expect([status, header("content-length"), scene.asked.length]).toEqual([204, null, 1]);
});

test("a native response is kept too", async () => {
  const scene = await CacheScene.of();
  scene.answer = () => new Response("native", { headers: { "Cache-Control": "max-age=60" } });
  expect((await read(LazyResponse.of(await scene.begin().response))).text).toBe("native");
  expect((await scene.get()).text).toBe("native");
  expect(scene.asked.length).toBe(1);
});
