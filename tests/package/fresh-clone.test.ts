import { afterAll, expect } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "../../scripts/paths.ts";
import { testWith } from "../support/requires.ts";
import { freePort } from "../support/sockets/free-port.ts";
import { waitFor, within } from "../support/wait-for.ts";

// README's first command, where nothing is installed yet.

const directory = mkdtempSync(join(tmpdir(), "sluice-clone-"));
const test = testWith("npx", "git");
/** Packages come over the network. */
const START = 120_000;

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What a clone of the present state would have. */
function clone(): void {
  const { stdout } = Bun.spawnSync(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    {
      cwd: ROOT,
    },
  );
  for (const path of stdout.toString().trim().split("\n")) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(join(ROOT, path), join(directory, path), { force: true });
  }
}

test("a fresh clone: `npx -y bun run proxy` installs, serves over HTTP and HTTPS, and Ctrl-C ends it", async () => {
  clone();
  const [web, websecure] = [await freePort(), await freePort()];
  const path = join(directory, "config/sluice.yml");
  const shipped = readFileSync(path, "utf8");
  const configuration = shipped.replace(":8080", `:${web}`).replace(":8443", `:${websecure}`);
  expect(configuration).not.toBe(shipped);
  writeFileSync(path, configuration);
  const { PATH = "", HOME = "" } = process.env;
  let log = "";
  const group = Bun.spawn(["npx", "-y", `bun@${Bun.version}`, "run", "proxy"], {
    cwd: directory,
    detached: true,
    env: { PATH, HOME },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const reading = [group.stdout, group.stderr].map(async (stream) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) log += decoder.decode(chunk, { stream: true });
  });
  try {
    await waitFor("the start", () => log.includes("Sluice is ready"), START).catch((error) => {
      throw new Error(log, { cause: error });
    });
    expect(log).toContain("Installing dependencies");
    const answer = await fetch(`http://127.0.0.1:${web}/hello`);
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining("GET /hello HTTP/1.1"),
    ]);
    const secure = await fetch(`https://127.0.0.1:${websecure}/`, {
      tls: { rejectUnauthorized: false },
    });
    expect(secure.status).toBe(200);
    expect(log).not.toMatch(/\b(?:WRN|ERR|FTL)\b/);
    process.kill(-group.pid, "SIGINT");
    await within("the end", group.exited);
    await within("the end of the log", Promise.all(reading));
    expect(log).toContain("Shut down");
  } finally {
    try {
      process.kill(-group.pid, "SIGKILL");
    } catch {
      // All of the group have ended.
    }
  }
}, 240_000);
