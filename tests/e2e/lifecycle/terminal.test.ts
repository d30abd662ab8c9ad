import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../../support/flavour.ts";
import { launchProgram } from "../../support/program.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { waitFor, within } from "../../support/wait-for.ts";

const DYNAMIC = "http: {routers: {all: {rule: PathPrefix(`/`), service: whoami@internal}}}\n";

/** Starts the program on a terminal until it has printed `end`, and returns all it has printed. */
async function onTerminal(
  port: number,
  end: string,
  env: Record<string, string>,
  log = "",
): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-terminal-"));
  writeFileSync(join(directory, "dynamic.yml"), DYNAMIC);
  writeFileSync(
    join(directory, "sluice.yml"),
    `entryPoints: {web: {address: "127.0.0.1:${port}"}}\nproviders: {file: {filename: dynamic.yml}}\n${log}`,
  );
  let text = "";
  const decoder = new TextDecoder();
  const program = Bun.spawn([...command(), "--configFile=sluice.yml"], {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TERM: "xterm", ...env },
    terminal: { data: (_, bytes) => void (text += decoder.decode(bytes, { stream: true })) },
  });
  try {
    await waitFor(`the terminal to show ${end}`, () => text.includes(end)).catch((error: Error) => {
      throw new Error(`${error.message}; it shows:\n${text}`);
    });
    program.kill("SIGTERM");
    expect(await within("the program to end", program.exited)).toBe(0);
    return text;
  } finally {
    program.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  }
}

test("on a terminal a start says that it runs and where, whatever the log's level", async () => {
  const port = await freePort();
  const text = await onTerminal(port, `http://127.0.0.1:${port}/\r\n`, {});
  expect(text).toMatch(
    /^Sluice \d\S* is running with 1 router, \d services?\. Ctrl-C ends it\.\r\n/,
  );
});

test("on a terminal the log has colours, with NO_COLOR it has none", async () => {
  const info = "log: {level: INFO}\n";
  const colored = await onTerminal(await freePort(), "is running", {}, info);
  expect(colored).toContain("\x1b[32mINF\x1b[0m");
  const plain = await onTerminal(await freePort(), "is running", { NO_COLOR: "1" }, info);
  expect(plain).toContain(" INF Starting Sluice");
  expect(plain).not.toContain("\x1b[");
});

test.each<[env: Record<string, string>, text: string]>([
  [{ NO_COLOR: "" }, " INF Sluice is ready"],
  [{ NO_COLOR: "", FORCE_COLOR: "1" }, "\x1b[32mINF\x1b[0m \x1b[1mSluice is ready"],
])("not on a terminal, with %j: the log and no greeting", async (env, text) => {
  const port = await freePort();
  await using program = launchProgram({
    args: [`--entryPoints.web.address=127.0.0.1:${port}`, "--log.level=INFO"],
    env,
  });
  await program.logged(text);
  expect(await program.stop()).toBe(0);
  expect(program.log).not.toContain("is running");
});
