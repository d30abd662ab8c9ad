import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import {
  TcpHealthCheck,
  type TcpHealthCheckOptions,
} from "../../../src/health/tcp-health-check.ts";
import type { TcpServer } from "../../../src/services/tcp/tcp-proxy.ts";
import { silentLogger } from "../core/silent-logger.ts";
import { FakeConnection } from "../net/fake-connection.ts";
import { FakeDialler } from "../net/fake-dialler.ts";

const server = (hostname: string): TcpServer => ({
  hostname,
  port: 5432,
  dialTimeout: 0,
  terminationDelay: 100,
  proxyProtocol: 1,
  tls: undefined,
});

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Lets what waits for a check's outcome go on. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

function check(options: Partial<TcpHealthCheckOptions> = {}, servers = [server("a.test")]) {
  const dialler = new FakeDialler();
  const reports: [number, boolean][] = [];
  const logs: string[] = [];
  const log = (message: string, fields?: Record<string, unknown>) =>
    void logs.push([message, fields?.["targetAddress"], fields?.["error"]].join(" | "));
  const running = new TcpHealthCheck(
    servers,
    {
      port: undefined,
      send: "",
      expect: "",
      interval: 30_000,
      unhealthyInterval: 5000,
      timeout: 1000,
      ...options,
    },
    {
      service: "s@file",
      connect: dialler.connect,
      logger: silentLogger({ debug: log, info: log, warn: log, error: log }),
      report: (index, up) => void reports.push([index, up]),
    },
  );
  return { running, dialler, reports, logs };
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("when", () => {
  test("first after an interval, then an interval after each outcome", async () => {
    const { dialler, reports } = check();
    jest.advanceTimersByTime(29_999);
    expect(dialler.dials).toHaveLength(0);
    jest.advanceTimersByTime(1);
    expect(dialler.dials).toHaveLength(1);
    dialler.dials[0].connects();
    await settled();
    expect(reports).toEqual([[0, true]]);
    jest.advanceTimersByTime(30_000);
    expect(dialler.dials).toHaveLength(2);
  });

  test("those that are down are checked at the unhealthyInterval", async () => {
    const { dialler, reports } = check();
    jest.advanceTimersByTime(30_000);
    dialler.dials[0].fails();
    await settled();
    jest.advanceTimersByTime(5000);
    dialler.dials[1].connects();
    await settled();
    jest.advanceTimersByTime(5000);
    expect(dialler.dials).toHaveLength(2);
    expect(reports).toEqual([
      [0, false],
      [0, true],
    ]);
  });

  test("never again once it is stopped, and an outcome that comes then is nobody's", async () => {
    const { running, dialler, reports } = check();
    jest.advanceTimersByTime(30_000);
    running.stop();
    dialler.dials[0].fails();
    await settled();
    jest.advanceTimersByTime(1e6);
    expect(dialler.dials).toHaveLength(1);
    expect(reports).toEqual([]);
  });

  test("each server on its own", async () => {
    const { dialler, reports } = check({}, [server("a.test"), server("b.test")]);
    jest.advanceTimersByTime(30_000);
    expect(dialler.dials.map(({ options }) => options.hostname)).toEqual(["a.test", "b.test"]);
    dialler.dials[1].fails();
    dialler.dials[0].connects();
    await settled();
    expect(reports.sort()).toEqual([
      [0, true],
      [1, false],
    ]);
  });
});

describe("what", () => {
  /** One check; its outcome after `talk` with the server. */
  async function outcome(
    options: Partial<TcpHealthCheckOptions>,
    talk: (connection: ReturnType<FakeDialler["dials"][number]["connects"]>) => void,
  ) {
    const { dialler, reports, logs } = check(options);
    jest.advanceTimersByTime(30_000);
    const [dial] = dialler.dials;
    const connection = dial.connects();
    talk(connection);
    await settled();
    return { up: reports[0]?.[1], connection, dial, log: logs[0] };
  }

  test("a server that accepts is up, and isn't told of a client", async () => {
    const { up, connection, dial } = await outcome({}, () => {});
    expect(up).toBe(true);
    expect(connection.closed).toBe(true);
    expect(dial.options).toEqual({ hostname: "a.test", port: 5432, tls: undefined });
  });

  test("another port may be asked", async () => {
    const { dial } = await outcome({ port: 9 }, () => {});
    expect(dial.options.port).toBe(9);
  });

  test("what is to be sent is sent; where nothing is expected that is all", async () => {
    const { up, connection } = await outcome({ send: "PING\r\n" }, () => {});
    expect(up).toBe(true);
    expect(connection.sent).toEqual(bytes("PING\r\n"));
  });

  test("the answer begins as expected, in whatever pieces, with more behind it", async () => {
    const { up } = await outcome({ send: "PING", expect: "+PÖNG" }, ({ handler }) => {
      for (const byte of bytes("+PÖNG\r\n")) handler.data(Uint8Array.of(byte));
    });
    expect(up).toBe(true);
  });

  test("an answer that begins otherwise is one of a server that is down", async () => {
    for (const answer of ["-ERR", "+PING"]) {
      const { up, log } = await outcome({ send: "PING", expect: "+PONG" }, ({ handler }) =>
        handler.data(bytes(answer)),
      );
      expect(up).toBe(false);
      expect(log).toContain("a.test:5432 | the server answers something else than expected");
    }
  });

  test("so is an end before the answer, and a reset", async () => {
    for (const ending of ["end", "close"] as const) {
      const { up } = await outcome({ expect: "220" }, ({ handler }) => {
        handler.data(bytes("22"));
        handler[ending]();
      });
      expect(up).toBe(false);
    }
  });

  test("and silence, for as long as the timeout", async () => {
    const { up, connection, log } = await outcome({ expect: "220" }, () => {
      jest.advanceTimersByTime(1000);
    });
    expect(up).toBe(false);
    expect(connection.closed).toBe(true);
    expect(log).toContain("no answer within the timeout");
  });

  test("a dial without an answer is taken back at the timeout", async () => {
    const { dialler, reports } = check();
    jest.advanceTimersByTime(30_000);
    jest.advanceTimersByTime(1000);
    await settled();
    expect(dialler.dials[0].cancelled).toBe(true);
    expect(reports).toEqual([[0, false]]);
  });
});

test("a payload that doesn't go out at once goes out whole", async () => {
  const { dialler, reports } = check({ send: "x".repeat(1000) });
  jest.advanceTimersByTime(30_000);
  const connection = new FakeConnection();
  connection.capacities = [400, 0];
  dialler.dials[0].connects(connection);
  await settled();
  expect(reports).toEqual([]);
  connection.drain();
  connection.drain();
  await settled();
  expect(connection.sent).toHaveLength(1000);
  expect(reports).toEqual([[0, true]]);
});

test("the log tells of changes, not of every check", async () => {
  const { dialler, logs } = check({ unhealthyInterval: 30_000 });
  const outcomes = [true, false, false, true, true];
  for (const [i, up] of outcomes.entries()) {
    jest.advanceTimersByTime(30_000);
    if (up) dialler.dials[i].connects();
    else dialler.dials[i].fails();
    await settled();
  }
  expect(logs).toEqual([
    "Health check failed: the server is down | a.test:5432 | connection refused",
    "Health check succeeded again: the server is up | a.test:5432 | ",
  ]);
});
