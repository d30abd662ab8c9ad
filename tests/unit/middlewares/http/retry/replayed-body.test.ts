import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ProxyError } from "../../../../../src/core/errors.ts";
import type { Body } from "../../../../../src/http/body.ts";
import { ReplayedBody } from "../../../../../src/middlewares/http/retry/replayed-body.ts";
import { HeaderList } from "../../../../../src/wire/header-list.ts";
import { FedBody } from "../../../../support/sockets/upstream-scene.ts";

const GONE = new ProxyError("upstream-closed", "upstream", "gone");

/** Reads a body and keeps what came. */
function reader(body: Body) {
  const read = { text: "", end: "" };
  body.pipe({
    bodyChunk: (bytes, start, end) => {
      read.text += new TextDecoder().decode(bytes.subarray(start, end));
    },
    bodyFlush() {},
    bodyEnd: () => {
      read.end = `ended ${body.trailers?.first("x-sum") ?? ""}`.trim();
    },
    bodyFail: (error) => {
      read.end = error.message;
    },
  });
  return read;
}

describe("ReplayedBody", () => {
  test("gives the first try what comes, as it comes, and the second all of it", () => {
    const fed = new FedBody();
    const replayed = new ReplayedBody(fed.body, 100);
    const one = replayed.next();
    const first = reader(one);
    fed.push("abc");
    expect(first.text).toBe("abc");
    one.cancel(GONE);
    expect(replayed.replayable).toBe(true);
    const second = reader(replayed.next());
    expect(second.text).toBe("abc");
    replayed.settle();
    fed.push("def");
    fed.body.finish(HeaderList.from([["X-Sum", "6"]]));
    expect(second).toEqual({ text: "abcdef", end: "ended 6" });
    expect(first).toEqual({ text: "abc", end: "" });
  });

  test("small pieces are put together: each alone takes a hundred times its bytes", () => {
    const fed = new FedBody();
    const replayed = new ReplayedBody(fed.body, 10_000);
    const one = replayed.next();
    reader(one);
    for (let i = 0; i < 5000; i++) fed.push(String(i % 10));
    one.cancel(GONE);
    const pieces: number[] = [];
    const second = replayed.next();
    second.pipe({
      bodyChunk: (_, start, end) => void pieces.push(end - start),
      bodyFlush() {},
      bodyEnd() {},
      bodyFail() {},
    });
    expect(pieces).toEqual([5000]);
    second.cancel(GONE);
    const third = reader(replayed.next());
    expect(third.text).toBe("0123456789".repeat(500));
  });

  test("what comes between two tries waits, and the client is held up meanwhile", () => {
    const fed = new FedBody();
    const replayed = new ReplayedBody(fed.body, 1_000_000);
    const one = replayed.next();
    reader(one);
    fed.push("a");
    one.cancel(GONE);
    fed.push("x".repeat(70_000));
    fed.push("x");
    expect(fed.paused).toBe(true);
    const second = reader(replayed.next());
    expect(second.text).toHaveLength(70_002);
    expect(fed.paused).toBe(false);
  });

  test("a try that reads nothing leaves it as it was, whatever is remembered", () => {
    const fed = new FedBody(3);
    const replayed = new ReplayedBody(fed.body, 0);
    replayed.next().cancel(GONE);
    expect(replayed.replayable).toBe(true);
    const second = replayed.next();
    expect(second.length).toBe(3);
    const read = reader(second);
    fed.push("abc");
    expect(read.text).toBe("abc");
    expect(replayed.replayable).toBe(false);
  });

  test("no other try is possible for more than is remembered, or a body that breaks off", () => {
    const long = new FedBody();
    const replayed = new ReplayedBody(long.body, 3);
    const read = reader(replayed.next());
    long.push("abc");
    expect(replayed.replayable).toBe(true);
    long.push("d");
    expect(replayed.replayable).toBe(false);
    long.body.finish();
    expect(read).toEqual({ text: "abcd", end: "ended" });

    const announced = new ReplayedBody(new FedBody(4).body, 3);
    reader(announced.next());
    expect(announced.replayable).toBe(false);

    const broken = new FedBody();
    const other = new ReplayedBody(broken.body, 100);
    const cut = reader(other.next());
    broken.body.fail(GONE);
    expect([cut.end, other.replayable]).toEqual(["gone", false]);
  });

  test("the client hears that nothing more is wanted once no try follows", () => {
    const fed = new FedBody();
    const replayed = new ReplayedBody(fed.body, 100);
    const one = replayed.next();
    reader(one);
    one.cancel(GONE);
    expect(fed.heard).not.toContain("cancel: gone");
    replayed.settle();
    expect(fed.heard).toContain("cancel: gone");

    const late = new FedBody();
    const settled = new ReplayedBody(late.body, 100);
    const only = settled.next();
    reader(only);
    settled.settle();
    only.cancel(GONE);
    expect(late.heard).toEqual(["cancel: gone"]);
  });

  test("the last try has what is remembered, begun or not", () => {
    const fed = new FedBody();
    const replayed = new ReplayedBody(fed.body, 100);
    const one = replayed.next();
    reader(one);
    fed.push("abc");
    one.cancel(GONE);
    const last = replayed.next();
    replayed.settle();
    expect(reader(last).text).toBe("abc");
  });

  test("every try has the same bytes, however they come and wherever tries end", () => {
    const piece = fc.record({ bytes: fc.nat(200), cancel: fc.boolean() });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const fed = new FedBody();
        const replayed = new ReplayedBody(fed.body, -1);
        let sent = "";
        let body = replayed.next();
        let read = reader(body);
        for (const { bytes, cancel } of pieces) {
          const text = String.fromCharCode(97 + (sent.length % 26)).repeat(bytes);
          if (bytes > 0) fed.push(text);
          sent += text;
          expect(read.text).toBe(sent);
          if (!cancel) continue;
          body.cancel(GONE);
          body = replayed.next();
          read = reader(body);
          expect(read.text).toBe(sent);
        }
        fed.body.finish();
        expect(read).toEqual({ text: sent, end: "ended" });
      }),
    );
  });
});
