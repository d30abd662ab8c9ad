import { expect } from "bun:test";
import { toolPath } from "../../../scripts/tool-path.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";

const test = testWith("h2spec");

/** Reads whole bodies, as an application does: a server that never looks at one hides its faults. */
const MODULE = `export default {
  async fetch(request) {
    const body = await request.text();
    return new Response("got " + body.length);
  },
};
`;

/** A request without TLS and one with it have routers of their own, both to the module. */
const DYNAMIC = `http:
  routers:
    plain: { rule: "PathPrefix(\`/\`)", service: module }
    secure: { rule: "PathPrefix(\`/\`)", service: module, tls: {} }
  services:
    module: { handler: { module: ./module.mjs } }
`;

/** What version 2.2.1 has; 2.6.0 has one more. */
const FEWEST_CASES = 146;

/** Runs every case, the strict ones included, and expects each to pass. */
async function conforms(router: Router, ...args: string[]): Promise<void> {
  const process = Bun.spawn(
    [
      toolPath("h2spec") ?? "h2spec",
      "--strict",
      "--host=127.0.0.1",
      `--port=${router.port}`,
      "--timeout=10",
      ...args,
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const [output, errors] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
  ]);
  const counts = /(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed/.exec(output);
  if (counts === null) throw new Error(`h2spec said no result:\n${output}${errors}`);
  const [tests, passed, skipped, failed] = counts.slice(1).map(Number);
  const failures = output.split(/^Failures:/m)[1] ?? "";
  expect({ skipped, failed, failures }).toEqual({ skipped: 0, failed: 0, failures: "" });
  expect(passed).toBe(tests);
  expect(tests).toBeGreaterThanOrEqual(FEWEST_CASES);
  expect(await process.exited).toBe(0);
}

test("h2spec has nothing to say against HTTP/2 with prior knowledge", async () => {
  await using router = await startRouter({ dynamic: DYNAMIC, files: { "module.mjs": MODULE } });
  await conforms(router);
}, 60_000);

test("nor against HTTP/2 over TLS", async () => {
  await using router = await startRouter({ dynamic: DYNAMIC, files: { "module.mjs": MODULE } });
  await conforms(router, "--tls", "--insecure");
}, 60_000);
