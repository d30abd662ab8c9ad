import { expect, test } from "bun:test";
import { devArguments } from "../../../../src/cli/dev/dev-arguments.ts";

test.each<[args: string[], expected: [module: string, host: string, port: number]]>([
  [["./a.ts"], ["./a.ts", "127.0.0.1", 8787]],
  [
    ["--port=0", "a.ts", "--host=0.0.0.0"],
    ["a.ts", "0.0.0.0", 0],
  ],
  [
    ["a=b.ts", "--port", "3000", "--host", "::1"],
    ["a=b.ts", "::1", 3000],
  ],
])("%j", (args, [module, host, port]) => {
  expect(devArguments(args)).toEqual({ module, host, port });
});

test.each<[args: string[], message: string]>([
  [[], "expected a module such as ./hello.ts, found nothing"],
  [["a.ts", "b.ts"], "expected one module, found a.ts and b.ts"],
  [["a.ts", "--port=x"], '--port: expected a number from 0 to 65535, found "x"'],
  [["a.ts", "--port=65536"], '--port: expected a number from 0 to 65535, found "65536"'],
  [["a.ts", "--port"], "--port: expected a value, found nothing"],
  [["a.ts", "--watch=1"], 'unknown flag "--watch", expected --port or --host'],
])("%j is refused", (args, message) => {
  expect(() => devArguments(args)).toThrow(message);
});
