/**
 * Proves what a machine can prove of the project's rules: layers, circles of imports, sizes of
 * folders, words, hosts, the subjects of commits. Prints what is against them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { subjectProblem } from "./checks/commit-subjects.ts";
import { downloadHosts } from "./checks/download-hosts.ts";
import { crowdedFolders } from "./checks/folder-size.ts";
import { COMMITS_SINCE, compareWithKnown, KNOWN } from "./checks/known.ts";
import { vagueWords } from "./checks/wording.ts";
import { checkLayers } from "./layers.ts";
import { ROOT } from "./paths.ts";

const texts = projectFiles();
const select = (pattern: RegExp) => new Map([...texts].filter(([path]) => pattern.test(path)));
const sources = select(/^(?:src|runtime|scripts|bench)\/.*\.ts$/);
const everySource = select(/^(?:src|runtime|scripts|bench|tests)\/.*\.(?:ts|mjs|go)$/);
const prose = select(
  /^(?:(?:src|runtime|scripts|tests)\/.*\.(?:ts|mjs|go)|(?:docs\/)?[\w-]+\.md)$/,
);

const { violations, warnings, cycles } = checkLayers(sources);
for (const [path, text] of texts) violations.push(...downloadHosts(path, text));
violations.push(...commitProblems());
violations.push(
  ...compareWithKnown(
    "files in circles of imports",
    cycles.flat().length,
    KNOWN.filesInCircles,
    () => cycles.map((group) => group.join(" - ")),
  ),
);
const vague = [...prose].flatMap(([path, text]) => vagueWords(path, text));
violations.push(
  ...compareWithKnown("words that hide who acts", vague.length, KNOWN.vagueWords, () => vague),
);
for (const [folder, count] of crowdedFolders(everySource.keys())) {
  const known = KNOWN.crowdedFolders[folder] ?? 0;
  violations.push(...compareWithKnown(`source files in ${folder}/`, count, known, () => []));
}

for (const warning of warnings) console.warn(`warning: ${warning}`);
for (const violation of violations) console.error(violation);
console.log(`${texts.size} files, ${violations.length} violations, ${warnings.length} warnings`);
process.exit(violations.length === 0 ? 0 : 1);

/** The texts of all files that git knows, or would add, by their path; all but node_modules and dist without git. */
function projectFiles(): Map<string, string> {
  const listed = git("ls-files", "--cached", "--others", "--exclude-standard", "-z")?.split("\0");
  const paths =
    listed ??
    [...new Bun.Glob("**/*").scanSync({ cwd: ROOT, dot: true })].filter(
      (path) => !/^(?:node_modules|dist|\.git)\//.test(path),
    );
  const found = new Map<string, string>();
  for (const path of paths.sort()) {
    try {
      found.set(path, readFileSync(join(ROOT, path), "utf8"));
    } catch {
      // Removed, and git has not been told yet.
    }
  }
  return found;
}

/** What is wrong with the subjects of the commits since the rules came. */
function commitProblems(): string[] {
  const subjects = git("log", "--no-merges", "--format=%s", `${COMMITS_SINCE}..HEAD`);
  // An archive of the sources has no history, a shallow clone not all of it.
  if (subjects === undefined) return [];
  return subjects.split("\n").flatMap((subject) => {
    const problem = subject === "" ? undefined : subjectProblem(subject);
    return problem === undefined ? [] : [`commit ${problem}`];
  });
}

/** What git prints; undefined where it isn't there or fails. */
function git(...args: string[]): string | undefined {
  const path = Bun.which("git");
  if (path === null) return undefined;
  const { exitCode, stdout } = Bun.spawnSync([path, ...args], { cwd: ROOT, stderr: "ignore" });
  return exitCode === 0 ? stdout.toString() : undefined;
}
