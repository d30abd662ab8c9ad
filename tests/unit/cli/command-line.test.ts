import { describe, expect, test } from "bun:test";
import { parseCommandLine, withFileArgument } from "../../../src/cli/command-line.ts";

const COMMANDS = ["check", "healthcheck", "version", "help"];

describe("parseCommandLine", () => {
  test.each<[args: string[], command: string, rest: string[]]>([
    [[], "run", []],
    [["--ping", "--log.level=INFO"], "run", ["--ping", "--log.level=INFO"]],
    [["check", "--ping"], "check", ["--ping"]],
    [["--version"], "version", []],
    [["-v"], "version", []],
    [["-h"], "help", []],
    [["check", "--help"], "help", ["--help"]],
  ])("%j is %s", (args, command, rest) => {
    expect(parseCommandLine(args, COMMANDS)).toEqual({ command, args: rest });
  });

  test.each<[word: string, meant: string]>([
    ["chekc", "check"],
    ["traefik.yml", "--configFile=traefik.yml"],
  ])("%s is an error that says what may be meant", (word, meant) => {
    const expected = `unknown command "${word}", did you mean "${meant}"?\nexpected one of check, healthcheck, version, help, or flags, which start the router`;
    expect(() => parseCommandLine([word], COMMANDS)).toThrow(expected);
  });

  test("a word that resembles no command is an error without a guess", () => {
    expect(() => parseCommandLine(["xxxxxxxxxxxx"], COMMANDS)).toThrow(
      'unknown command "xxxxxxxxxxxx"\n',
    );
  });
});

describe("withFileArgument", () => {
  test.each<[args: string[], result: string[]]>([
    [[], []],
    [["a.yml"], ["--configFile=a.yml"]],
    [
      ["--ping", "a.yml"],
      ["--configFile=a.yml", "--ping"],
    ],
    [
      ["--configFile", "a.yml"],
      ["--configFile", "a.yml"],
    ],
  ])("%j is %j", (args, result) => {
    expect(withFileArgument(args)).toEqual(result);
  });

  test("two files are an error", () => {
    expect(() => withFileArgument(["a.yml", "b.yml"])).toThrow(
      "expected one file, found a.yml and b.yml",
    );
  });
});
