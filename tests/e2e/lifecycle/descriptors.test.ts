import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { greeter, tcp, to } from "../../support/sockets/tcp-scene.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("prlimit");

/** True where a connection gets as far as the server. */
async function greeted(port: number): Promise<boolean> {
  using client = await RawClient.connect(port);
  return (await client.readUntil("\n", 1000).catch(() => "")) === "up\n";
}

test("a process that has run out of file descriptors goes on once it has some again", async () => {
  using server = greeter("up");
  await using router = await startRouter({
    dynamic: tcp("    all: { rule: HostSNI(`*`), service: s }\n", to("s", server.port)),
  });
  const { pid } = router.program;
  expect(await greeted(router.port)).toBe(true);
  const limit = readdirSync(`/proc/${pid}/fd`).length + 20;
  const { exitCode } = Bun.spawnSync(["prlimit", `--pid=${pid}`, `--nofile=${limit}`]);
  expect(exitCode).toBe(0);
  const clients = await Promise.all(Array.from({ length: 60 }, () => router.client()));
  // How many are in use says little: a connection needs several, and what is left may be too few for it.
  await waitFor("further connections not to be served", async () => !(await greeted(router.port)));
  // Clients who are in the system's queue already, and have to be left there.
  await Bun.sleep(500);
  for (const client of clients) client.reset();
  await waitFor("connections to be accepted again", () => greeted(router.port));
  for (let i = 0; i < 5; i++) expect(await greeted(router.port)).toBe(true);
  expect(router.program.exitCode).toBeNull();
});
