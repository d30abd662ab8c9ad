import { expect, test } from "bun:test";
import { parseHostPort, portColon, withoutBrackets } from "../../../src/net/host-port.ts";

test.each([
  [":80", "", 80, "tcp"],
  [":0", "", 0, "tcp"],
  [":65535", "", 65535, "tcp"],
  ["127.0.0.1:8080", "127.0.0.1", 8080, "tcp"],
  ["localhost:80", "localhost", 80, "tcp"],
  ["[::1]:80", "::1", 80, "tcp"],
  ["[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1", 80, "tcp"],
  ["[::]:80/tcp", "::", 80, "tcp"],
  [":53/udp", "", 53, "udp"],
  [":80/TCP", "", 80, "tcp"],
  [":53/Udp", "", 53, "udp"],
] as const)("%s", (text, hostname, port, protocol) => {
  expect(parseHostPort(text)).toEqual({ hostname, port, protocol });
});

test.each([
  "",
  "80",
  ":",
  ":http",
  ":65536",
  ":-1",
  "::1:80",
  "[::1]",
  "[]:80",
  "[:::]:80",
  "[example.com]:80",
  "a b:80",
  ":80/",
  ":80/sctp",
  "http://:80",
])("refuses %j", (text) => {
  expect(() => parseHostPort(text)).toThrow(
    `expected an address such as ":80", "127.0.0.1:80" or "[::1]:80/tcp", found "${text}"`,
  );
});

test("the colon before a port is the last one, behind brackets or alone", () => {
  const cases: Record<string, string | null> = {
    "a.test": null,
    "a.test:80": "80",
    "a.test:": "",
    ":80": "80",
    "[::1]": null,
    "[::1]:80": "80",
    "[::1]x:80": null,
    "[::1]:80:90": null,
    "::1": null,
    "a:b:80": null,
    "a:b]:80": null,
    "": null,
  };
  for (const [host, port] of Object.entries(cases)) {
    const colon = portColon(host);
    expect([host, colon < 0 ? null : host.slice(colon + 1)]).toEqual([host, port]);
  }
  expect(["[::1]", "::1", "a", "[a"].map(withoutBrackets)).toEqual(["::1", "::1", "a", "[a"]);
});
