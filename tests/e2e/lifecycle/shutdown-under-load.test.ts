import { expect, test } from "bun:test";
import { startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";

const GET = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const ROUNDS = 4;
const CLIENTS = 8;

/** Asks on one connection until an answer says that it is the last; how many came, and what went wrong. */
async function ask(port: number, answered: () => void): Promise<string | null> {
  const client = await RawClient.connect(port);
  try {
    for (;;) {
      const answer = await client.request(GET);
      answered();
      if (answer.status !== 200) return `status ${answer.status}`;
      if (answer.header("connection") === "close") return null;
    }
  } catch (error) {
    return (error as Error).message;
  } finally {
    client.reset();
  }
}

test("SIGTERM under load: no request of a connection that is kept alive is dropped", async () => {
  const failures: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await using router = await startRouter({
      dynamic: "http: {routers: {all: {rule: PathPrefix(`/`), service: whoami@internal}}}",
    });
    let answers = 0;
    const clients = Array.from({ length: CLIENTS }, () => ask(router.port, () => answers++));
    while (answers < 200) await Bun.sleep(1);
    router.program.signal("SIGTERM");
    for (const outcome of await Promise.all(clients)) if (outcome !== null) failures.push(outcome);
    expect(await router.program.exited()).toBe(0);
  }
  expect(failures).toEqual([]);
}, 120_000);
