import { afterAll, expect, test } from "bun:test";
import { nodeHttpClient } from "../../../../runtime/node/clients/http-client.ts";
import { OnDemand } from "../../../../src/acme/demand/on-demand.ts";
import { createLogger } from "../../../../src/telemetry/logger.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import { waitFor } from "../../../support/wait-for.ts";

const asked: string[] = [];
let held: Promise<void> | undefined;
const hook = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch({ url }) {
    const { searchParams } = new URL(url);
    const domain = searchParams.get("domain")!;
    asked.push(`${searchParams.get("key")} ${domain}`);
    await held;
    const status = domain.startsWith("good") ? 204 : domain.startsWith("ill") ? 500 : 404;
    return new Response(null, { status });
  },
});
afterAll(() => hook.stop(true));

function start(perHour: number, more: { orderedAt?: number[]; ask?: string } = {}) {
  asked.length = 0;
  const log = new MemoryFile();
  const onDemand = new OnDemand({
    ask: `http://127.0.0.1:${hook.port}/allowed?key=1`,
    perHour,
    http: nodeHttpClient({}),
    logger: createLogger({ level: "info", format: "common" }, log),
    ...more,
  });
  onDemand.hosts = (host) => host.endsWith(".test");
  const ordered: string[] = [];
  const consider = (name: string) => onDemand.consider(name, () => ordered.push(name));
  const said = () => log.writes.map((bytes) => new TextDecoder().decode(bytes)).join("");
  return { onDemand, ordered, consider, said };
}

test("what the hook allows is ordered, and what it refuses isn't asked for again", async () => {
  const { onDemand, ordered, consider, said } = start(2);
  for (const name of ["good.test", "bad.test", "ill.test", "good.elsewhere"]) consider(name);
  await waitFor("the answers", () => asked.length === 3 && ordered.length === 1);
  await waitFor("the trouble to be said", () => said().includes("it answered 500"));
  expect(asked.sort()).toEqual(["1 bad.test", "1 good.test", "1 ill.test"]);
  for (const name of ["bad.test", "ill.test", "good2.test"]) consider(name);
  await waitFor("another answer", () => ordered.length === 2);
  expect([asked.length, ordered]).toEqual([4, ["good.test", "good2.test"]]);
  expect([onDemand.take(), onDemand.take(), onDemand.take()]).toEqual([true, true, false]);
  // The hook isn't asked while the hour has no order left.
  consider("good3.test");
  expect(await onDemand.ask("good4.test")).toBe("allowed");
  expect(asked).toHaveLength(5);
  expect(said()).toContain("the hour's 2 orders are used up");
  onDemand.close();
});

test("orders of the hour before a start count, older ones don't", () => {
  const now = Date.now();
  const { onDemand } = start(2, { orderedAt: [now - 3_600_001, now - 60_000] });
  expect([onDemand.take(), onDemand.take()]).toEqual([true, false]);
  expect(onDemand.orderedAt).toHaveLength(2);
  onDemand.close();
});

test("a flood of names asks a few questions at a time, and a bounded number waits", async () => {
  const gate = Promise.withResolvers<void>();
  held = gate.promise;
  const { onDemand, ordered, consider } = start(1000);
  for (let i = 0; i < 10_000; i++) consider(`good${i}.test`);
  await waitFor("four questions", () => asked.length === 4);
  held = undefined;
  gate.resolve();
  await waitFor("those that waited", () => ordered.length === 68);
  expect(asked).toHaveLength(68);
  // There is room again.
  consider("good-again.test");
  await waitFor("the next one", () => ordered.length === 69);
  onDemand.close();
});

test("a hook that can't be reached allows nothing", async () => {
  const { onDemand, said } = start(5, { ask: "http://127.0.0.1:1/" });
  expect(await onDemand.ask("good.test")).toBe("unknown");
  expect(said()).toContain("the hook can't be asked");
  onDemand.close();
});
