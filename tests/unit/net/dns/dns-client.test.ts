import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../../../runtime/bun/bun-runtime.ts";
import { askDnsServer, parseDnsServer } from "../../../../src/net/dns/dns-client.ts";
import {
  CLASS,
  encodeAnswer,
  encodeQuery,
  TYPE,
  textData,
} from "../../../../src/net/dns/dns-message.ts";
import { DnsDouble } from "../../../support/servers/dns-double.ts";
import { freePort } from "../../../support/sockets/free-port.ts";

const runtime = bunRuntime();
const NAME = "_acme-challenge.example.com.";
const QUESTION = { name: NAME, type: TYPE.TXT, class: CLASS.IN };
const QUERY = encodeQuery(0x0102, QUESTION, true);
const options = () => ({ timeout: 5000, signal: new AbortController().signal });

async function texts(double: DnsDouble, more: { tcp?: boolean } = {}) {
  const answer = await askDnsServer(runtime, parseDnsServer(double.address), QUERY, {
    ...options(),
    ...more,
  });
  return answer.message.answers.flatMap(({ texts }) => texts);
}

describe("a name server", () => {
  test("answers by UDP, and by TCP what doesn't fit or where that is asked for", async () => {
    using double = await DnsDouble.start({ [NAME]: { txt: ["value"] } });
    expect(await texts(double)).toEqual(["value"]);
    double.truncates = true;
    expect(await texts(double)).toEqual(["value"]);
    expect(await texts(double, { tcp: true })).toEqual(["value"]);
    expect(double.asked.map((line) => line.split(" ")[2])).toEqual(["udp", "udp", "tcp", "tcp"]);
  });

  test("is not mistaken for others that answer before it", async () => {
    using double = await DnsDouble.start({ [NAME]: { txt: ["true"] } });
    const lie = { ...QUESTION, ttl: 1, data: textData("forged") };
    double.forge = (query) => encodeAnswer({ ...query, id: query.id ^ 1 }, 0, [lie]);
    expect(await texts(double)).toEqual(["true"]);
    const other = { ...QUESTION, name: "other.example." };
    double.forge = (query) => encodeAnswer({ ...query, questions: [other] }, 0, [lie]);
    expect(await texts(double)).toEqual(["true"]);
    double.forge = () => Uint8Array.of(1, 2, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0xff);
    expect(await texts(double)).toEqual(["true"]);
  });

  test("that doesn't answer is asked again, and named in the end", async () => {
    using double = await DnsDouble.start();
    double.silent = true;
    const asked = askDnsServer(runtime, parseDnsServer(double.address), QUERY, {
      ...options(),
      timeout: 300,
    });
    await expect(asked).rejects.toThrow(
      `name server 127.0.0.1:${double.port}: no answer within 0.3 s`,
    );
    expect(double.asked.length).toBeGreaterThan(1);
  });

  test("that isn't there is a failure, and a signal ends the wait", async () => {
    const port = await freePort();
    const gone = { hostname: "127.0.0.1", port };
    const tcp = { ...options(), tcp: true };
    await expect(askDnsServer(runtime, gone, QUERY, tcp)).rejects.toThrow(
      `name server 127.0.0.1:${port}: `,
    );
    using double = await DnsDouble.start();
    double.silent = true;
    for (const tcp of [false, true]) {
      const controller = new AbortController();
      const asked = askDnsServer(runtime, parseDnsServer(double.address), QUERY, {
        timeout: 60_000,
        signal: controller.signal,
        tcp,
      });
      setTimeout(() => controller.abort(new Error("stopped")), 20);
      await expect(asked).rejects.toThrow("stopped");
    }
  });
});

test.each([
  ["192.0.2.1", { hostname: "192.0.2.1", port: 53 }],
  ["192.0.2.1:5353", { hostname: "192.0.2.1", port: 5353 }],
  ["dns.example:53", { hostname: "dns.example", port: 53 }],
  ["[2001:db8::1]:5353", { hostname: "2001:db8::1", port: 5353 }],
  ["2001:db8::1", { hostname: "2001:db8::1", port: 53 }],
  ["[fe80::1%eth0]:53", { hostname: "fe80::1%eth0", port: 53 }],
])("%s is a server", (text, server) => {
  expect(parseDnsServer(text)).toEqual(server);
});

test.each(["", "a:b", "host:0", "host:70000", "https://x"])("%p is none", (text) => {
  expect(() => parseDnsServer(text)).toThrow("expected a name server such as");
});
