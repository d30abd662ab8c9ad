import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ProxyError } from "../../../src/core/errors.ts";
import { BODY_WATERMARK, Body, type BodySink, type BodySource } from "../../../src/http/body.ts";

class Source implements BodySource {
  paused = false;
  started = 0;
  cancelled: ProxyError | null = null;
  startBody() {
    this.started++;
  }
  pauseBody() {
    this.paused = true;
  }
  resumeBody() {
    this.paused = false;
  }
  cancelBody(error: ProxyError) {
    this.cancelled = error;
  }
}

class Sink implements BodySink {
  text = "";
  ends = 0;
  error: ProxyError | null = null;
  flushes = 0;
  bodyChunk(bytes: Uint8Array, start: number, end: number) {
    this.text += new TextDecoder().decode(bytes.subarray(start, end));
  }
  bodyFlush() {
    this.flushes++;
  }
  bodyEnd() {
    this.ends++;
  }
  bodyFail(error: ProxyError) {
    this.error = error;
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const push = (body: Body, text: string) => body.push(bytes(text), 0, text.length);
const broken = new ProxyError("upstream-closed", "upstream", "gone");

describe("Body", () => {
  test("keeps what comes before the sink and hands it over in order", () => {
    const body = new Body(new Source(), -1);
    push(body, "a");
    push(body, "b");
    push(body, "c");
    body.finish();
    const sink = new Sink();
    body.pipe(sink);
    expect(sink.text).toBe("abc");
    expect(sink.ends).toBe(1);
    expect(body.complete).toBe(true);
  });

  test("pauses its source above the watermark and resumes it when the sink has taken all", () => {
    const source = new Source();
    const body = new Body(source, -1);
    body.push(new Uint8Array(BODY_WATERMARK), 0, BODY_WATERMARK);
    expect(source.paused).toBe(false);
    push(body, "one more");
    expect(source.paused).toBe(true);
    body.pipe(new Sink());
    expect(source.paused).toBe(false);
  });

  test("a paused sink gets nothing, not even the end, until it resumes", () => {
    const source = new Source();
    const body = new Body(source, -1);
    const sink = new Sink();
    body.pipe(sink);
    body.pause();
    expect(source.paused).toBe(true);
    push(body, "late");
    body.finish();
    expect([sink.text, sink.ends]).toEqual(["", 0]);
    body.resume();
    expect([sink.text, sink.ends]).toEqual(["late", 1]);
  });

  test("a failure comes behind what was received before it", () => {
    const body = new Body(new Source(), 10);
    push(body, "part");
    body.fail(broken);
    const sink = new Sink();
    body.pipe(sink);
    expect([sink.text, sink.error, sink.ends]).toEqual(["part", broken, 0]);
  });

  test("cancel tells the source once and the sink nothing more", () => {
    const source = new Source();
    const body = new Body(source, -1);
    const sink = new Sink();
    body.pipe(sink);
    body.cancel(broken);
    push(body, "x");
    body.finish();
    expect(source.cancelled).toBe(broken);
    expect([sink.text, sink.ends, sink.error]).toEqual(["", 0, null]);
  });

  test("is read once, and its source hears when reading starts", () => {
    const source = new Source();
    const body = new Body(source, -1);
    expect(source.started).toBe(0);
    body.pipe(new Sink());
    expect(source.started).toBe(1);
    expect(() => body.pipe(new Sink())).toThrow("already been read");
  });

  test("any order of pushes, pauses and resumes gives the same bytes once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("push", "pause", "resume", "pipe"), { maxLength: 30 }),
        (steps) => {
          const body = new Body(new Source(), -1);
          const sink = new Sink();
          let expected = "";
          let piped = false;
          for (const [i, step] of steps.entries()) {
            if (step === "push") {
              push(body, `${i};`);
              expected += `${i};`;
            } else if (step === "pipe" && !piped) {
              piped = true;
              body.pipe(sink);
            } else if (step === "pause" && piped) body.pause();
            else if (step === "resume") body.resume();
          }
          body.finish();
          if (!piped) body.pipe(sink);
          body.resume();
          expect([sink.text, sink.ends]).toEqual([expected, 1]);
        },
      ),
    );
  });

  test("as a stream it gives all bytes, and fails as the source fails", async () => {
    const body = new Body(new Source(), -1);
    push(body, "one ");
    const reading = new Response(body.stream()).text();
    push(body, "two");
    body.finish();
    expect(await reading).toBe("one two");

    const failing = new Body(new Source(), -1);
    const failed = new Response(failing.stream()).text();
    push(failing, "x");
    failing.fail(broken);
    await expect(failed).rejects.toThrow("gone");
  });

  test("of a stream it gives all bytes, and a stream's error becomes a failure", async () => {
    const body = Body.fromStream(new Blob(["hello ", "world"]).stream());
    expect(new TextDecoder().decode(await body.bytes())).toBe("hello world");

    const text = new ReadableStream({
      start(controller) {
        for (const chunk of ["caf\u00e9", new Uint16Array([0x6161]), new Uint8Array([98]).buffer])
          controller.enqueue(chunk);
        controller.close();
      },
    });
    expect(new TextDecoder().decode(await Body.fromStream(text).bytes())).toBe("caf\u00e9aab");

    const wrong = new ReadableStream({ pull: (controller) => controller.enqueue(1) });
    await expect(Body.fromStream(wrong).bytes()).rejects.toMatchObject({
      cause: { message: "a body's stream gave a value of type number, expected bytes or text" },
    });

    const bad = Body.fromStream(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.error(new Error("disk on fire"));
        },
      }),
    );
    await expect(bad.bytes()).rejects.toBeInstanceOf(ProxyError);
  });
});

describe("Body.released", () => {
  class Holder extends Sink {
    holdsBytes = false;
  }

  test("is true once the bytes have left for a sink that holds none", () => {
    const body = new Body(new Source(), -1);
    const sink = new Holder();
    body.push(new Uint8Array(10), 0, 10);
    expect(body.released).toBe(false);
    body.pipe(sink);
    expect(body.released).toBe(true);
    sink.holdsBytes = true;
    expect(body.released).toBe(false);
    sink.holdsBytes = false;
    body.pause();
    body.push(new Uint8Array(10), 0, 10);
    expect(body.released).toBe(false);
    body.resume();
    body.finish();
    expect(body.released).toBe(true);
  });

  test("is false for readers that can't tell", async () => {
    const piped = Body.of(new Uint8Array(10));
    piped.pipe(new Sink());
    expect(piped.released).toBe(false);
    const gathered = Body.of(new Uint8Array(10));
    await gathered.bytes();
    expect(gathered.released).toBe(false);
    const streamed = Body.of(new Uint8Array(10));
    await new Response(streamed.stream()).arrayBuffer();
    expect(streamed.released).toBe(false);
  });
});
