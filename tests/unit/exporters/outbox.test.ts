import { expect, test } from "bun:test";
import { Outbox, type Parcel, Refused } from "../../../src/exporters/outbox.ts";
import { waitFor } from "../../support/wait-for.ts";

const parcel = (count: number): Parcel => ({ items: new Uint8Array(count).fill(count), count });

function scene(mostItems = 10) {
  const sent: number[] = [];
  const said: string[] = [];
  const state: { failure: Error | null } = { failure: null };
  const outbox = new Outbox({
    name: "traces",
    mostItems,
    mostTogether: 6,
    timeout: 60_000,
    logger: {
      warn: (message, fields) => said.push(`${message} ${fields!["dropped"]}`),
      error: (message) => said.push(message),
    },
    send: async ({ items, count }) => {
      await Promise.resolve();
      if (state.failure !== null) throw state.failure;
      expect(items.length).toBe(count);
      sent.push(count);
    },
  });
  return { outbox, sent, said, state };
}

test("parcels go in their order, those that wait together", async () => {
  const { outbox, sent, said } = scene();
  for (const count of [1, 2, 3, 4]) outbox.push(parcel(count));
  await outbox.close(1000);
  expect(sent).toEqual([1, 5, 4]);
  expect(said).toEqual([]);
});

test("a receiver that is away gets what there was room for; trouble is said once, and its end", async () => {
  const { outbox, sent, said, state } = scene();
  state.failure = new Error("away");
  for (let i = 0; i < 12; i++) outbox.push(parcel(2));
  await waitFor("the failure", () => said.length > 0);
  expect(outbox.dropped).toBe(14);
  state.failure = null;
  await waitFor("all that waited", () => sent.reduce((sum, count) => sum + count, 0) === 10);
  await waitFor("the end", () => said.length === 2);
  expect(said).toEqual(["Exporting traces fails", "Exporting traces works again 14"]);
  outbox.push(parcel(1));
  await outbox.close(1000);
  expect(sent.at(-1)).toBe(1);
  expect(said).toHaveLength(2);
});

test("what is refused is not sent again", async () => {
  const { outbox, sent, said, state } = scene();
  state.failure = new Refused("never");
  outbox.push(parcel(3));
  await waitFor("the refusal", () => outbox.dropped === 3);
  state.failure = null;
  outbox.push(parcel(2));
  await outbox.close(1000);
  expect(sent).toEqual([2]);
  expect(said).toHaveLength(2);
});

test("closing tries once more and waits no longer than it may", async () => {
  const { outbox, sent, state } = scene();
  state.failure = new Error("away");
  outbox.push(parcel(1));
  await outbox.close(1000);
  expect(sent).toEqual([]);
  expect(outbox.dropped).toBe(1);
  let signal: AbortSignal | undefined;
  const stuck = new Outbox({
    name: "traces",
    mostItems: 10,
    mostTogether: 6,
    timeout: 60_000,
    logger: { warn() {}, error() {} },
    send: (_, abort) =>
      new Promise((_, reject) => {
        signal = abort;
        abort.addEventListener("abort", () => reject(abort.reason));
      }),
  });
  stuck.push(parcel(1));
  await stuck.close(10);
  expect(signal?.aborted).toBe(true);
});
