import { expect, test } from "bun:test";
import { listenError } from "../../../../src/server/entry-point/listen-error.ts";

const failure = (code: string) =>
  Object.assign(new Error(`listen :80: trouble (${code})`), { code });

test.each<[code: string, port: number, advice: RegExp]>([
  [
    "EADDRINUSE",
    8080,
    /: stop the program that has it, or choose another entryPoints\.web\.address$/,
  ],
  ["EADDRNOTAVAIL", 8080, /: no network interface of this machine has that address; choose/],
  ["EACCES", 80, /: ports below 1024 are for root and .*CAP_NET_BIND_SERVICE.* or choose another/],
  ["EACCES", 8080, /\(EACCES\)$/],
  ["EMFILE", 80, /\(EMFILE\)$/],
])("%s on port %d names the entrypoint and what to do", (code, port, advice) => {
  const { message } = listenError("web", port, failure(code));
  expect(message).toStartWith(`entrypoint "web": listen :80: trouble (${code})`);
  expect(message).toMatch(advice);
});
