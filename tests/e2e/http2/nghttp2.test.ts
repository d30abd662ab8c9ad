import { afterAll, expect } from "bun:test";
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { makeCertificate } from "../../support/certificates.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("h2load", "nghttp", "openssl");

const certificate = makeCertificate({ names: ["IP:127.0.0.1"] });
const FILES = { "front.pem": certificate.certificate, "front.key": certificate.key };

const SCHEMES = ["http", "https"] as const;
const KINDS = ["http", "h2c"] as const;

/** Everything goes to the server, with TLS and without. */
function forwarding(url: string): string {
  return `http:
  routers:
    plain: { rule: "PathPrefix(\`/\`)", service: backend }
    secure: { rule: "PathPrefix(\`/\`)", service: backend, tls: {} }
  services:
    backend: { loadBalancer: { servers: [{ url: "${url}" }] } }
tls:
  certificates: [{ certFile: front.pem, keyFile: front.key }]
`;
}

const start = (url: string) => startRouter({ dynamic: forwarding(url), files: FILES });

const stops: (() => unknown)[] = [];
afterAll(() => {
  for (const stop of stops) stop();
});

/** An upstream that sends each body back; its URL. */
async function startEcho(kind: (typeof KINDS)[number]): Promise<string> {
  if (kind === "http") {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => new Response(await request.bytes()),
    });
    stops.push(() => server.stop(true));
    return `http://127.0.0.1:${server.port}`;
  }
  return startHttp2((stream, headers) => {
    if (headers["expect"] === "100-continue") stream.additionalHeaders({ ":status": 100 });
    // Not before the body: nghttp keeps it to itself where 200 comes along with 100.
    stream.once("readable", () => {
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
  });
}

async function startHttp2(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<string> {
  const server: Http2Server = createServer();
  server.on("stream", (stream, headers) => {
    (stream as ServerHttp2Stream).on("error", () => {});
    answer(stream as ServerHttp2Stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  return `h2c://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Output {
  readonly stdout: Uint8Array;
  readonly text: string;
  readonly stderr: string;
  readonly exitCode: number;
}

async function run(...command: string[]): Promise<Output> {
  const process = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(process.stdout).bytes(),
    new Response(process.stderr).text(),
    process.exited,
  ]);
  return { stdout, text: new TextDecoder().decode(stdout), stderr, exitCode };
}

/** What h2load counted: requests by what became of them, and responses by their status. */
function counts(text: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of text.split("\n")) {
    if (!/^(requests|status codes):/.test(line)) continue;
    for (const [, count, name] of line.matchAll(/(\d+) (\w+)/g)) found[name] = Number(count);
  }
  if (found["total"] === undefined) throw new Error(`h2load said no result:\n${text}`);
  return found;
}

/** Bytes that no part of which looks like another. */
function randomFile(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

const url = (router: Router, scheme: string, path = "/") =>
  `${scheme}://127.0.0.1:${router.port}${path}`;

for (const kind of KINDS) {
  for (const scheme of SCHEMES) {
    test(`nghttp, ${scheme} to ${kind}: requests side by side, bodies of megabytes there and back`, async () => {
      await using router = await start(await startEcho(kind));
      const { directory } = router.program;
      const body = randomFile(5_000_003);
      await Bun.write(`${directory}/body`, body);
      const one = await run("nghttp", "-y", "-d", `${directory}/body`, url(router, scheme));
      expect(one.stderr).toBe("");
      expect(Buffer.compare(one.stdout, body)).toBe(0);

      const small = randomFile(70_001);
      await Bun.write(`${directory}/small`, small);
      for (const options of [
        [],
        ["-b", "200"],
        ["--no-content-length"],
        ["-w", "10", "-W", "17"],
      ]) {
        const many = await run(
          "nghttp",
          "-y",
          "-m",
          "40",
          ...options,
          "-d",
          `${directory}/small`,
          url(router, scheme),
        );
        expect(many.stderr).toBe("");
        expect(many.stdout.length).toBe(40 * small.length);
      }
      const listed = await run("nghttp", "-y", "-n", "-s", "-m", "100", url(router, scheme));
      expect(listed.text.match(/ 200 +0 \/$/gm)).toHaveLength(100);
    }, 60_000);

    test(`h2load, ${scheme} to ${kind}: every request of many connections and streams succeeds`, async () => {
      await using router = await start(await startEcho(kind));
      const { directory } = router.program;
      await Bun.write(`${directory}/body`, randomFile(3_000));
      for (const args of [
        ["-n", "5000", "-c", "50", "-m", "20"],
        ["-n", "1000", "-c", "10", "-m", "100", "-d", `${directory}/body`],
        ["-n", "300", "-c", "300", "-m", "1"],
      ]) {
        const { text } = await run("h2load", ...args, url(router, scheme));
        const total = Number(args[1]);
        expect(counts(text)).toMatchObject({
          total,
          succeeded: total,
          failed: 0,
          errored: 0,
          timeout: 0,
          "2xx": total,
        });
      }
    }, 60_000);
  }
}

test.each([...SCHEMES])(
  "nghttp, %s: trailers both ways, by HTTP/1.1 and by h2c",
  async (scheme) => {
    using upstream = startUpstream(async (connection) => {
      await connection.readUntil("x-sum: 42\r\n\r\n");
      await connection.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Back\r\n\r\n2\r\nok\r\n0\r\nX-Back: yes\r\n\r\n",
      );
    });
    const seen: unknown[] = [];
    const http2 = await startHttp2((stream) => {
      stream.on("trailers", (fields) => seen.push(fields["x-sum"]));
      stream.resume();
      stream.on("end", () => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-back": "yes" }));
        stream.end("ok");
      });
    });
    for (const server of [upstream.url, http2]) {
      await using router = await start(server);
      await Bun.write(`${router.program.directory}/body`, "hello");
      const { text } = await run(
        "nghttp",
        "-y",
        "-v",
        // What is behind a body of a known length can't be told to HTTP/1.1.
        "--no-content-length",
        "--trailer",
        "x-sum: 42",
        "-d",
        `${router.program.directory}/body`,
        url(router, scheme),
      );
      expect(text).toMatch(/recv \(stream_id=13\) :status: 200/);
      expect(text).toMatch(/recv \(stream_id=13\) x-back: yes/);
    }
    expect(upstream.received[0]).toMatch(/\r\n0\r\nx-sum: 42\r\n\r\n$/i);
    expect(seen).toEqual(["42"]);
  },
  60_000,
);

test("a head in CONTINUATION frames, and tables of other sizes", async () => {
  // Bun's own server takes no head of 24 KB.
  using upstream = startUpstream(async (connection) => {
    while (await connection.request())
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  await using router = await start(upstream.url);
  for (const scheme of SCHEMES) {
    const continued = await run("nghttp", "-y", "-v", "--continuation", url(router, scheme));
    // Above the largest frame: the rest of it went out in CONTINUATION.
    const [, length] = /send HEADERS frame <length=(\d+),/.exec(continued.text) ?? [];
    expect(Number(length)).toBeGreaterThan(16_384);
    expect(continued.text).toMatch(/recv \(stream_id=13\) :status: 200/);
    const tables = ["-c", "0", "-c", "4096", "--encoder-header-table-size=0"];
    const small = await run("nghttp", "-y", "-n", "-s", "-m", "20", ...tables, url(router, scheme));
    expect(small.text.match(/ 200 +0 \/$/gm)).toHaveLength(20);
  }
}, 60_000);

test.each([...KINDS])(
  "a body that waits for 100 (Continue) from %s",
  async (kind) => {
    await using router = await start(await startEcho(kind));
    const body = `${router.program.directory}/body`;
    await Bun.write(body, "x".repeat(100_000));
    for (const scheme of SCHEMES) {
      const args = ["--expect-continue", "-d", body, url(router, scheme)];
      const { text } = await run("nghttp", "-y", "-v", ...args);
      expect(text).toMatch(/:status: 100[\s\S]*:status: 200/);
      expect(text.includes("x".repeat(10_000))).toBe(true);
    }
  },
  60_000,
);

test("an offer to go on in h2c isn't taken: the request is served as the HTTP/1.1 it is", async () => {
  using upstream = startUpstream(async (connection) => {
    while (await connection.request())
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nserved");
  });
  await using router = await start(upstream.url);
  const { text, stderr } = await run("nghttp", "-v", "-u", url(router, "http"));
  expect(text).toContain("HTTP/1.1 200 OK");
  expect(text).toContain("served");
  expect(stderr).toContain("HTTP Upgrade failed");
  expect(upstream.received.join("")).not.toMatch(/^(upgrade|http2-settings):/im);
});

test.each([...SCHEMES])(
  "%s: a stop under load fails no request that was sent",
  async (scheme) => {
    let answered = 0;
    const upstream = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async () => {
        await Bun.sleep(1);
        answered++;
        return new Response("ok");
      },
    });
    stops.push(() => upstream.stop(true));
    await using router = await start(`http://127.0.0.1:${upstream.port}`);
    const target = url(router, scheme);
    const listings = Array.from({ length: 4 }, () =>
      run("nghttp", "-y", "-n", "-v", "-m", "5000", "-M", "10", target),
    );
    const loading = run("h2load", "-n", "1000000", "-c", "4", "-m", "10", target);
    await waitFor("the load to run", () => answered > 1500);
    expect(await router.program.stop()).toBe(0);
    let succeeded = 0;
    for (const { text } of await Promise.all(listings)) {
      const sent = streams(text, /send HEADERS frame <.*stream_id=(\d+)>/g);
      expect(streams(text, /recv \(stream_id=(\d+)\) :status: 200$/gm)).toEqual(sent);
      expect(sent.length).toBeLessThan(5000);
      expect(text).toContain("recv GOAWAY frame");
      succeeded += sent.length;
    }
    // h2load counts what it had in hand but never sent as begun.
    const load = counts((await loading).text);
    expect(load["2xx"]).toBe(load["succeeded"]);
    expect(load["2xx"] + succeeded).toBe(answered);
  },
  60_000,
);

/** The streams that lines of nghttp's listing name, in order. */
function streams(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map(([, id]) => Number(id)).sort((a, b) => a - b);
}
