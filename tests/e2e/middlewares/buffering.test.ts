import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

test("a large body waits in a file that no end of the process leaves behind", async () => {
  using upstream = startUpstream(answering(({ body }) => plain(body)));
  const directory = mkdtempSync(join(tmpdir(), "sluice-buffering-"));
  using removal = new DisposableStack();
  removal.defer(() => rmSync(directory, { recursive: true }));
  await using router = await startRouter({
    env: { TMPDIR: directory },
    dynamic: `${forwardingTo(upstream.url).replace("service: backend", "service: backend\n      middlewares: [whole]")}
  middlewares:
    whole: { buffering: { memRequestBodyBytes: 1000, memResponseBodyBytes: 1000 } }
`,
  });
  const { pid } = router.program;
  const spilled = () =>
    readdirSync(`/proc/${pid}/fd`).filter((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(`${directory}/`);
      } catch {
        return false;
      }
    }).length;

  const body = new Uint8Array(3_000_000).map((_, i) => (i * 31) >> 2);
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
  using client = await RawClient.connect(router.port);
  await client.send(head);
  await client.send(body.subarray(0, 2_000_000));
  await waitFor("the file", () => spilled() === 1);
  expect(upstream.requests).toEqual([]);
  expect(readdirSync(directory)).toEqual([]);
  client.offer(body.subarray(2_000_000));
  const answer = await client.response("POST");
  expect([answer.status, Buffer.from(answer.body).equals(body)]).toEqual([200, true]);
  expect(upstream.requests[0].header("content-length")).toBe(String(body.length));
  await waitFor("the files to be closed", () => spilled() === 0);

  using cut = await RawClient.connect(router.port);
  await cut.send(head);
  await cut.send(body.subarray(0, 1_000_000));
  await waitFor("the file", () => spilled() === 1);
  process.kill(pid, "SIGKILL");
  await cut.ended();
  expect(readdirSync(directory)).toEqual([]);
});
