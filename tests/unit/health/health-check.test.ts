import { afterEach, describe, expect, test } from "bun:test";
import { createSecureServer, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { HealthCheck } from "../../../src/health/health-check.ts";
import type { ProbeTransport } from "../../../src/health/http-probe.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../src/http/exchange.ts";
import type { HealthCheckOptions } from "../../../src/services/health/health-targets.ts";
import { HealthVerdicts } from "../../../src/services/health/health-verdicts.ts";
import { reverseProxy } from "../../../src/services/http/reverse-proxy.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { UpstreamScene } from "../../support/sockets/upstream-scene.ts";
import { makeLoadBalancer } from "../services/http/made-services.ts";

const CERTIFICATE = makeCertificate({ names: ["IP:127.0.0.1"] });

const running: { stop(): unknown }[] = [];
afterEach(() => {
  for (const one of running.splice(0)) one.stop();
});

interface Heard {
  index: number;
  up: boolean;
}

type Answer = (url: string, request: Request) => Response | Promise<Response>;

/** Asks a function instead of the network. */
function asking(answer: Answer): ProbeTransport {
  return ({ scheme, url }) =>
    (request) =>
      answer(`${scheme}:${url.href.slice(url.protocol.length)}`, request);
}

/** The network, as the router's requests go. */
const throughPools: ProbeTransport = ({ scheme, url }) => {
  const { host } = url;
  const scene = new UpstreamScene(`${scheme}://${host}`, { tls: { verify: false } });
  running.push({ stop: () => scene.close() });
  const target = { pool: scene.pool, authority: host, passHostHeader: true, basePath: "" };
  return reverseProxy(target, url.href, { debug() {} });
};

/** Starts a check and gives its outcomes one by one. */
function start(urls: string[], options: HealthCheckOptions, transport = throughPools) {
  const outcomes: Heard[] = [];
  const waiting: ((heard: Heard) => void)[] = [];
  const logs: string[] = [];
  const log = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void logs.push(`${level} ${message} ${fields?.["error"] ?? ""}`.trim());
  const check = new HealthCheck(
    urls.map((url) => ({ url })),
    options,
    {
      service: "shop@file",
      logger: {
        debug: log("debug"),
        info: log("info"),
        warn: log("warn"),
        error: log("error"),
      },
      report(index, up) {
        const waiter = waiting.shift();
        if (waiter === undefined) outcomes.push({ index, up });
        else waiter({ index, up });
      },
      transport,
    },
  );
  running.push(check);
  const next = (): Promise<Heard> =>
    outcomes.length > 0
      ? Promise.resolve(outcomes.shift()!)
      : new Promise((resolve) => {
          waiting.push(resolve);
        });
  return { check, next, logs };
}

function serve(answer: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  running.push({ stop: () => server.stop(true) });
  return `http://127.0.0.1:${server.port}`;
}

describe("HealthCheck", () => {
  test("asks with method, path, host and headers, and reports every outcome", async () => {
    let status = 200;
    const seen: string[] = [];
    const url = serve((request) => {
      const { pathname, search } = new URL(request.url);
      seen.push(
        `${request.method} ${pathname}${search} ${request.headers.get("host")} ${request.headers.get("x-check")}`,
      );
      return new Response(null, { status });
    });
    const { next, logs } = start([`${url}/ignored?x`], {
      path: "/health?full=1",
      method: "head",
      hostname: "shop.example",
      headers: { "X-Check": "yes" },
      interval: 5,
      timeout: 5000,
    });
    expect(await next()).toEqual({ index: 0, up: true });
    expect(seen[0]).toBe("HEAD /health?full=1 shop.example yes");
    status = 503;
    while ((await next()).up);
    status = 302;
    while (!(await next()).up);
    const transitions = logs.filter((line) => !line.startsWith("debug"));
    expect(transitions).toEqual([
      "warn Health check failed: the server is down received error status code: 503",
      "info Health check succeeded again: the server is up",
    ]);
  });

  test("wants exactly the status that is configured", async () => {
    const { next, logs } = start([serve(() => new Response("ok"))], { status: 204, interval: 5 });
    expect((await next()).up).toBe(false);
    expect(logs[0]).toEndWith("received error status code: 200 expected status code: 204");
  });

  test("a server that is not there, or does not answer in time, is down", async () => {
    const gone = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const url = `http://127.0.0.1:${gone.port}`;
    await gone.stop(true);
    expect(await start([url], { interval: 5 }).next()).toEqual({ index: 0, up: false });

    const hanging = serve(() => new Promise<Response>(() => {}));
    const { next, logs } = start([hanging], { interval: 5, timeout: 20 });
    expect((await next()).up).toBe(false);
    expect(logs[0]).toContain("no answer within 20 ms");
  });

  test("a server that hangs delays nobody else", async () => {
    const asked: string[] = [];
    const { next } = start(
      ["http://a.example/", "http://b.example/"],
      { interval: 1 },
      asking((url) => {
        asked.push(url);
        return url.includes("a.example") ? new Promise(() => {}) : new Response();
      }),
    );
    for (let i = 0; i < 3; i++) expect(await next()).toEqual({ index: 1, up: true });
    expect(asked.filter((url) => url.includes("a.example"))).toHaveLength(1);
  });

  test("follows redirects, ten at most, unless told not to", async () => {
    const url = serve((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/loop")
        return new Response(null, { status: 307, headers: { location: "/loop" } });
      if (pathname === "/")
        return new Response(null, { status: 302, headers: { location: "/sick" } });
      return new Response(request.method, { status: 500 });
    });
    const followed = start([url], { interval: 5, method: "POST" });
    expect((await followed.next()).up).toBe(false);
    expect(followed.logs[0]).toContain("500");
    expect((await start([url], { interval: 5, followRedirects: false }).next()).up).toBe(true);
    const loop = start([url], { interval: 5, path: "/loop" });
    expect((await loop.next()).up).toBe(false);
    expect(loop.logs[0]).toContain("stopped after 10 redirects");
  });

  test("sends the hostname to the server only, not to where it redirects", async () => {
    const asked: string[] = [];
    const { next } = start(
      ["http://a.example"],
      { interval: 1, hostname: "shop.example" },
      asking((url, request) => {
        asked.push(`${url} ${new URL(request.url).host}`);
        const location = { "http://a.example/": "/b", "http://a.example/b": "http://c.example/" }[
          url
        ];
        return new Response(
          null,
          location === undefined ? {} : { status: 301, headers: { location } },
        );
      }),
    );
    expect((await next()).up).toBe(true);
    expect(asked.slice(0, 3)).toEqual([
      "http://a.example/ shop.example",
      "http://a.example/b shop.example",
      "http://c.example/ c.example",
    ]);
  });

  test("scheme and port change where it asks", async () => {
    const cases: [string, HealthCheckOptions, string][] = [
      ["http://a:81/base", {}, "http://a:81/base"],
      ["http://a:81/base/x", { path: "health" }, "http://a:81/base/health"],
      ["http://a", { scheme: "https" }, "https://a/"],
      ["http://a:80", { scheme: "https" }, "https://a:80/"],
      ["http://a:80/", { scheme: "https", port: 9000, path: "/h" }, "https://a:9000/h"],
      ["http://[::1]:81", { port: 82 }, "http://[::1]:82/"],
      ["https://a/base", { path: "/h" }, "https://a/h"],
      ["h2c://a:81/base", { path: "/h" }, "h2c://a:81/h"],
      ["https://a:444", { scheme: "h2c", port: 81 }, "h2c://a:81/"],
    ];
    for (const [server, options, expected] of cases) {
      const asked = await new Promise<string>((resolve) => {
        const transport = asking((url) => {
          resolve(url);
          return new Response();
        });
        start([server], { ...options, interval: 1 }, transport);
      });
      expect(asked).toBe(expected);
    }
  });

  test("refuses options that make no check", () => {
    expect(() => start(["http://a"], { path: "http://b/" })).toThrow("healthCheck.path");
    expect(() => start(["http://a"], { path: "//b/" })).toThrow("healthCheck.path");
    expect(() => start(["http://a"], { mode: "soap" })).toThrow('found "soap"');
    expect(() => start(["http://a"], { scheme: "ftp" })).toThrow('found "ftp"');
  });

  test("says nothing after stop", async () => {
    let asked = 0;
    let answer: () => void = () => {};
    const transport = asking(() => {
      asked++;
      return new Promise((_resolve, reject) => {
        answer = () => reject(new Error("late"));
      });
    });
    const { check, next, logs } = start(["http://a"], { interval: 1 }, transport);
    while (asked === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    check.stop();
    answer();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(asked).toBe(1);
    expect(logs).toEqual([]);
    const heard = await Promise.race([next(), Promise.resolve("nothing")]);
    expect(heard).toBe("nothing");
  });
});

describe("gRPC", () => {
  type Reply = (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void;

  async function grpcServer(reply: Reply, secure = false): Promise<string> {
    const { certificate, key } = CERTIFICATE;
    const server = secure ? createSecureServer({ cert: certificate, key }) : createServer();
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      let size = 0;
      stream.on("data", (chunk: Uint8Array) => {
        expect([...chunk]).toEqual([0, 0, 0, 0, 0]);
        size += chunk.length;
      });
      stream.on("end", () => {
        expect(size).toBe(5);
        reply(stream, headers);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    running.push({ stop: () => server.close() });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Answers with a message and a status in the trailers. */
  const answering =
    (message: number[], status = "0"): Reply =>
    (stream) => {
      stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
      stream.end(Buffer.from(message));
    };

  const SERVING = [0, 0, 0, 0, 2, 8, 1];

  test("asks by the health protocol, with h2c or TLS as the server has it", async () => {
    const seen: unknown[] = [];
    const reply: Reply = (stream, headers) => {
      const names = [":method", ":path", "content-type", "te"];
      seen.push(names.map((name) => headers[name]));
      answering(SERVING)(stream, headers);
    };
    const plain = await grpcServer(reply);
    const secure = await grpcServer(reply, true);
    const options: HealthCheckOptions = { mode: "grpc", interval: 5, path: "/not/asked" };
    for (const url of [`http://${plain}/a`, `h2c://${plain}`, `https://${secure}`]) {
      expect(await start([url], options).next()).toEqual({ index: 0, up: true });
      expect(seen.at(-1)).toEqual([
        "POST",
        "/grpc.health.v1.Health/Check",
        "application/grpc",
        "trailers",
      ]);
    }
    const scheme = start([`http://${secure}`], { ...options, scheme: "https" });
    expect((await scheme.next()).up).toBe(true);
  });

  const trailersOnly: Reply = (stream) =>
    stream.respond({ "grpc-status": "12", "grpc-message": "no" }, { endStream: true });
  const cases: [string, Reply, string][] = [
    ["not serving", answering([0, 0, 0, 0, 2, 8, 2]), "received gRPC status code: NOT_SERVING"],
    ["unknown", answering([0, 0, 0, 0, 0]), "received gRPC status code: UNKNOWN"],
    ["another status", answering([0, 0, 0, 0, 2, 8, 77]), "received gRPC status code: 77"],
    ["without the protocol", trailersOnly, "does not implement the health protocol"],
    ["a failed call", answering(SERVING, "14"), "the gRPC call failed: code 14"],
    ["a compressed message", answering([1, 0, 0, 0, 2, 8, 1]), "found something else"],
    ["a short message", answering([0, 0, 0, 0, 9, 8, 1]), "found something else"],
    ["no message", answering([]), "found something else"],
    ["a flood", answering(Array(10_000).fill(0)), "found more than 4096 bytes"],
    ["plain HTTP", (stream) => stream.respond({ ":status": 404 }, { endStream: true }), "404"],
    ["no answer", () => {}, "no answer within 100 ms"],
    [
      "no status",
      (stream) => {
        stream.respond();
        stream.end(Buffer.from(SERVING));
      },
      "expected a grpc-status, found none",
    ],
  ];
  test.each(cases)("%s is down", async (_, reply, message) => {
    const url = `h2c://${await grpcServer(reply)}`;
    // What answers has all the time of a busy machine.
    const timeout = message.includes("100 ms") ? 100 : 10_000;
    const { next, logs } = start([url], { mode: "grpc", interval: 5, timeout });
    expect((await next()).up).toBe(false);
    expect(logs[0]).toContain(message);
  });
});

test("a loadBalancer leaves out servers that verdicts say are down, and its health follows", async () => {
  const verdicts = new HealthVerdicts();
  const tell = (server: string, up: boolean) =>
    verdicts.tell([{ kind: "http", service: "s@file", server, up }]);
  const service = await makeLoadBalancer(
    { healthCheck: {} },
    ["http://a/", "http://b/"].map((url) => ({ url, handler: () => new Response(url) })),
    { verdicts },
  );
  const ask = async () => service.handler(new Request("http://x/"), new Exchange(NO_DOWNSTREAM));
  const text = async () => (await ask()).text();

  expect(service.health!.up).toBe(true);
  expect([await text(), await text()]).toEqual(["http://a/", "http://b/"]);
  tell("http://a/", false);
  expect([await text(), await text()]).toEqual(["http://b/", "http://b/"]);
  expect(service.health!.up).toBe(true);
  tell("http://b/", false);
  expect(service.health!.up).toBe(false);
  expect((await ask()).status).toBe(503);
  tell("http://a/", true);
  expect(service.health!.up).toBe(true);
  expect(await text()).toBe("http://a/");
  service.stop();
  tell("http://a/", false);
  expect(service.health!.up).toBe(true);
});
