import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { denoBinary } from "../../scripts/deno-binary.ts";
import { ROOT } from "../../scripts/paths.ts";
import { toolPath } from "../../scripts/tool-path.ts";
import { testWith } from "../support/requires.ts";
import { freePort } from "../support/sockets/free-port.ts";
import { waitFor, within } from "../support/wait-for.ts";

// The package as a user has it: packed, and installed from the tarball.

const directory = mkdtempSync(join(tmpdir(), "sluice-package-"));
const project = join(directory, "project");
const bin = join(project, "node_modules/.bin/sluice");
const test = testWith("npm", "node");
let packed: { name: string; files: { path: string; mode: number }[] };

function run(command: readonly string[], cwd: string): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd, stdin: "ignore" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}${stdout}`);
  return stdout.toString();
}

/** Throws where the compiler finds something wrong in these files of the project. */
function checkTypes(files: readonly string[]): void {
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "ESNext",
    module: "NodeNext",
    lib: ["ESNext", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    types: [],
  };
  write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
  run([process.execPath, join(ROOT, "node_modules/.bin/tsc"), "-p", "."], project);
}

/** A folder with nothing but these programs by their names, and the shell's. */
function pathWith(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(directory, "path-"));
  for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(folder, name));
  for (const name of ["sh", "dirname", "readlink"])
    symlinkSync(Bun.which(name)!, join(folder, name));
  return folder;
}

const write = (name: string, text: string) => {
  mkdirSync(dirname(join(project, name)), { recursive: true });
  writeFileSync(join(project, name), text);
};

beforeAll(() => {
  const npm = toolPath("npm");
  if (npm === null) return;
  mkdirSync(project);
  run([process.execPath, "scripts/package.ts"], ROOT);
  const listed = run(
    [npm, "pack", "--json", "--ignore-scripts", "--pack-destination", directory],
    ROOT,
  );
  packed = JSON.parse(listed)[0];
  write("package.json", '{ "name": "project", "private": true, "type": "module" }\n');
  const tarball = join(directory, (JSON.parse(listed)[0] as { filename: string }).filename);
  run([npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", tarball], project);
}, 300_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("the tarball has the program, its documents and nothing of how it is made", () => {
  const tops = new Set(packed.files.map(({ path }) => path.split("/")[0]));
  expect([...tops].sort()).toEqual(
    [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "bin",
      "config",
      "dist",
      "docs",
      "package.json",
    ].sort(),
  );
  for (const { path } of packed.files)
    expect(path).not.toMatch(/(?<!\.d)\.ts$|\.svg$|tests?\/|\.test\./);
  expect(packed.files.find(({ path }) => path === "bin/sluice")!.mode & 0o111).not.toBe(0);
});

describe("`sluice` of the installed package", () => {
  const runtimes: [name: string, program: () => string][] = [
    ["bun", () => process.execPath],
    ["deno", denoBinary],
  ];
  for (const [name, program] of runtimes) {
    test(`starts where there is only ${name}, and answers`, async () => {
      const port = await freePort();
      write(
        "traefik.yml",
        `entryPoints: {web: {address: "127.0.0.1:${port}"}}\nproviders: {file: {filename: dynamic.yml}}\n`,
      );
      write(
        "dynamic.yml",
        `http:
  routers:
    all: { rule: PathPrefix(\`/\`), service: whoami@internal }
    fn: { rule: PathPrefix(\`/fn\`), service: fn }
  services:
    fn: { handler: { module: ./fn.js, isolation: process } }
`,
      );
      write("fn.js", "export default { fetch: () => new Response('a process of its own') };\n");
      const child = Bun.spawn([bin], {
        cwd: project,
        env: { PATH: pathWith({ [name]: program() }), HOME: process.env["HOME"] },
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
      });
      try {
        const answer = await waitFor("an answer", async () =>
          child.exitCode === null
            ? (await fetch(`http://127.0.0.1:${port}/`)).text()
            : `It ended: ${await new Response(child.stderr).text()}`,
        );
        expect(answer).toContain("Hostname: ");
        const own = await fetch(`http://127.0.0.1:${port}/fn`);
        expect(await own.text()).toBe("a process of its own");
        child.kill("SIGTERM");
        expect(await within("its end", child.exited)).toBe(0);
      } finally {
        child.kill("SIGKILL");
      }
    });
  }

  test("says what it needs where there is neither runtime", () => {
    const { exitCode, stderr } = Bun.spawnSync([bin], { env: { PATH: pathWith({}) } });
    expect(exitCode).toBe(1);
    expect(stderr.toString()).toStartWith("sluice needs Bun");
  });

  test("knows its version", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const { stdout } = Bun.spawnSync([bin, "--version"], {
      env: { PATH: pathWith({ bun: process.execPath }) },
    });
    expect(stdout.toString()).toStartWith(`sluice ${version}\n`);
  });
});

describe("the pipeline of the installed package", () => {
  const page = readFileSync(join(ROOT, "docs/embedding.md"), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(page)![1];
  const ask = `import app from "./app.ts";
const response = await app.fetch(new Request("http://app.test/x"));
console.log(response.status, (await response.text()).trim());
`;
  const runtimes: [name: string, command: () => string[]][] = [
    ["bun", () => [process.execPath]],
    ["deno", () => [denoBinary(), "run", "--quiet", "--allow-all"]],
    ["node", () => [toolPath("node")!]],
  ];
  for (const [name, command] of runtimes) {
    test(`docs/embedding.md's example runs as printed on ${name}`, () => {
      // Not every Node reads TypeScript.
      const plain = new Bun.Transpiler({ loader: "ts" });
      const extension = name === "node" ? "mjs" : "ts";
      for (const [file, text] of [
        ["app", example],
        ["ask", ask.replace("./app.ts", `./app.${extension}`)],
      ])
        write(`${file}.${extension}`, name === "node" ? plain.transformSync(text) : text);
      expect(run([...command(), `ask.${extension}`], project)).toBe("200 hello\n");
    });
  }

  test("docs/embedding.md's example has types", () => {
    write("app.ts", example);
    checkTypes(["app.ts"]);
    write("app.ts", example.replace("createPipeline({", "createPipeline({ nothing: 1,"));
    expect(() => checkTypes(["app.ts"])).toThrow("nothing");
  });
});

describe("createTestServer of the installed package", () => {
  const page = readFileSync(join(ROOT, "docs/testing.md"), "utf8");
  const examples = Array.from(page.matchAll(/```ts\n([\s\S]*?)```/g), ([, text]) => text);
  const runtimes: [name: string, command: () => string[]][] = [
    ["bun", () => [process.execPath]],
    ["deno", () => [denoBinary(), "run", "--quiet", "--allow-all"]],
  ];
  for (const [name, command] of runtimes) {
    test(`docs/testing.md's examples run as printed on ${name}`, () => {
      for (const [i, text] of examples.entries()) write(`server${i}.ts`, text);
      expect(run([...command(), "server0.ts"], project)).toBe("200 Hello from /x\n");
      expect(run([...command(), "server1.ts"], project)).toBe("200 /x\n404 404 page not found\n");
    });
  }

  test("docs/testing.md's examples have types", () => {
    for (const [i, text] of examples.entries()) write(`server${i}.ts`, text);
    checkTypes(["server0.ts", "server1.ts"]);
    write("server0.ts", examples[0].replace("module: greeter", "nothing: 1, module: greeter"));
    expect(() => checkTypes(["server0.ts"])).toThrow("nothing");
  });
});
