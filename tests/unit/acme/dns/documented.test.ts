import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../../scripts/paths.ts";
import { DNS_PROVIDERS } from "../../../../src/acme/dns/table.ts";

const page = readFileSync(join(ROOT, "docs/acme-dns.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| `[\w-]+`(?: \(`[\w-]+`\))? \|.*\d+, \d+ \|$/.test(line));

test("the page has every provider, and no other", () => {
  const names = rows.flatMap((row) =>
    [...row.split("|")[1].matchAll(/`([\w-]+)`/g)].map((m) => m[1]),
  );
  expect(names.toSorted()).toEqual(Object.keys(DNS_PROVIDERS).toSorted());
});

test("every variable of the page is read somewhere", () => {
  const sources = ["src/acme/dns", "src/net/clients/aws"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .filter((path) => String(path).endsWith(".ts"))
      .map((path) => readFileSync(join(ROOT, folder, String(path)), "utf8")),
  );
  const code = sources.join("\n");
  const variables = new Set(
    [...page.matchAll(/`((?:[A-Z0-9]+_)+[A-Z0-9]+)(?:=\w+)?`/g)].map(([, name]) => name),
  );
  expect(variables.size).toBeGreaterThan(60);
  for (const variable of variables) {
    if (variable.startsWith("PREFIX_") || variable === "NAME_FILE") continue;
    // Some are put together of a prefix and the rest.
    const rest = /^(?:CF|CLOUDFLARE|RFC2136|OVH)_(.*)$/.exec(variable)?.[1];
    const read =
      code.includes(variable) ||
      (rest !== undefined && (code.includes(`"${rest}"`) || code.includes(`("${rest}`))) ||
      variable.endsWith("_FILE");
    expect(read ? "" : variable).toBe("");
  }
});
