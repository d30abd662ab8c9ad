import { expect, test } from "bun:test";
import { ProxyError } from "../../../../src/core/errors.ts";
import { Body, type BodySink } from "../../../../src/http/body.ts";
import { FedBodies } from "../../../../src/upstream/http2/fed-bodies.ts";

const SOURCE = { pauseBody() {}, resumeBody() {}, cancelBody() {} };
const PIECE = new Uint8Array(100);

function sink(holdsBytes?: boolean): BodySink {
  const methods = { bodyChunk() {}, bodyFlush() {}, bodyEnd() {}, bodyFail() {} };
  return holdsBytes === undefined ? methods : { ...methods, holdsBytes };
}

function fedBody(fed: FedBodies, to: BodySink | null): Body {
  const body = new Body(SOURCE, -1);
  if (to !== null) body.pipe(to);
  fed.add(body);
  body.push(PIECE, 0, PIECE.length);
  return body;
}

const cases: [string, BodySink | null, boolean][] = [
  ["taken", sink(false), true],
  ["kept by its sink", sink(true), false],
  ["kept, perhaps", sink(), false],
  ["not asked for yet", null, false],
];

test.each(cases)("pieces that are %s", (_, to, released) => {
  const fed = new FedBodies();
  fedBody(fed, sink(false));
  fedBody(fed, to);
  fedBody(fed, sink(false));
  expect(fed.end()).toBe(released);
  expect(fed.end()).toBe(true);
});

test("a body that was called off behind a piece still counts", () => {
  const fed = new FedBodies();
  fedBody(fed, sink(true)).cancel(new ProxyError("aborted", "internal", "enough"));
  expect(fed.end()).toBe(false);
});
