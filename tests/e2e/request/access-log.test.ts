import { describe, expect, test } from "bun:test";
import { readFileSync, renameSync } from "node:fs";
import { get } from "../../support/http/get.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const backend = () =>
  startUpstream(
    answering(({ target }) =>
      target.startsWith("/missing")
        ? plain("no", "404 Not Found")
        : plain("hello", "200 OK", ["X-Origin: o"]),
    ),
  );

function dynamic(url: string): string {
  const http = {
    routers: {
      app: { rule: "Host(`app.test`)", service: "backend" },
      quiet: {
        rule: "Host(`quiet.test`)",
        service: "backend",
        observability: { accessLogs: false },
      },
    },
    services: { backend: { loadBalancer: { servers: [{ url }] } } },
  };
  return JSON.stringify({ http });
}

const start = (url: string, accessLog: string, more = "") =>
  startRouter({ dynamic: dynamic(url), static: `accessLog: {${accessLog}}\n${more}` });

const text = (router: Router, name = "access.log") => {
  try {
    return readFileSync(`${router.program.directory}/${name}`, "latin1");
  } catch {
    return "";
  }
};

const linesOf = (log: string) => log.split("\n").filter((line) => line !== "");

/** So many lines of a log file, once they are there. */
const lines = (router: Router, count: number, name?: string) =>
  waitFor(`${count} lines`, () => {
    const found = linesOf(text(router, name));
    return found.length >= count ? found : undefined;
  });

describe("the common format", () => {
  test("to a file: the line is Traefik's", async () => {
    using upstream = backend();
    await using router = await start(upstream.url, "filePath: access.log");
    await get(router.port, "/a?b=1", ["User-Agent: ua", "Referer: http://r.test"]);
    await get(router.port, "/", ["Host: quiet.test"]);
    await get(router.port, "/nobody", ["Host: nobody.test"]);
    const [app, nobody, ...others] = await lines(router, 2);
    const time = "\\[\\d\\d/\\w{3}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}\\]";
    expect(app).toMatch(
      new RegExp(
        `^127\\.0\\.0\\.1 - - ${time} "GET /a\\?b=1 HTTP/1\\.1" 200 5 "-" "-" 1 "app@file" "${upstream.url}" \\d+ms$`,
      ),
    );
    expect(nobody).toMatch(
      new RegExp(
        `^127\\.0\\.0\\.1 - - ${time} "GET /nobody HTTP/1\\.1" 404 19 "-" "-" 2 "-" "-" \\d+ms$`,
      ),
    );
    expect(others).toEqual([]);
  });

  test("to standard output, beside the log; genericCLF ends with the browser", async () => {
    using upstream = backend();
    const fields = "fields: {headers: {names: {User-Agent: keep, Referer: redact}}}";
    await using router = await start(
      upstream.url,
      `format: genericCLF, ${fields}`,
      "log: {level: INFO, format: json}",
    );
    await get(router.port, "/", ["User-Agent: some browser", "Referer: secret"]);
    await router.program.logged(
      /^127\.0\.0\.1 - - \[[^\]]+\] "GET \/ HTTP\/1\.1" 200 5 "REDACTED" "some browser"$/m,
    );
    await router.program.stop();
    const log = linesOf(router.program.stdout).filter((line) => line.startsWith("{"));
    const messages = log.map((line) => JSON.parse(line));
    expect(messages.map((entry) => entry.message)).toEqual([
      "Starting Sluice",
      "Configuration loaded",
      "Listening",
      "Sluice is ready",
      "Shutting down",
      "Shut down",
    ]);
    for (const entry of messages) {
      expect(entry.level).toBe("info");
      expect(Date.parse(entry.time)).toBeGreaterThan(0);
    }
  });
});

test("JSON: fields, headers by mode", async () => {
  using upstream = backend();
  const fields = [
    "names: {StartUTC: drop, ClientPort: drop}",
    "headers: {defaultMode: drop, names: {X-Kept: keep, X-Redacted: redact, X-Origin: keep}}",
  ].join(", ");
  await using router = await start(
    upstream.url,
    `format: json, filePath: access.log, fields: {${fields}}`,
  );
  using client = await router.client();
  await client.request(
    "POST /p?q HTTP/1.1\r\nHost: app.test:88\r\nX-Kept: 1\r\nX-Redacted: 2\r\nX-Dropped: 3\r\nContent-Length: 3\r\n\r\nabc",
  );
  const [line] = await lines(router, 1);
  const entry = JSON.parse(line);
  expect(entry).toMatchObject({
    ClientHost: "127.0.0.1",
    DownstreamContentSize: 5,
    DownstreamStatus: 200,
    OriginContentSize: 5,
    OriginStatus: 200,
    RequestAddr: "app.test:88",
    RequestContentSize: 3,
    RequestCount: 1,
    RequestHost: "app.test",
    RequestMethod: "POST",
    RequestPath: "/p?q",
    RequestPort: "88",
    RequestProtocol: "HTTP/1.1",
    RequestScheme: "http",
    RetryAttempts: 0,
    RouterName: "app@file",
    ServiceAddr: `127.0.0.1:${upstream.port}`,
    ServiceName: "backend@file",
    ServiceURL: upstream.url,
    entryPointName: "web",
    "request_X-Kept": "1",
    "request_X-Redacted": "REDACTED",
    "origin_X-Origin": "o",
    "downstream_X-Origin": "o",
    level: "info",
    msg: "",
  });
  for (const absent of ["StartUTC", "ClientPort", "request_X-Dropped", "request_Host"])
    expect(entry).not.toHaveProperty([absent]);
  expect(entry.Duration).toBeGreaterThan(0);
  expect(entry.OriginDuration).toBeGreaterThan(0);
  expect(entry.Overhead).toBe(entry.Duration - entry.OriginDuration);
});

test("filters are OR-ed", async () => {
  using upstream = backend();
  await using router = await start(
    upstream.url,
    'filePath: access.log, filters: {statusCodes: ["404", "500-599"], minDuration: 10m}',
  );
  await get(router.port, "/fine");
  await get(router.port, "/missing");
  await get(router.port, "/none", ["Host: nobody.test"]);
  await router.program.stop();
  expect(linesOf(text(router)).map((line) => line.split('"')[1])).toEqual([
    "GET /missing HTTP/1.1",
    "GET /none HTTP/1.1",
  ]);
});

test("ping is left out unless addInternals asks for it", async () => {
  using upstream = backend();
  for (const internals of [false, true]) {
    await using router = await start(
      upstream.url,
      `filePath: access.log, addInternals: ${internals}`,
      "ping: {entryPoint: web}",
    );
    await get(router.port, "/ping");
    await get(router.port, "/app");
    await router.program.stop();
    expect(linesOf(text(router)).length).toBe(internals ? 2 : 1);
  }
});

test("bufferingSize holds lines together and loses none at the end", async () => {
  using upstream = backend();
  await using router = await start(upstream.url, "filePath: access.log, bufferingSize: 1000");
  using client = await router.client();
  for (let i = 0; i < 25; i++) await client.request(`GET /${i} HTTP/1.1\r\nHost: app.test\r\n\r\n`);
  await router.program.stop();
  expect(linesOf(text(router)).map((line) => /GET \/(\d+)/.exec(line)![1])).toEqual(
    Array.from({ length: 25 }, (_, i) => String(i)),
  );
});

test("SIGUSR1 reopens both logs after they were moved away", async () => {
  using upstream = backend();
  await using router = await start(
    upstream.url,
    "filePath: access.log",
    "log: {level: INFO, filePath: sluice.log}",
  );
  const { directory } = router.program;
  await get(router.port, "/before");
  await lines(router, 1);
  for (const name of ["access.log", "sluice.log"])
    renameSync(`${directory}/${name}`, `${directory}/${name}.1`);
  router.program.signal("SIGUSR1");
  await waitFor("the new files", async () => {
    await get(router.port, "/after");
    return text(router) !== "";
  });
  await router.program.stop();
  expect(text(router, "access.log.1")).toContain("GET /before");
  expect(text(router)).not.toContain("GET /before");
  expect(text(router, "sluice.log.1")).toContain("Sluice is ready");
  expect(text(router, "sluice.log")).toContain("Shut down");
  expect(text(router, "sluice.log")).not.toContain("\u001b");
});

test("nothing that a client sends forges a line or a field", async () => {
  using upstream = backend();
  const hostile = [
    'User-Agent: x" 200 1 "-" "forged',
    'Referer: \\" \u00e9\u0085',
    "X-Forwarded-For: 9.9.9.9 - admin [now]",
  ];
  for (const format of ["common", "json"]) {
    await using router = await startRouter({
      web: "    forwardedHeaders: {insecure: true}",
      dynamic: dynamic(upstream.url),
      static: `accessLog: {format: ${format}, filePath: access.log, fields: {headers: {defaultMode: keep}}}`,
    });
    using client = await RawClient.connect(router.port);
    const { status } = await client.request(
      `GET /"a\\ HTTP/1.1\r\nHost: app.test\r\n${hostile.join("\r\n")}\r\n\r\n`,
    );
    expect(status).toBe(200);
    await router.program.stop();
    const log = text(router);
    expect(log).toMatch(/^[\x20-\x7e]+\n$/);
    if (format === "json") {
      expect(JSON.parse(log)).toMatchObject({
        "request_User-Agent": 'x" 200 1 "-" "forged',
        request_Referer: '\\" \u00e9\u0085',
        RequestPath: "/%22a%5C",
      });
    } else {
      const fields = log.match(/"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\S+/g)!;
      expect(fields[4]).toBe('"GET /%22a%5C HTTP/1.1"');
      expect(fields).toHaveLength(13);
      expect(log).not.toContain("admin [now]");
    }
  }
});
