import { describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { nodeFiles } from "../../../../runtime/node/files.ts";
import { ProxyError } from "../../../../src/core/errors.ts";
import { SpooledBody } from "../../../../src/http/bodies/spooled-body.ts";
import type { Body } from "../../../../src/http/body.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";
import { FedBody } from "../../../support/sockets/upstream-scene.ts";
import { waitFor } from "../../../support/wait-for.ts";

const GONE = new ProxyError("client-gone", "downstream", "gone");
const OPTIONS = { files: nodeFiles, memory: 100, most: 0 };
const never = () => {};

/** Temporary files that are open. */
function openFiles(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(`${tmpdir()}/`) && path.endsWith(" (deleted)");
    } catch {
      return false;
    }
  }).length;
}

/** Reads a body with pauses, in pieces. */
function slowly(body: Body): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    body.pipe({
      bodyChunk(bytes, start, end) {
        chunks.push(bytes.slice(start, end));
        body.pause();
        setTimeout(() => body.resume(), 0);
      },
      bodyFlush() {},
      bodyEnd: () => resolve(Buffer.concat(chunks)),
      bodyFail: reject,
    });
  });
}

describe("SpooledBody", () => {
  test("puts small pieces together: each alone takes a hundred times its bytes", async () => {
    const fed = new FedBody();
    const pending = SpooledBody.of(fed.body, { ...OPTIONS, memory: 10_000 }, never);
    for (let i = 0; i < 5000; i++) fed.push(String(i % 10));
    fed.body.finish();
    const pieces: string[] = [];
    (await pending)!.body().pipe({
      bodyChunk: (bytes, start, end) =>
        void pieces.push(new TextDecoder().decode(bytes.subarray(start, end))),
      bodyFlush() {},
      bodyEnd() {},
      bodyFail() {},
    });
    expect(pieces.length).toBeLessThan(10);
    expect(pieces.join("")).toBe("0123456789".repeat(500));
  });

  test("has all bytes again, however they come and wherever they are kept", async () => {
    const sizes = fc.array(fc.oneof(fc.nat(300), fc.nat(200_000)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(1000), fc.boolean(), async (lengths, memory, twice) => {
        const fed = new FedBody();
        const pending = SpooledBody.of(fed.body, { ...OPTIONS, memory }, never);
        let seed = 7;
        const all = lengths.map((length) =>
          new Uint8Array(length).map(() => (seed = seed * 31 + 7)),
        );
        for (const bytes of all) if (bytes.length > 0) fed.push(bytes);
        fed.body.finish();
        const spooled = (await pending)!;
        const expected = Buffer.concat(all);
        expect(spooled.size).toBe(expected.length);
        const body = spooled.body();
        expect(body.length).toBe(expected.length);
        expect(Buffer.from(await slowly(body)).equals(expected)).toBe(true);
        if (twice) expect(Buffer.from(await spooled.body().bytes()).equals(expected)).toBe(true);
        spooled.close();
      }),
      { numRuns: 40 },
    );
    await waitFor("all files to be closed", () => openFiles() === 0);
  });

  test("holds its source up while the file is written", async () => {
    const fed = new FedBody();
    const pending = SpooledBody.of(fed.body, OPTIONS, never);
    fed.push(new Uint8Array(70_000));
    expect(fed.paused).toBe(true);
    await waitFor("the file to be written", () => !fed.paused);
    expect(openFiles()).toBe(1);
    fed.body.finish();
    (await pending)!.close();
    await waitFor("the file to be closed", () => openFiles() === 0);
  });

  test("keeps trailers, and says no length then", async () => {
    const fed = new FedBody();
    const pending = SpooledBody.of(fed.body, OPTIONS, never);
    fed.push("abc");
    const trailers = HeaderList.from([["X-Sum", "3"]]);
    fed.body.finish(trailers);
    const body = (await pending)!.body();
    expect([body.length, (await body.bytes()).length, body.trailers]).toEqual([-1, 3, trailers]);
  });

  test("is none where there are too many bytes, and its source is told", async () => {
    const announced = new FedBody(11);
    expect(await SpooledBody.of(announced.body, { ...OPTIONS, most: 10 }, never)).toBeNull();
    expect(announced.heard).toHaveLength(1);
    const fed = new FedBody();
    const pending = SpooledBody.of(fed.body, { files: nodeFiles, memory: 1, most: 100_000 }, never);
    fed.push(new Uint8Array(99_999));
    await waitFor("the file to be written", () => !fed.paused);
    fed.push("ab");
    expect(await pending).toBeNull();
    expect(fed.heard.at(-1)).toStartWith("cancel");
    await waitFor("the file to be closed", () => openFiles() === 0);
  });

  test("rejects where its source breaks off, nothing wants it, or the file can't be written", async () => {
    const broken = new FedBody();
    const pending = SpooledBody.of(broken.body, OPTIONS, never);
    broken.push(new Uint8Array(70_000));
    broken.body.fail(GONE);
    await expect(pending).rejects.toBe(GONE);

    const unwanted = new FedBody();
    let abort = (_: ProxyError) => {};
    const other = SpooledBody.of(unwanted.body, OPTIONS, (hook) => {
      abort = hook;
    });
    unwanted.push(new Uint8Array(70_000));
    abort(GONE);
    await expect(other).rejects.toBe(GONE);
    expect(unwanted.heard.at(-1)).toBe("cancel: gone");
    await waitFor("all files to be closed", () => openFiles() === 0);

    const full = new FedBody();
    const error = new Error("no space left");
    const files = { temporary: () => Promise.reject(error) };
    const third = SpooledBody.of(full.body, { files, memory: 1, most: 0 }, never);
    full.push(new Uint8Array(70_000));
    await expect(third).rejects.toBe(error);
    expect(full.heard.at(-1)).toStartWith("cancel");
  });

  test("a body that is read when the file is gone breaks off", async () => {
    const fed = new FedBody();
    const pending = SpooledBody.of(fed.body, OPTIONS, never);
    fed.push(new Uint8Array(200_000));
    fed.body.finish();
    const spooled = (await pending)!;
    const body = spooled.body();
    spooled.close();
    await expect(body.bytes()).rejects.toThrow("can't be read");
  });
});
