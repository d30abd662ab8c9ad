import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../../../runtime/bun/bun-runtime.ts";
import type { DnsResolutionOptions } from "../../../../src/acme/dns/dns-resolution.ts";
import { LiveResolution } from "../../../../src/acme/dns/live-resolution.ts";
import { nameServersIn } from "../../../../src/acme/dns/resolv-conf.ts";
import type { Logger } from "../../../../src/core/logger.ts";
import { DnsDouble, type DnsEntry } from "../../../support/servers/dns-double.ts";
import { freePort } from "../../../support/sockets/free-port.ts";
import { waitFor } from "../../../support/wait-for.ts";

const NAME = "_acme-challenge.www.example.com.";
const ZONE: Readonly<Record<string, DnsEntry>> = {
  "example.com.": { soa: true, ns: ["localhost."] },
  "www.example.com.": { txt: [] },
};
const RECORD = {
  fqdn: NAME,
  value: "the-value",
  domain: "www.example.com",
  token: "t",
  keyAuthorization: "k",
};
const FAST = { timeout: 400, interval: 10 };
const DEFAULTS = {
  disableChecks: false,
  disableANSChecks: false,
  requireAllRNS: false,
  delayBeforeChecks: 0,
};
const never = () => new AbortController().signal;

function resolution(
  double: DnsDouble | string,
  more: Partial<DnsResolutionOptions> & {
    env?: Record<string, string>;
    authoritative?: DnsDouble;
  } = {},
) {
  const warnings: string[] = [];
  const logger = { warn: (message: string) => warnings.push(message) } as unknown as Logger;
  const { env = {}, authoritative, ...options } = more;
  const address = typeof double === "string" ? double : double.address;
  const live = new LiveResolution(
    { resolvers: [address], propagation: undefined, ...options },
    {
      runtime: { ...bunRuntime(), env },
      logger,
      authoritativePort: authoritative?.port ?? (typeof double === "string" ? 53 : double.port),
    },
  );
  return { live, warnings };
}

describe("a zone", () => {
  test("is the nearest name above with an SOA record, and is remembered", async () => {
    using double = await DnsDouble.start(ZONE);
    const { live } = resolution(double);
    expect(await live.zoneOf(NAME, never())).toBe("example.com.");
    const { length } = double.asked;
    expect(await live.zoneOf(NAME, never())).toBe("example.com.");
    expect(double.asked).toHaveLength(length);
  });

  test("is not a name that is a CNAME, though that leads to a zone", async () => {
    using double = await DnsDouble.start({
      ...ZONE,
      "www.example.com.": { cname: "other.example." },
      "other.example.": { soa: true },
    });
    expect(await resolution(double).live.zoneOf(NAME, never())).toBe("example.com.");
  });

  test("that is nowhere, or whose server fails, is an error that says so", async () => {
    using double = await DnsDouble.start();
    await expect(resolution(double).live.zoneOf(NAME, never())).rejects.toThrow(
      `can't find the zone of ${NAME}: no name above it has an SOA record`,
    );
    double.rcode = 2;
    await expect(resolution(double).live.zoneOf(NAME, never())).rejects.toThrow("SERVFAIL");
  });

  test("is found by the second resolver where the first is away", async () => {
    using double = await DnsDouble.start(ZONE);
    const { live } = resolution(double, {
      resolvers: [`127.0.0.1:${await freePort()}`, double.address],
    });
    expect(await live.zoneOf(NAME, never())).toBe("example.com.");
  });
});

describe("CNAMEs", () => {
  test("are followed to their end, unless that is switched off", async () => {
    using double = await DnsDouble.start({
      [NAME]: { cname: "a.acme.example." },
      "a.acme.example.": { cname: "b.acme.example." },
    });
    expect(await resolution(double).live.follow(NAME, never())).toBe("b.acme.example.");
    const env = { LEGO_DISABLE_CNAME_SUPPORT: "true" };
    expect(await resolution(double, { env }).live.follow(NAME, never())).toBe(NAME);
  });

  test("in a circle are refused", async () => {
    using double = await DnsDouble.start({
      [NAME]: { cname: "a.example." },
      "a.example.": { cname: NAME },
    });
    await expect(resolution(double).live.follow(NAME, never())).rejects.toThrow("50 CNAMEs");
  });

  test("that can't be asked for are none, and it is said", async () => {
    const { live, warnings } = resolution(`127.0.0.1:${await freePort()}`);
    expect(await live.follow(NAME, never())).toBe(NAME);
    expect(warnings).toEqual(["Can't find out whether there is a CNAME"]);
  });
});

describe("a record is waited for", () => {
  test("until the recursive servers and the zone's own have it", async () => {
    using recursive = await DnsDouble.start(ZONE);
    using own = await DnsDouble.start(ZONE);
    const { live } = resolution(recursive, { authoritative: own });
    let done = false;
    const wait = live
      .propagated(RECORD, { timeout: 20_000, interval: 10 }, never())
      .then(() => (done = true));
    await waitFor("the resolver to be asked", () => recursive.asked.some((l) => l.includes("TXT")));
    recursive.entries.set(NAME, { txt: ["another", RECORD.value] });
    await waitFor("the zone's server to be asked", () => own.asked.length > 0);
    expect(own.asked[0]).toBe(`TXT ${NAME} udp`);
    expect(done).toBe(false);
    own.entries.set(NAME, { txt: [RECORD.value] });
    await wait;
  });

  test("and the server that lacks it is named in the end, with what it has", async () => {
    using double = await DnsDouble.start({ ...ZONE, [NAME]: { txt: ["old"] } });
    await expect(resolution(double).live.propagated(RECORD, FAST, never())).rejects.toThrow(
      `the record was not to be seen everywhere within 0.4 s: name server 127.0.0.1:${double.port}: expected the TXT record "the-value" at ${NAME}, found old`,
    );
  });

  test("at the zone's own servers only, where propagation is configured", async () => {
    using recursive = await DnsDouble.start(ZONE);
    using own = await DnsDouble.start({ [NAME]: { txt: [RECORD.value] } });
    await resolution(recursive, { authoritative: own, propagation: DEFAULTS }).live.propagated(
      RECORD,
      FAST,
      never(),
    );
    const all = { ...DEFAULTS, requireAllRNS: true };
    await expect(
      resolution(recursive, { authoritative: own, propagation: all }).live.propagated(
        RECORD,
        FAST,
        never(),
      ),
    ).rejects.toThrow("expected the TXT record");
  });

  test("at nobody's where the checks of authoritative servers are switched off", async () => {
    using recursive = await DnsDouble.start(ZONE);
    const propagation = { ...DEFAULTS, disableANSChecks: true };
    await resolution(recursive, { propagation }).live.propagated(RECORD, FAST, never());
    expect(recursive.asked).toEqual([`TXT ${NAME} udp`]);
  });

  test("only for a time where checks are switched off", async () => {
    using recursive = await DnsDouble.start(ZONE);
    const propagation = { ...DEFAULTS, disableChecks: true, delayBeforeChecks: 20 };
    const before = performance.now();
    await resolution(recursive, { propagation }).live.propagated(RECORD, FAST, never());
    expect(performance.now() - before).toBeGreaterThanOrEqual(19);
    expect(recursive.asked).toEqual([]);
  });

  test("behind a CNAME, at the servers of its target's zone", async () => {
    using double = await DnsDouble.start({
      [NAME]: { cname: "x.acme.example." },
      "x.acme.example.": { txt: [RECORD.value] },
      "acme.example.": { soa: true, ns: ["localhost."] },
    });
    await resolution(double).live.propagated(RECORD, FAST, never());
    expect(double.asked).toContain("NS acme.example. udp");
    expect(double.asked.at(-1)).toBe("TXT x.acme.example. udp");
  });

  test("until a signal ends it", async () => {
    using double = await DnsDouble.start(ZONE);
    const controller = new AbortController();
    const wait = resolution(double).live.propagated(
      RECORD,
      { timeout: 60_000, interval: 60_000 },
      controller.signal,
    );
    controller.abort(new Error("stopped"));
    await expect(wait).rejects.toThrow("stopped");
  });
});

test("over TCP alone where that is asked for", async () => {
  using double = await DnsDouble.start(ZONE);
  const env = { LEGO_EXPERIMENTAL_DNS_TCP_ONLY: "1" };
  await resolution(double, { env }).live.zoneOf(NAME, never());
  expect(double.asked.every((line) => line.endsWith(" tcp"))).toBe(true);
});

test("the system's resolvers are read from resolv.conf", () => {
  const text = "# nameserver 192.0.2.9\nnameserver 192.0.2.1\n nameserver\t2001:db8::1\nsearch x\n";
  expect(nameServersIn(text)).toEqual(["192.0.2.1:53", "[2001:db8::1]:53"]);
});
