import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../src/core/errors.ts";
import type { Exchange } from "../../../src/http/exchange.ts";
import { AccessLog } from "../../../src/telemetry/access-log/access-log.ts";
import type { AccessLogOptions } from "../../../src/telemetry/access-log/access-log-fields.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";
import { type Logged, line } from "../../support/access-log-line.ts";
import { makeRequest, receivedHeaders, TLS } from "../../support/http/make-request.ts";
import { MemoryFile } from "../../support/memory-file.ts";

const ROUTED: Partial<Exchange> = {
  router: "api@file",
  service: "users@file",
  serverUrl: "http://10.0.0.2:8080",
  serverAddress: "10.0.0.2:8080",
};
const KEEP = { headers: { names: { "user-agent": "keep", Referer: "keep" } } };
const TIME = String.raw`\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]`;
const pattern = (text: string) =>
  new RegExp(
    `^${text
      .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replace("TIME", TIME)
      .replace("N ms", "\\d+ms")}\n$`,
  );

describe("common", () => {
  test("a routed request", async () => {
    expect(await line({}, { target: "/users?id=7", note: ROUTED })).toMatch(
      pattern(
        '192.0.2.7 - - TIME "GET /users?id=7 HTTP/1.1" 200 1234 "-" "-" 1 "api@file" "http://10.0.0.2:8080" N ms',
      ),
    );
  });

  test("a request that no router took", async () => {
    expect(await line({}, { note: { status: 404, responseBytes: 19 } })).toMatch(
      pattern('192.0.2.7 - - TIME "GET / HTTP/1.1" 404 19 "-" "-" 1 "-" "-" N ms'),
    );
  });

  test("headers that are kept and redacted, a user, quotes", async () => {
    const headers = [
      ["User-Agent", 'foo " bar\\'],
      ["Referer", "http://a/"],
      ["referer", "http://b/"],
    ] as const;
    const note = { clientUsername: "jane" };
    expect(await line({ fields: KEEP }, { headers, note })).toMatch(
      pattern(
        String.raw`192.0.2.7 - jane TIME "GET / HTTP/1.1" 200 1234 "http://a/,http://b/" "foo \" bar\\" 1 "-" "-" N ms`,
      ),
    );
    const redacted = { headers: { defaultMode: "redact" } };
    expect(await line({ fields: redacted }, { headers })).toContain(
      ' 1234 "REDACTED" "REDACTED" 1 ',
    );
    expect(await line({ fields: redacted })).toContain(' 1234 "-" "-" 1 ');
    expect(await line({ fields: KEEP }, { headers: [["User-Agent", ""]] })).toContain(
      ' 1234 "-" "-" 1 ',
    );
  });

  test("the client is X-Forwarded-For's, as the entrypoint left it", async () => {
    const headers = [["X-Forwarded-For", "203.0.113.9, 198.51.100.2"]] as const;
    expect(await line({}, { headers })).toStartWith("203.0.113.9, 198.51.100.2 - - [");
  });

  test("the normal target where there is one, without the query where that is dropped", async () => {
    const note = { normalTarget: "/b?c=d" };
    expect(await line({}, { target: "/a/../b?c=d", note })).toContain('"GET /b?c=d HTTP/1.1"');
    const fields = { queryParameters: { defaultMode: "drop" } };
    expect(await line({ fields }, { target: "/a/../b?c=d", note })).toContain('"GET /b HTTP/1.1"');
  });

  test("fields that are dropped", async () => {
    const text = await line(
      { fields: { defaultMode: "drop", names: { requestPATH: "keep", ClientUsername: "odd" } } },
      { took: 50, note: ROUTED },
    );
    expect(text).toBe('- - - [-] "- / -" - - "-" "-" - "-" "-" 0ms\n');
    expect(await line({ fields: { names: { StartUTC: "drop" } } })).toMatch(
      /^192\.0\.2\.7 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET/,
    );
  });

  test("genericCLF is the classic line", async () => {
    expect(await line({ format: "genericCLF" }, { note: ROUTED })).toMatch(
      pattern('192.0.2.7 - - TIME "GET / HTTP/1.1" 200 1234 "-" "-"'),
    );
  });

  test("the request's time is when it began, its duration in whole milliseconds", async () => {
    const before = Date.now();
    const text = await line({}, { took: 65_000 });
    const [, time, took] = /\[(.*?)\].* (\d+)ms/.exec(text)!;
    const [day, month, year, clock] = time.split(/[/ ]|(?<=\d{4}):/);
    const began = Date.parse(`${day} ${month} ${year} ${clock} GMT`);
    expect(began).toBeGreaterThanOrEqual(before - 65_000 - 2000);
    expect(began).toBeLessThanOrEqual(before - 65_000 + 2000);
    expect(Number(took)).toBeGreaterThanOrEqual(65_000);
  });
});

describe("json", () => {
  const json = async (options: AccessLogOptions, logged?: Logged) =>
    JSON.parse(await line({ ...options, format: "json" }, logged));

  test("Traefik's keys, sorted", async () => {
    const entry = await json(
      {},
      {
        target: "/users?id=7",
        host: "example.com:8080",
        took: 20,
        tls: TLS,
        note: {
          ...ROUTED,
          originStatus: 200,
          originDuration: 15,
          originBytes: 2468,
          requestBytes: 17,
          retries: 1,
        },
      },
    );
    expect(Object.keys(entry)).toEqual([...Object.keys(entry)].sort());
    const { Duration, Overhead, StartLocal, StartUTC, time, ...rest } = entry;
    expect(rest).toEqual({
      ClientAddr: "192.0.2.7:4711",
      ClientHost: "192.0.2.7",
      ClientPort: "4711",
      ClientUsername: "-",
      DownstreamContentSize: 1234,
      DownstreamStatus: 200,
      GzipRatio: 2,
      OriginContentSize: 2468,
      OriginDuration: 15_000_000,
      OriginStatus: 200,
      RequestAddr: "example.com:8080",
      RequestContentSize: 17,
      RequestCount: 1,
      RequestHost: "example.com",
      RequestMethod: "GET",
      RequestPath: "/users?id=7",
      RequestPort: "8080",
      RequestProtocol: "HTTP/1.1",
      RequestScheme: "https",
      RetryAttempts: 1,
      RouterName: "api@file",
      ServiceAddr: "10.0.0.2:8080",
      ServiceName: "users@file",
      ServiceURL: "http://10.0.0.2:8080",
      TLSCipher: "TLS_AES_128_GCM_SHA256",
      TLSVersion: "1.3",
      entryPointName: "web",
      level: "info",
      msg: "",
    });
    expect(Duration).toBeGreaterThanOrEqual(20_000_000);
    expect(Overhead).toBe(Duration - 15_000_000);
    expect(StartUTC).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/);
    expect(Date.parse(StartLocal)).toBe(Date.parse(StartUTC));
    expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(5000);
  });

  test("what Sluice answers by itself has the ratio 0, and a trace its ids", async () => {
    const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
    const entry = await json({}, { note: { trace: trace as never } });
    expect(entry).toMatchObject({
      GzipRatio: 0,
      TraceId: trace.traceId,
      SpanId: trace.spanId,
      trace_id: trace.traceId,
      span_id: trace.spanId,
    });
    expect(Object.keys(entry)).toEqual(Object.keys(entry).sort());
  });

  test("without a service, host, TLS there are no such fields", async () => {
    const entry = await json({}, { host: "", remote: "2001:db8::1" });
    for (const key of [
      "RouterName",
      "ServiceName",
      "ServiceURL",
      "ServiceAddr",
      "RequestAddr",
      "RequestHost",
      "RequestPort",
      "TLSVersion",
      "TraceId",
      "trace_id",
    ]) {
      expect(entry).not.toHaveProperty(key);
    }
    expect(entry).toMatchObject({
      ClientAddr: "[2001:db8::1]:4711",
      ClientHost: "2001:db8::1",
      OriginStatus: 0,
      OriginContentSize: 0,
      OriginDuration: 0,
      RequestScheme: "http",
    });
  });

  test("headers both ways, and the service's", async () => {
    const note = {
      originHeaders: receivedHeaders([["server", "nginx"]]),
      responseHeaders: HeaderList.from([
        ["x-served-by", "us"],
        ["Set-Cookie", "a"],
        ["set-cookie", "b"],
      ]),
    };
    const headers = [
      ["Host", "x"],
      ["sec-websocket-KEY", "k"],
      ["X-Odd_name", "1"],
      ["x-odd_Name", "2"],
      ["Authorization", "secret"],
      ["Cookie", "dropped"],
    ] as const;
    const entry = await json(
      {
        fields: {
          headers: { defaultMode: "keep", names: { authorization: "redact", COOKIE: "drop" } },
        },
      },
      { headers, note },
    );
    const found = Object.fromEntries(
      Object.entries(entry).filter(([key]) => /^(request|origin|downstream)_/.test(key)),
    );
    expect(found).toEqual({
      origin_Server: "nginx",
      "downstream_X-Served-By": "us",
      "downstream_Set-Cookie": "a,b",
      "request_Sec-Websocket-Key": "k",
      "request_X-Odd_name": "1,2",
      request_Authorization: "REDACTED",
    });
    expect(Object.keys(await json({}, { headers, note })).some((key) => key.includes("_"))).toBe(
      false,
    );
  });

  test("fields that are dropped", async () => {
    const entry = await json(
      { fields: { defaultMode: "drop", names: { DownstreamStatus: "keep" } } },
      { note: ROUTED },
    );
    expect(Object.keys(entry)).toEqual(["DownstreamStatus", "level", "msg", "time"]);
    expect(Object.keys(await json({ fields: { defaultMode: "drop" } }))).toEqual([
      "level",
      "msg",
      "time",
    ]);
  });
});

describe("the status of what was never sent", () => {
  const status = async (prepare: (exchange: Exchange) => void) => {
    const { exchange } = makeRequest();
    prepare(exchange);
    const file = new MemoryFile();
    const log = new AccessLog({}, file);
    log.log(exchange);
    await log.flush();
    return Number(/" (\d+) /.exec(file.text())![1]);
  };
  test("499 where the client went away", async () => {
    expect(
      await status((exchange) =>
        exchange.abort(new ProxyError("client-gone", "downstream", "gone")),
      ),
    ).toBe(499);
  });
  test("the failure's", async () => {
    expect(
      await status(
        (exchange) => void (exchange.error = new ProxyError("connect-failed", "upstream", "no")),
      ),
    ).toBe(502);
  });
  test("what was sent counts more", async () => {
    expect(
      await status((exchange) => {
        exchange.status = 200;
        exchange.abort(new ProxyError("client-gone", "downstream", "gone"));
      }),
    ).toBe(200);
  });
});

describe("filters", () => {
  const logged = async (filters: AccessLogOptions["filters"], logged: Logged) =>
    (await line({ filters }, logged)) !== "";
  test("none, or an empty one, keep everything", async () => {
    expect(await logged(undefined, {})).toBe(true);
    expect(await logged({ statusCodes: [], retryAttempts: false, minDuration: 0 }, {})).toBe(true);
  });
  test("one that takes the exchange is enough", async () => {
    const filters = { statusCodes: ["404", "500-599"], retryAttempts: true, minDuration: 10_000 };
    const cases: [note: Partial<Exchange>, took: number, kept: boolean][] = [
      [{ status: 200 }, 0, false],
      [{ status: 404 }, 0, true],
      [{ status: 499 }, 0, false],
      [{ status: 500 }, 0, true],
      [{ status: 599 }, 0, true],
      [{ status: 200, retries: 1 }, 0, true],
      [{ status: 200 }, 10_001, true],
    ];
    for (const [note, took, kept] of cases)
      expect([note, await logged(filters, { note, took })]).toEqual([note, kept]);
  });
  test("what is no status code stops the start", () => {
    for (const bad of ["", "4xx", "200-", "-300", "200-300-400", "20"]) {
      expect(() => new AccessLog({ filters: { statusCodes: [bad] } }, new MemoryFile())).toThrow(
        JSON.stringify(bad),
      );
    }
    expect(() => new AccessLog({ format: "xml" }, new MemoryFile())).toThrow('"xml"');
  });
});
