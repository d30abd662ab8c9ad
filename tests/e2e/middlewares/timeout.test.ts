import { expect, test } from "bun:test";
import { curl } from "../../support/curl.ts";
import { get } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { sendingThenStalling } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const STALLED = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";

test("a router's requests take no longer than its timeout, over HTTP/1.1 and HTTP/2", async () => {
  using silent = startUpstream(sendingThenStalling());
  using stalling = startUpstream(sendingThenStalling(STALLED));
  await using router = await startRouter({
    dynamic: `
http:
  routers:
    silent: { rule: Path(\`/silent\`), service: silent, middlewares: [again, short] }
    late: { rule: Path(\`/late\`), service: silent, middlewares: [short, again] }
    stalling: { rule: Path(\`/stalling\`), service: stalling, middlewares: [short] }
    quick: { rule: Path(\`/quick\`), service: whoami@internal, middlewares: [short] }
  middlewares:
    short: { timeout: { response: 200ms, idle: 200ms } }
    again: { retry: { attempts: 2, status: ["504"] } }
  services:
    silent: { loadBalancer: { servers: [{ url: "${silent.url}" }] } }
    stalling: { loadBalancer: { servers: [{ url: "${stalling.url}" }] } }
`,
  });
  const { port } = router;
  expect((await get(port, "/quick")).status).toBe(200);
  for (const target of ["/silent", "/late"]) {
    const late = await get(port, target);
    expect([target, late.status, late.text]).toEqual([target, 504, "Gateway Timeout"]);
  }
  const upload = "POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc";
  using client = await router.client();
  await client.send(upload);
  expect((await client.response("POST")).status).toBe(504);
  const second = await curl(`http://app.test:${port}/late`, "--http2-prior-knowledge");
  expect([second.version, second.status]).toEqual(["2", 504]);
  // What was asked is called off each time, and nothing is tried again.
  await waitFor("the servers' connections to end", () => silent.open === 0);
  expect(silent.requests.length).toBeLessThanOrEqual(4);

  using reader = await RawClient.connect(port);
  await reader.send("GET /stalling HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(await reader.readToEnd()).toEndWith("\r\n\r\nhalf");
});
