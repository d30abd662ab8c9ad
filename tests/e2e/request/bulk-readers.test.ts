import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FLAVOUR } from "../../support/flavour.ts";
import { get } from "../../support/http/get.ts";
import { forwardingTo, type Router, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";

const KILOBYTE = 1024;
/** Beyond the number from which on the system takes less for each. */
const CLIENTS = 600;
/** More than the system takes for a client. */
const LARGE = 6 * 1024 * KILOBYTE;
const GET_LARGE = "GET /large HTTP/1.1\r\nHost: app.test\r\n\r\n";

const directory = mkdtempSync(join(tmpdir(), "sluice-bulk-"));
const file = join(directory, "large");
let upstream: Bun.Server<undefined>;

beforeAll(() => {
  writeFileSync(file, new Uint8Array(LARGE).fill(97));
  upstream = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: ({ url }) => new Response(url.endsWith("/large") ? Bun.file(file) : "small"),
  });
});

afterAll(async () => {
  await upstream.stop(true);
  rmSync(directory, { recursive: true });
});

/** What the system holds of the responses that each client has not taken, in bytes, the least first. */
function heldBySystem({ port }: Router): number[] {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return (
    readFileSync("/proc/net/tcp", "latin1")
      .split("\n")
      // Slot, local address, remote address, state, queues to and from the peer.
      .map((line) => line.trim().split(/\s+/))
      .filter(([, address, , state]) => address === local && state === "01")
      .map(([, , , , queues]) => Number.parseInt(queues, 16))
      .sort((a, b) => a - b)
  );
}

test(`${CLIENTS} clients that ask for much and take nothing: memory is bounded, others are served`, async () => {
  await using router = await startRouter({
    dynamic: forwardingTo(`http://127.0.0.1:${upstream.port}`),
  });
  const clients: RawClient[] = [];
  try {
    expect((await get(router.port)).text).toBe("small");
    const before = router.program.rss();
    for (let i = 0; i < CLIENTS; i++) {
      const client = await RawClient.connect(router.port);
      client.pause();
      clients.push(client);
      await client.send(GET_LARGE);
      if (i % 10 === 0) expect((await get(router.port)).text).toBe("small");
    }
    // Time for bytes to pile up.
    await Bun.sleep(2000);
    for (let i = 0; i < 50; i++) expect((await get(router.port)).text).toBe("small");
    const grown = (router.program.rss() - before) / CLIENTS / KILOBYTE;
    const held = heldBySystem(router);
    expect(held.length).toBeGreaterThanOrEqual(CLIENTS);
    if (FLAVOUR === "deno") {
      // Its sockets have options for none of this: what waits above them is all that can be bounded.
      expect(grown).toBeLessThan(500);
    } else {
      expect(grown).toBeLessThan(300);
      // Of those that came when there were many.
      expect(held[CLIENTS >> 1]).toBeLessThan(400 * KILOBYTE);
    }
  } finally {
    for (const client of clients) client.reset();
  }
}, 60_000);
