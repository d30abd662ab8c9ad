import { expect, test } from "bun:test";
import { downloadHosts } from "../../../../scripts/checks/download-hosts.ts";

// In pieces, as this file is checked too.
const host = (...parts: string[]) => parts.join(".");

test.each([
  host("proxy", "golang", "org"),
  host("registry", "npmjs", "org"),
  `://${host("github", "com")}`,
  host("ghcr", "io"),
])("%s is found with its line", (name) => {
  expect(downloadHosts("a.sh", `one\ncurl ${name}/x`)).toEqual([
    `a.sh:2: names the download host ${name}`,
  ]);
});

test("modules' paths, packages and pages of their makers are none", () => {
  const text = "go install github.com/a/b@v1; npm install c; see [Bun](https://bun.sh)";
  expect(downloadHosts("a.sh", text)).toEqual([]);
});
