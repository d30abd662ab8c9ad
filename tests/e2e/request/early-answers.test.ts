import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { curl } from "../../support/curl.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { plain } from "../../support/sockets/upstream-scripts.ts";

/** Uploads for each status, size and protocol: a lost answer is a matter of moments. */
const TIMES = 5;
const SIZES = [100_000, 6_000_000];

/** Answers with 413 as soon as it has a request's head. */
async function startRefusing() {
  return startUpstream(async (connection) => {
    await connection.readUntil("\r\n\r\n");
    await connection.send(plain("too much", "413 Content Too Large", ["Connection: close"]));
    await connection.ended(20_000);
  });
}

function dynamic(url: string, dead: string): string {
  return JSON.stringify({
    http: {
      routers: {
        refused: { rule: "Path(`/413`)", service: "refusing" },
        dead: { rule: "Path(`/502`)", service: "dead" },
        moved: { rule: "Path(`/307`)", service: "refusing", middlewares: ["away"] },
        secret: { rule: "Path(`/403`)", service: "refusing", middlewares: ["nobody"] },
      },
      middlewares: {
        nobody: { ipAllowList: { sourceRange: ["192.0.2.1"] } },
        away: { redirectScheme: { scheme: "https", port: "9" } },
      },
      services: {
        refusing: { loadBalancer: { servers: [{ url }] } },
        dead: { loadBalancer: { servers: [{ url: dead }] } },
      },
    },
  });
}

test.each([
  ["HTTP/2 over TLS", "https", "--http2"],
  ["HTTP/2 without TLS", "http", "--http2-prior-knowledge"],
  ["HTTP/1.1 over TLS", "https", "--http1.1"],
  ["HTTP/1.1 without TLS", "http", "--http1.1"],
])(
  "an answer to an upload under way reaches curl: %s",
  async (_, scheme, version) => {
    const directory = mkdtempSync(join(tmpdir(), "early-answers-"));
    const upstream = await startRefusing();
    const secure = await freePort();
    await using router = await startRouter({
      dynamic: dynamic(upstream.url, `http://127.0.0.1:${await freePort()}`),
      web: "    http: { maxHeaderBytes: 16384 }",
      entryPoints: { secure: [secure, "    http: { tls: {}, maxHeaderBytes: 16384 }"] },
    });
    const port = scheme === "https" ? secure : router.port;
    const lost: string[] = [];
    for (const size of SIZES) {
      const file = join(directory, String(size));
      writeFileSync(file, randomBytes(size));
      for (const status of [404, 403, 413, 502, 431, 307]) {
        for (let i = 0; i < TIMES; i++) {
          const url = `${scheme}://app.test:${port}/${status}`;
          const fields = ["-H", "Expect:"];
          if (status === 431) fields.push("-H", `X-Large: ${"x".repeat(24_000)}`);
          const answer = await curl(url, "-k", version, ...fields, "-T", file, "-X", "POST");
          if (answer.status !== status || answer.exitCode !== 0) {
            lost.push(
              `${size} bytes: ${answer.status}, expected ${status}; ${answer.exitCode} ${answer.stderr}`,
            );
          }
        }
      }
    }
    upstream.stop();
    rmSync(directory, { recursive: true });
    expect(lost).toEqual([]);
  },
  120_000,
);
