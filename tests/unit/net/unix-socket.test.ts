import { expect, test } from "bun:test";
import { formatAddress } from "../../../src/net/address.ts";
import { isSocketPath, parseUnixServer } from "../../../src/net/unix-socket.ts";

test.each([
  ["unix:///run/app.sock", "http", "/run/app.sock"],
  ["unix:/run/app.sock", "http", "/run/app.sock"],
  ["UNIX:///run/a:b.sock", "http", "/run/a:b.sock"],
  ["unix+h2c:///run/app.sock", "h2c", "/run/app.sock"],
  ["unix:///run/a%20b%3F.sock", "http", "/run/a b?.sock"],
  [`unix:///${"x".repeat(106)}`, "http", `/${"x".repeat(106)}`],
])("%s", (text, protocol, path) => {
  expect(parseUnixServer(text)).toEqual({ protocol: protocol as "http", path });
  expect(isSocketPath(path)).toBeTrue();
});

test("other schemes are none of it", () => {
  for (const text of ["http://unix:80", "https://a", "10.0.0.1:80", "/run/app.sock", ""])
    expect(parseUnixServer(text)).toBeUndefined();
});

test.each([
  ["unix:", "expected a socket's path"],
  ["unix:///", "expected a socket's path"],
  // The first segment would be taken for a host.
  ["unix://run/app.sock", "expected a socket's path"],
  ["unix:////run/app.sock", "expected a socket's path"],
  ["unix:run/app.sock", "expected a socket's path"],
  ["unix:@abstract", "expected a socket's path"],
  ["unix:///run/app.sock/", "expected a socket's path"],
  ["unix:///run/app.sock?x", "expected a socket's path"],
  ["unix:///run/app.sock#x", "expected a socket's path"],
  ["unix:///run/%zz", 'whose "%" stand for bytes'],
  ["unix:///run/%00", 'whose "%" stand for bytes'],
  [`unix:///${"é".repeat(54)}`, "at most 107 bytes, found 109"],
])("%s is refused", (text, message) => {
  expect(() => parseUnixServer(text)).toThrow(message);
  expect(() => parseUnixServer(text)).toThrow(`"${text}"`);
});

test("an address of a socket is its path", () => {
  expect(formatAddress({ ip: "/run/app.sock", port: 0 })).toBe("unix:/run/app.sock");
});
