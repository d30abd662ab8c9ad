import { expect, test } from "bun:test";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { FLAVOUR } from "../../support/flavour.ts";
import { get } from "../../support/http/get.ts";
import { launchProgram } from "../../support/program.ts";
import { forwardingTo, type Router, startRouter } from "../../support/router.ts";
import { exchange, type RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { plain } from "../../support/sockets/upstream-scripts.ts";
import { PATIENCE, waitFor } from "../../support/wait-for.ts";

/** A module that does harm to the worker that it runs in, when it is asked to. */
const HARM = `
import process from "node:process";
import { isMainThread, threadId } from "node:worker_threads";
export default {
  fetch(request: Request) {
    switch (new URL(request.url).pathname) {
      case "/harm/exit":
        setTimeout(() => process.exit(3), 5);
        break;
      case "/harm/throw":
        setTimeout(() => { throw new Error("on purpose"); }, 5);
        break;
      case "/harm/busy":
        setTimeout(() => { for (const end = Date.now() + 3000; Date.now() < end; ); }, 5);
        break;
      case "/harm/hang":
        setTimeout(() => { for (;;); }, 5);
        break;
    }
    return new Response(isMainThread ? "main" : String(threadId));
  },
};
`;

const DYNAMIC = `
http:
  routers:
    harm: { rule: "PathPrefix(\`/harm\`)", service: harm }
    ok: { rule: "PathPrefix(\`/ok\`)", service: harm }
  services:
    harm: { handler: { module: harm.ts } }
`;

const WORKERS =
  "core: { workers: 2 }\nlog: { level: INFO }\naccessLog: { filePath: access.log, format: json }\n";

function startWorkers(more = "", dynamic = DYNAMIC): Promise<Router> {
  return startRouter({ static: WORKERS + more, dynamic, files: { "harm.ts": HARM } });
}

async function ask(client: RawClient, target: string) {
  const answer = await client.request(`GET ${target} HTTP/1.1\r\nHost: app.test\r\n\r\n`);
  return { status: answer.status, text: answer.text };
}

/** Connections until both workers have one; a client of each, by the worker's thread. */
async function oneOfEach(router: Router): Promise<Map<string, RawClient>> {
  const clients = new Map<string, RawClient>();
  await waitFor("a connection to each worker", async () => {
    const client = await router.client();
    const { text } = await ask(client, "/ok");
    if (clients.has(text)) client.close();
    else clients.set(text, client);
    return clients.size === 2 || undefined;
  });
  return clients;
}

/** Asks over one connection again and again until it is stopped; the answers that were wrong. */
function load(client: RawClient) {
  const failures: string[] = [];
  let count = 0;
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      try {
        const { status } = await ask(client, "/ok");
        if (status !== 200) failures.push(String(status));
        count++;
      } catch (error) {
        failures.push(String(error));
        return;
      }
    }
  })();
  return {
    failures,
    count: () => count,
    stop: async () => {
      stopped = true;
      await done;
    },
  };
}

test("what goes on as it last worked goes on in a worker's successor too", async () => {
  await using router = await startWorkers();
  const mistake = '    ok: { rule: "PathPrefix(`/ok`)", service: harm';
  await router.reconfigure(DYNAMIC.replace(/ {4}ok: .*/, `${mistake}, middlewares: [gone] }`));
  await router.program.logged(/"gone@file" does not exist.*goes on as it last worked/);
  const [[first, victim], [second]] = [...(await oneOfEach(router))];
  await ask(victim, "/harm/exit");
  await router.program.logged("A worker serves again");
  await waitFor("the successor's answer", async () => {
    using client = await router.client();
    const { status, text } = await ask(client, "/ok");
    expect(status).toBe(200);
    return ![first, second].includes(text) || undefined;
  });
});

for (const [harm, message] of [
  ["exit", "A worker has ended, another one takes its place"],
  ["throw", "An error that was not caught"],
  ["busy", ""],
] as const) {
  test(`a worker that does "${harm}": the other one fails no request, a reload reaches both`, async () => {
    await using router = await startWorkers();
    const [[, victim], [, other]] = [...(await oneOfEach(router))];
    const running = load(other);
    await ask(victim, `/harm/${harm}`);
    if (message !== "") await router.program.logged(message);
    const before = running.count();
    await waitFor("more requests meanwhile", () => running.count() > before + 50 || undefined);
    await router.reconfigure(`${DYNAMIC}    unused: { handler: { module: harm.ts } }\n`);
    if (harm === "exit") await router.program.logged("A worker serves again");
    await router.program.logged(/Configuration loaded version=2/);
    await running.stop();
    expect(running.failures).toEqual([]);
    // Both serve again.
    for (const client of (await oneOfEach(router)).values()) client.close();
  });
}

// On Deno a thread in an endless loop can't be ended: there the process ends itself.
test("a worker that hangs is ended and replaced, the other one fails no request", async () => {
  await using router = await startWorkers();
  const [[, victim], [, other]] = [...(await oneOfEach(router))];
  const running = load(other);
  await ask(victim, "/harm/hang");
  if (FLAVOUR === "deno") {
    await router.program.logged("A worker hangs, and this runtime can't end it", 2 * PATIENCE);
    expect(await router.program.exited()).toBe(1);
    await running.stop();
    return;
  }
  await router.program.logged("A worker hangs: it is ended", 2 * PATIENCE);
  await router.program.logged("A worker serves again");
  await running.stop();
  expect(running.failures).toEqual([]);
  for (const client of (await oneOfEach(router)).values()) client.close();
});

test("RequestCount counts for the whole process, and lines of all workers are whole", async () => {
  await using router = await startWorkers();
  const clients = [...(await oneOfEach(router)).values()];
  await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < 200; i++) await ask(client, "/ok");
    }),
  );
  const lines = readFileSync(join(router.program.directory, "access.log"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { RequestCount: number });
  const counts = lines.map(({ RequestCount }) => RequestCount).sort((a, b) => a - b);
  expect(counts.length).toBeGreaterThanOrEqual(402);
  expect(counts).toEqual(counts.map((_, i) => i + 1));
});

test("SIGUSR1 reopens the access log of all workers", async () => {
  await using router = await startWorkers();
  const clients = [...(await oneOfEach(router)).values()];
  const log = join(router.program.directory, "access.log");
  renameSync(log, `${log}.1`);
  router.program.signal("SIGUSR1");
  await waitFor("a new access log with lines of both", async () => {
    for (const client of clients) await ask(client, "/ok?after");
    try {
      return readFileSync(log, "utf8").split("\n").length > 2 || undefined;
    } catch {
      return undefined;
    }
  });
  const old = readFileSync(`${log}.1`, "utf8").length;
  for (const client of clients) await ask(client, "/ok?later");
  expect(readFileSync(`${log}.1`, "utf8").length).toBe(old);
});

test("SIGTERM under load: what is in flight is answered by all workers, within the grace time", async () => {
  let arrived = 0;
  using upstream = startUpstream(async (connection) => {
    while ((await connection.request()) !== undefined) {
      arrived++;
      await Bun.sleep(300);
      await connection.send(plain("late"));
    }
    connection.close();
  });
  await using router = await startRouter({
    static: WORKERS,
    dynamic: forwardingTo(upstream.url),
  });
  const requests = Array.from({ length: 20 }, () => get(router.port, "/slow"));
  await waitFor("the requests to arrive", () => arrived === 20 || undefined);
  const code = router.program.stop();
  const answers = await Promise.all(requests);
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(await code).toBe(0);
});

test("inFlightConn counts the connections of all workers", async () => {
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.write("hello"), data() {} },
  });
  await using router = await startRouter({
    static: WORKERS,
    dynamic: `
tcp:
  routers: { all: { rule: "HostSNI(\`*\`)", service: s, middlewares: [few] } }
  middlewares: { few: { inFlightConn: { amount: 3 } } }
  services: { s: { loadBalancer: { servers: [{ address: "127.0.0.1:${server.port}" }] } } }
`,
  });
  const connections = (amount: number) =>
    Promise.all(
      Array.from({ length: amount }, async () => {
        const client = await router.client();
        const greeted = await client.readBytes(5).then(
          () => true,
          () => false,
        );
        return { client, greeted };
      }),
    );
  // Connections that have come to an end may count for a moment: that of the start, and those below.
  const served: RawClient[] = [];
  await waitFor("as many as are allowed", async () => {
    const [{ client, greeted }] = await connections(1);
    if (greeted) served.push(client);
    return served.length === 3;
  });
  expect((await connections(12)).filter(({ greeted }) => greeted)).toHaveLength(0);
  for (const client of served) client.close();
  const again: RawClient[] = [];
  await waitFor("as many again", async () => {
    for (const { client, greeted } of await connections(4)) if (greeted) again.push(client);
    return again.length === 3;
  });
  expect((await connections(12)).filter(({ greeted }) => greeted)).toHaveLength(0);
  for (const client of again) client.close();
  server.stop(true);
});

test("another program on the port stops the start, even one that would share it", async () => {
  await using router = await startWorkers();
  await using second = launchProgram({
    args: ["--configFile=sluice.yml"],
    files: {
      "sluice.yml": `entryPoints: { web: { address: "127.0.0.1:${router.port}" } }\n${WORKERS}`,
    },
  });
  expect(await second.exited()).toBe(1);
  expect(second.log).toContain("address already in use");
  expect((await exchange(router.port, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")).status).toBe(200);
});
