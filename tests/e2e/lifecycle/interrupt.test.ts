import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../scripts/paths.ts";
import { command, FLAVOUR } from "../../support/flavour.ts";
import { testWith } from "../../support/requires.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { plain, sendingThenStalling } from "../../support/sockets/upstream-scripts.ts";
import { PATIENCE, waitFor, within } from "../../support/wait-for.ts";

const GET = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";

/** npx may have to look its package up first. */
const START = 3 * PATIENCE;

/**
 * Starts the router by a command line, in a process group of its own as a terminal would, and sends
 * Ctrl-C's signal to the whole group while a request is under way. Resolves with how it ended.
 */
async function interrupted(
  commandLine: readonly string[],
): Promise<{ code: number | null; log: string }> {
  const gate = Promise.withResolvers<void>();
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await gate.promise;
    await connection.send(plain("late"));
    connection.close();
  });
  const directory = mkdtempSync(join(tmpdir(), "sluice-interrupt-"));
  const port = await freePort();
  writeFileSync(join(directory, "dynamic.yml"), forwardingTo(upstream.url));
  writeFileSync(
    join(directory, "sluice.yml"),
    `entryPoints: {web: {address: "127.0.0.1:${port}"}}\nproviders: {file: {filename: ${directory}/dynamic.yml}}\nlog: {level: INFO}\n`,
  );
  let log = "";
  const group = Bun.spawn([...commandLine, `--configFile=${directory}/sluice.yml`], {
    cwd: ROOT,
    detached: true,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const output = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of group.stdout) log += decoder.decode(chunk, { stream: true });
  })();
  try {
    await waitFor("the router to be ready", () => log.includes("Sluice is ready"), START);
    using client = await RawClient.connect(port);
    await client.send(GET);
    await waitFor("the upstream to be asked", () => upstream.requests.length === 1);
    process.kill(-group.pid, "SIGINT");
    await waitFor("the shutdown", () => log.includes("Shutting down"));
    // Launchers pass the signal on when the router has it already.
    await Bun.sleep(300);
    gate.resolve();
    expect((await client.response()).text).toBe("late");
    const code = await within("the end", group.exited);
    await within("the end of the log", output);
    return { code, log };
  } finally {
    try {
      process.kill(-group.pid, "SIGKILL");
    } catch {
      // All of the group have ended.
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

test("Ctrl-C: what is in flight finishes, exit code 0", async () => {
  const { code, log } = await interrupted(command());
  expect(log).toContain("Shut down");
  expect(code).toBe(0);
});

// Launchers of the sources are no business of the executable's.
if (FLAVOUR === "bun") {
  test("Ctrl-C under `bun run proxy`, where the signal comes twice: the same, three times of three", async () => {
    for (let round = 0; round < 3; round++) {
      const { code, log } = await interrupted([process.execPath, "run", "proxy"]);
      expect(log).toContain("Shut down");
      expect(code).toBe(0);
    }
  }, 120_000);

  testWith("npx")(
    "Ctrl-C under npx: what is in flight finishes",
    async () => {
      // npx itself ends by the signal, as with every program.
      const { log } = await interrupted(["npx", "-y", `bun@${Bun.version}`, "run", "proxy"]);
      expect(log).toContain("Shut down");
    },
    120_000,
  );
}

if (FLAVOUR === "deno") {
  test("Ctrl-C under `deno task start`: what is in flight finishes", async () => {
    // Deno itself ends by the signal.
    const { log } = await interrupted([command()[0], "task", "--quiet", "start"]);
    expect(log).toContain("Shut down");
  });
}

test("signals within a second are one wish, a later one ends it at once", async () => {
  using upstream = startUpstream(sendingThenStalling());
  await using router = await startRouter({
    web: "    transport: {lifeCycle: {graceTimeOut: 10m}}",
    static: "log: {level: INFO}",
    dynamic: forwardingTo(upstream.url),
  });
  using client = await router.client();
  await client.send(GET);
  await waitFor("the upstream to be asked", () => upstream.requests.length === 1);
  router.program.signal("SIGINT");
  await router.program.logged("Shutting down");
  router.program.signal("SIGINT");
  router.program.signal("SIGTERM");
  router.program.signal("SIGHUP");
  await Bun.sleep(1100);
  expect(router.program.exitCode).toBeNull();
  router.program.signal("SIGTERM");
  expect(await router.program.exited()).toBe(1);
});
