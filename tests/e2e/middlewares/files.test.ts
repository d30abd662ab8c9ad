import { expect, test } from "bun:test";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { curl } from "../../support/curl.ts";
import { get } from "../../support/http/get.ts";
import { http3Suite, startHttp3Router } from "../../support/http3-scene.ts";
import { startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";

const MIB = 1024 * 1024;
const BIG = Buffer.from(Array.from({ length: 2 * MIB }, (_, i) => (i * 7 + (i >> 10)) & 0xff));
/** More than the sockets between the two have room for. */
const HUGE = 64 * MIB;

const DYNAMIC = `
http:
  routers:
    site: { rule: PathPrefix(\`/\`), service: whoami@internal, middlewares: [site] TLS}
  middlewares:
    site: { files: { root: www, precompressed: [gzip] } }
`;
const dynamic = (tls = "") => DYNAMIC.replace(" TLS", tls);

function prepare(directory: string): void {
  const at = (name: string) => join(directory, "www", name);
  mkdirSync(at("sub"), { recursive: true });
  writeFileSync(at("index.html"), "the index");
  writeFileSync(at("app.js"), "script");
  writeFileSync(at("app.js.gz"), Bun.gzipSync("script"));
  writeFileSync(at("sub/index.html"), "below");
  writeFileSync(at("big"), BIG);
  writeFileSync(at("huge"), "");
  truncateSync(at("huge"), HUGE);
}

test("files are served whole and in part, or are the service's", async () => {
  await using router = await startRouter({ dynamic: dynamic(), prepare });
  const { port } = router;
  const whole = await get(port, "/big");
  expect([whole.status, Buffer.compare(whole.body, BIG)]).toEqual([200, 0]);
  const etag = whole.header("etag")!;
  expect((await get(port, "/big", [`If-None-Match: ${etag}`])).status).toBe(304);
  const head = await get(port, "/big", [], "HEAD");
  expect([head.status, head.header("content-length")]).toEqual([200, String(BIG.length)]);
  const part = await get(port, "/big", [`Range: bytes=${MIB}-`, `If-Range: ${etag}`]);
  expect([part.status, Buffer.compare(part.body, BIG.subarray(MIB))]).toEqual([206, 0]);
  expect((await get(port, "/sub")).header("location")).toBe("./sub/");
  expect((await get(port, "/", [], "DELETE")).status).toBe(405);
  for (const target of ["/none", "/..%2fdynamic.yml", "/sub/../../dynamic.yml"])
    expect([target, (await get(port, target)).text]).toEqual([
      target,
      expect.stringMatching(/^(Hostname|$)/),
    ]);

  const second = await curl(
    `http://app.test:${port}/app.js`,
    "--http2-prior-knowledge",
    "--compressed",
  );
  expect([second.version, second.body, second.headers["content-encoding"]]).toEqual([
    "2",
    "script",
    "gzip",
  ]);

  // What becomes shorter on its way breaks off: a client with room for it all would think it whole.
  using client = await RawClient.connect(port);
  await client.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.readUntil("\r\n\r\n");
  client.pause();
  truncateSync(join(router.program.directory, "www/huge"), MIB);
  client.resume();
  await client.ended();
  expect(client.received.length).toBeLessThan(HUGE);
  expect((await get(port, "/")).text).toBe("the index");
});

const { test: http3Test, startClient } = http3Suite();

http3Test("and over HTTP/3", async () => {
  await using router = await startHttp3Router({ dynamic: dynamic(", tls: {}"), prepare });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const { status, body } = await connection.ask({ path: "/sub/" });
  expect([status, body]).toEqual([200, "below"]);
});
