import { describe, expect, test } from "bun:test";
import { readPem } from "../../../src/tls/read-pem.ts";
import { fixture } from "./fixture.ts";
import { MemoryFiles } from "./memory-files.ts";

const PEM = fixture("ca.pem");
const files = new MemoryFiles({
  "/etc/ca.pem": PEM,
  "relative.pem": PEM,
  "/etc/empty": "",
  "/etc/large": `${PEM}${" ".repeat(4 * 1024 * 1024)}`,
  "/etc": null,
});

test("PEM text is itself, whatever is around it", async () => {
  expect(await readPem(files, PEM)).toBe(PEM);
  expect(await readPem(files, `\n  a comment\n${PEM}`)).toBe(`\n  a comment\n${PEM}`);
});

test("a path, absolute or relative", async () => {
  expect(await readPem(files, "/etc/ca.pem")).toBe(PEM);
  expect(await readPem(files, "relative.pem")).toBe(PEM);
});

describe("errors name the path", () => {
  test.each([
    ["/etc/none.pem", 'there is no file "/etc/none.pem"'],
    ["/etc", '"/etc" is not a file'],
    ["/etc/empty", 'expected PEM text in "/etc/empty", found none'],
    ["/etc/large", /^expected PEM text in "\/etc\/large", found \d+ bytes$/],
    ["", "expected a file's path or PEM text, found neither"],
    ["not\nPEM", "expected a file's path or PEM text, found neither"],
  ])("%j", async (path, message) => {
    await expect(readPem(files, path)).rejects.toThrow(message);
  });

  test("a file that can't be read", async () => {
    const broken = new MemoryFiles({ "/etc/ca.pem": PEM });
    broken.read = async () => {
      throw new Error("EACCES: permission denied");
    };
    await expect(readPem(broken, "/etc/ca.pem")).rejects.toThrow(
      '"/etc/ca.pem" can\'t be read: EACCES: permission denied',
    );
  });
});
