import assert from "node:assert/strict";
import { CODINGS, type Coding } from "../../src/core/codecs.ts";
import type { Case } from "./case.ts";
import { settle, within } from "./probe.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const plain = (bytes: Uint8Array) => new Uint8Array(bytes);

/** Programs, codecs, and what the engine tells of itself. */
export const ENGINE_CASES: Case[] = [
  {
    name: "programs are run to their end, without a shell",
    async run({ runCommand }) {
      const args = ["-c", 'printf %s "$1"; printf wrong >&2; exit 3', "sh", "a; b $c"];
      const expected = { code: 3, stdout: "a; b $c", stderr: "wrong" };
      assert.deepEqual(await runCommand({ program: "sh", args }), expected);
      await assert.rejects(runCommand({ program: "/nowhere/program", args: [] }));
      const reason = new Error("long enough");
      const signal = AbortSignal.any([AbortSignal.timeout(60_000), AbortSignal.abort(reason)]);
      await assert.rejects(runCommand({ program: "sleep", args: ["60"], signal }), reason);
      const controller = new AbortController();
      const running = runCommand({ program: "sleep", args: ["60"], signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);
      await assert.rejects(running, reason);
    },
  },
  {
    name: "bodies are encoded, at once or as they come",
    async run(runtime) {
      const codecs = await runtime.codecs();
      const zlib = await import("node:zlib");
      const decoders: Record<Coding, (bytes: Uint8Array) => Uint8Array> = {
        gzip: (bytes) => zlib.gunzipSync(bytes),
        br: (bytes) => zlib.brotliDecompressSync(bytes),
        zstd: (bytes) => zlib.zstdDecompressSync(bytes),
      };
      const text = encode("all work and no play ".repeat(20_000));
      for (const coding of CODINGS) {
        assert.deepEqual(plain(decoders[coding](codecs.encode(coding, text))), text);
        const chunks: Uint8Array[] = [];
        const ended = Promise.withResolvers<void>();
        let flushed = Promise.withResolvers<void>();
        const encoder = codecs.encoder(coding, {
          encoded(bytes) {
            chunks.push(bytes.slice());
            flushed.resolve();
          },
          drained() {},
          ended: ended.resolve,
          failed: ended.reject,
        });
        // Each event comes out by itself.
        for (const word of ["first ", "second "]) {
          flushed = Promise.withResolvers();
          encoder.write(encode(word));
          encoder.flush();
          await within("an event", flushed.promise);
        }
        for (let at = 0; at < text.length; at += 50_000)
          encoder.write(text.subarray(at, at + 50_000));
        encoder.end();
        await within("the end", ended.promise);
        const decoded = decode(
          decoders[coding](new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer())),
        );
        assert.equal(decoded, `first second ${decode(text)}`);
        const left = codecs.encoder(coding, {
          encoded: () => assert.fail("heard of an encoder that was given up"),
          drained() {},
          ended: () => assert.fail("heard the end of an encoder that was given up"),
          failed: (error) => assert.fail(String(error)),
        });
        left.write(text);
        left.abort();
      }
      await settle();
    },
  },
  {
    name: "the engine tells of its memory and of what runs",
    async run({ diagnostics }) {
      const memory = await diagnostics.memory();
      for (const name of ["Sys", "HeapSys", "HeapAlloc"]) assert.ok(memory[name] > 0, name);
      const profiled = diagnostics.cpuProfile(60);
      // An engine that has nothing to do may have nothing to tell.
      await new Promise((resolve) => setTimeout(resolve, 10));
      for (const until = performance.now() + 30; performance.now() < until; ) Math.random();
      const profile = JSON.parse(await profiled);
      assert.ok(profile.nodes.length > 0 && profile.endTime >= profile.startTime);
    },
  },
];
