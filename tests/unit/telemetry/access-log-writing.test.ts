import { describe, expect, test } from "bun:test";
import { LazyRequest } from "../../../src/http/lazy/lazy-request.ts";
import { DEFAULT_OBSERVABILITY } from "../../../src/http/observability.ts";
import { AccessLog, accessLogObserver } from "../../../src/telemetry/access-log/access-log.ts";
import { accessLogLink, line } from "../../support/access-log-line.ts";
import { makeRequest } from "../../support/http/make-request.ts";
import { MemoryFile } from "../../support/memory-file.ts";

describe("writing", () => {
  const many = (log: AccessLog, count: number) => {
    for (let i = 0; i < count; i++) log.log(makeRequest().exchange);
  };

  test("bufferingSize lines at a time", async () => {
    const file = new MemoryFile();
    const log = new AccessLog({ bufferingSize: 3 }, file);
    many(log, 7);
    expect([file.writes.length, file.lines().length]).toEqual([2, 6]);
    await log.close();
    expect([file.writes.length, file.lines().length, file.flushes, file.closed]).toEqual([
      3,
      7,
      1,
      false,
    ]);
  });

  test("64 KiB at the most wait, and whole lines only", async () => {
    const file = new MemoryFile();
    const log = new AccessLog({ bufferingSize: 1_000_000 }, file);
    many(log, 3000);
    expect(file.writes.length).toBeGreaterThan(1);
    for (const bytes of file.writes) {
      expect(bytes.length).toBeLessThan(66 * 1024);
      expect(bytes[bytes.length - 1]).toBe(0x0a);
    }
    await log.close();
    expect(file.lines()).toHaveLength(3000);
  });

  test("without a buffer each line is written at once", async () => {
    const file = new MemoryFile();
    const log = new AccessLog({}, file);
    for (let count = 1; count <= 3; count++) {
      many(log, 1);
      expect(file.lines()).toHaveLength(count);
    }
    await log.close();
  });

  test("with a buffer lines come out by themselves soon", async () => {
    const file = new MemoryFile();
    const written = new Promise<void>((resolve) => {
      const write = file.write.bind(file);
      file.write = (bytes) => {
        write(bytes);
        resolve();
      };
    });
    const log = new AccessLog({ bufferingSize: 1000 }, file);
    many(log, 2);
    expect(file.writes).toHaveLength(0);
    await written;
    expect(file.lines()).toHaveLength(2);
    await log.close();
  });

  test("reopen leaves what was logged before in the file before", async () => {
    const before = new MemoryFile();
    const behind = new MemoryFile();
    const log = new AccessLog({}, before);
    many(log, 2);
    expect(log.reopen(behind)).toBe(before);
    many(log, 1);
    await log.close();
    expect([before.lines().length, behind.lines().length]).toEqual([2, 1]);
  });

  test("a very long line is written whole", async () => {
    const target = `/${"\u00ff".repeat(300_000)}`;
    const text = await line({}, { target });
    expect(text.length).toBeGreaterThan(1_200_000);
    expect(text.match(/\\xff/g)).toHaveLength(300_000);
  });

  test("requests are counted as they come, and logged as they end", async () => {
    const file = new MemoryFile();
    const log = new AccessLog({}, file);
    const handler = accessLogLink(log)(() => new Response());
    const made = [makeRequest(), makeRequest(), makeRequest()];
    for (const { request, exchange } of made) handler(request, exchange);
    for (const { exchange } of made.reverse()) exchange.finish();
    await log.close();
    expect(file.lines().map((text) => Number(/"-" "-" (\d+) /.exec(text)![1]))).toEqual([3, 2, 1]);
  });

  test("a native Request is logged as well", async () => {
    const file = new MemoryFile();
    const log = new AccessLog({ fields: { headers: { defaultMode: "keep" } } }, file);
    const { exchange } = makeRequest();
    let passed: unknown;
    const request = new Request("http://example.com/", { headers: { "user-agent": "curl" } });
    accessLogLink(log)((given) => {
      passed = given;
      return new Response();
    })(request, exchange);
    exchange.finish();
    await log.close();
    expect(passed).toBeInstanceOf(LazyRequest);
    expect(file.text()).toContain('"curl"');
  });
});

test("the observer leaves routes out that are not to be logged, and internal ones unless asked", () => {
  const log = new AccessLog({}, new MemoryFile());
  const links = (addInternals: boolean) => {
    const observer = accessLogObserver(log, addInternals);
    return [true, false].flatMap((accessLogs) =>
      [false, true].map((internal) => {
        const observability = { ...DEFAULT_OBSERVABILITY, accessLogs };
        return observer.entryPoint!({ entryPoint: "web", observability, internal }) !== null;
      }),
    );
  };
  expect(links(false)).toEqual([true, false, false, false]);
  expect(links(true)).toEqual([true, true, false, false]);
});
