/**
 * `npm pack` runs this: writes dist/package, the program and what users import as JavaScript, with
 * the types of the latter. Node and Deno don't compile what is in node_modules, so the sources would not do.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { installDependencies } from "./dependencies.ts";
import { ROOT } from "./paths.ts";

/** What users import; their types are the package's. */
const ENTRIES = ["src/embed/pipeline", "runtime/bun/testing/create-test-server"];
/** A class whose private members are in its type: nothing that users see. */
const PRIVATE_MEMBERS = /error TS4094:/;

installDependencies("all");
const target = join(ROOT, "dist/package");
rmSync(target, { recursive: true, force: true });
compile(["-p", "tsconfig.package.json"], /^$/);
writeTypes();

// The compiler leaves alone what a thread is started from.
for (const name of new Bun.Glob("runtime/**/*.js").scanSync(target)) {
  const path = join(target, name);
  const code = readFileSync(path, "utf8");
  writeFileSync(path, code.replace(/(new URL\("\.[^"]*)\.ts"/g, '$1.js"'));
}
// What is imported as text, such as the dashboard's files.
for (const name of new Bun.Glob("src/**/*").scanSync(ROOT))
  if (!name.endsWith(".ts")) cpSync(join(ROOT, name), join(target, name));
mkdirSync(join(target, "config"), { recursive: true });
for (const name of ["sluice.yml", "dynamic.yml"])
  cpSync(join(ROOT, "config", name), join(target, "config", name));
// What the program asks for its version; the package's other fields would be wrong in here.
const { name, version, type } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
writeFileSync(
  join(target, "package.json"),
  `${JSON.stringify({ name, version, type }, null, 2)}\n`,
);

/** Runs TypeScript's compiler; ends the script where it says more than what is tolerated. */
function compile(args: readonly string[], tolerated: RegExp): void {
  const compiler = join(ROOT, "node_modules/.bin/tsc");
  const { stdout, stderr } = Bun.spawnSync([process.execPath, compiler, ...args], { cwd: ROOT });
  const complaints = `${stdout}${stderr}`
    .split("\n")
    .filter((line) => line.trim() !== "" && !tolerated.test(line));
  if (complaints.length === 0) return;
  console.error(complaints.join("\n"));
  process.exit(1);
}

/** The declarations that those of the entries lead to, and no others. */
function writeTypes(): void {
  const all = join(ROOT, "dist/package-types");
  rmSync(all, { recursive: true, force: true });
  compile(
    ["-p", "tsconfig.package.json", "--declaration", "--emitDeclarationOnly", "--outDir", all],
    PRIVATE_MEMBERS,
  );
  const waiting = ENTRIES.map((entry) => `${entry}.d.ts`);
  for (const file of waiting) {
    const source = join(all, file);
    if (!existsSync(source)) throw new Error(`${file} is needed, and has no types`);
    const text = readFileSync(source, "utf8");
    for (const [, specifier] of text.matchAll(/\b(?:from |import\()"(\.[^"]+)"/g)) {
      const other = join(dirname(file), specifier.replace(/\.ts$/, ".d.ts"));
      if (!waiting.includes(other)) waiting.push(other);
    }
    mkdirSync(dirname(join(target, file)), { recursive: true });
    const portable = text.replace(/(\b(?:from |import\()"\.[^"]+)\.ts"/g, '$1.js"');
    writeFileSync(join(target, file), portable);
  }
  rmSync(all, { recursive: true, force: true });
}
