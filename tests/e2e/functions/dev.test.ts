import { expect, test } from "bun:test";
import { get, getUntil } from "../../support/http/get.ts";
import { launchProgram, startProgram } from "../../support/program.ts";
import { freePort } from "../../support/sockets/free-port.ts";

const MODULE = `import { word } from "./word.ts";

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/throws") {
      throw new TypeError("on <purpose>");
    }
    return new Response(word + pathname);
  },
};
`;

test("dev serves a module, follows its changes, and shows requests and mistakes", async () => {
  const port = await freePort();
  await using program = await startProgram({
    args: ["dev", "./hello.ts", `--port=${port}`],
    files: { "hello.ts": MODULE, "word.ts": 'export const word = "first";\n' },
    ports: [port],
  });
  await program.logged(`Serving ${program.directory}/hello.ts on http://127.0.0.1:${port}/`);
  expect((await get(port, "/x")).text).toBe("first/x");
  await program.logged(/GET \/x 200 \d+ ms/);

  const page = await get(port, "/throws", ["Accept: text/html"]);
  expect([page.status, page.header("content-type")]).toEqual([500, "text/html; charset=utf-8"]);
  expect(page.text).toContain("TypeError: on &#60;purpose&#62;");
  expect(page.text).toContain(`${program.directory}/hello.ts:7:`);
  expect(page.text).toContain("&#62;  7 |       throw new TypeError(");
  await program.logged(/TypeError: on <purpose>\n {2}at .*hello\.ts:7:\d+\n/);
  await program.logged(/GET \/throws 500 \d+ ms/);

  await program.write("word.ts", 'export const word = "second";\n');
  await getUntil(port, "/x", ({ text }) => text === "second/x");
  await program.logged("hello.ts again");
  await program.write("word.ts", "export const word = ;\n");
  const broken = await getUntil(port, "/x", ({ status }) => status === 500);
  expect(broken.text).toMatch(/at .*word\.ts:1:\d+\n/);
  await program.write("word.ts", 'export const word = "third";\n');
  await getUntil(port, "/x", ({ text }) => text === "third/x");
  expect(await program.stop()).toBe(0);
});

test("dev says what it can't do", async () => {
  await using missing = launchProgram({ args: ["dev", "nowhere.ts"] });
  expect(await missing.exited()).toBe(1);
  expect(missing.stderr).toBe(`${missing.directory}/nowhere.ts: there is no such file\n`);
});
