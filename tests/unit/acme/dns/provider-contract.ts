import { describe, expect, test } from "bun:test";
import type { DnsProviderFactory } from "../../../../src/acme/dns/dns-provider.ts";
import { dnsProviderFactory } from "../../../../src/acme/dns/table.ts";
import { ApiDouble, type ApiHandler, dnsContext, NEVER, recordOf } from "./api-double.ts";

/** What a service's double has of one name. */
export interface Stored {
  /** Texts without quotes, by fully qualified name. */
  readonly records: Map<string, string[]>;
  /** Seconds, of the last record that was written. */
  ttl: number | undefined;
}

export interface ProviderCase {
  /** As in `dnsChallenge.provider`. */
  readonly name: string;
  /** With which it works. */
  env(url: string): Readonly<Record<string, string>>;
  /** Variables that are secret: each is tried wrong, and none is ever shown. */
  readonly secrets: readonly string[];
  /** Without which it can't begin. */
  readonly required: readonly string[];
  /** The service with the zone example.com alone, in its documented form. */
  api(stored: Stored, url: () => string): ApiHandler;
  /** What it says to wrong credentials. */
  readonly refusal: RegExp;
  /** What is said of a domain that the account doesn't have. */
  readonly noZone: RegExp;
  readonly ttl?: { readonly fallback: number; readonly variable: string };
  readonly timeout: { readonly fallback: number; readonly variable?: string };
  readonly interval: { readonly fallback: number; readonly variable?: string };
  readonly sequence?: { readonly fallback: number; readonly variable: string };
  /** It has one record for a name at a time. */
  readonly single?: boolean;
  /** The domain that certificates are for; www.example.com if not given. */
  readonly domain?: string;
  /** It puts requests off otherwise than by 429. */
  readonly ownLimits?: boolean;
}

/** What every provider keeps to: see DnsProvider. */
export function testProvider(provider: ProviderCase): void {
  const { name, domain = "www.example.com" } = provider;
  const fqdn = `_acme-challenge.${domain}.`;
  const factory: DnsProviderFactory = dnsProviderFactory(name);

  const scene = (change: Readonly<Record<string, string | undefined>> = {}) => {
    const stored: Stored = { records: new Map(), ttl: undefined };
    let url = "";
    const double = new ApiDouble(provider.api(stored, () => url));
    url = double.url;
    const env = Object.fromEntries(
      Object.entries({ ...provider.env(double.url), ...change }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    );
    const context = dnsContext(double, env);
    return { stored, double, context, env, [Symbol.dispose]: () => double[Symbol.dispose]() };
  };

  describe(name, () => {
    test("puts records beside each other, and takes each away alone", async () => {
      using it = scene();
      const made = await factory(it.context);
      const [first, second] = [recordOf(domain, "first"), recordOf(domain, "second")];
      await made.present(first, NEVER);
      expect(it.stored.records.get(fqdn)).toEqual([first.value]);
      if (provider.ttl !== undefined) expect(it.stored.ttl).toBe(provider.ttl.fallback);
      if (provider.single !== true) {
        await made.present(second, NEVER);
        expect(it.stored.records.get(fqdn)?.toSorted()).toEqual([first.value, second.value]);
        await made.cleanUp(first, NEVER);
        expect(it.stored.records.get(fqdn)).toEqual([second.value]);
        await made.cleanUp(second, NEVER);
      } else await made.cleanUp(first, NEVER);
      expect(it.stored.records.get(fqdn) ?? []).toEqual([]);
      expect(it.double.unknown).toEqual([]);
    });

    if (provider.single !== true)
      test("loses none of several that come at once", async () => {
        using it = scene();
        const made = await factory(it.context);
        const records = ["a", "b", "c", "d"].map((value) => recordOf(domain, value));
        await Promise.all(records.map((record) => made.present(record, NEVER)));
        expect(it.stored.records.get(fqdn)?.toSorted()).toEqual(records.map(({ value }) => value));
      });

    test("leaves what is there already", async () => {
      using it = scene();
      if (provider.single === true) return;
      it.stored.records.set(fqdn, ["others"]);
      const made = await factory(it.context);
      const record = recordOf(domain, "own");
      await made.present(record, NEVER);
      expect(it.stored.records.get(fqdn)?.toSorted()).toEqual(["others", record.value]);
      await made.cleanUp(record, NEVER);
      expect(it.stored.records.get(fqdn)).toEqual(["others"]);
    });

    for (const secret of provider.secrets)
      test(`says what the service says to a wrong ${secret}, and shows none`, async () => {
        using it = scene({ [secret]: "d3f1n1t3lyWr0ng-s3cr3t" });
        const error = await failure(() =>
          factory(it.context).then((made) => made.present(recordOf(domain, "v"), NEVER)),
        );
        expect(error).toMatch(provider.refusal);
        expect(it.stored.records.get(fqdn) ?? []).toEqual([]);
        const shown = `${error} ${it.context.lines.join(" ")}`;
        for (const variable of provider.secrets) expect(shown).not.toContain(it.env[variable]);
      });

    test("says that there is no such zone", async () => {
      using it = scene();
      const made = await factory(it.context);
      const record = recordOf("www.unknown.example", "v");
      expect(await failure(() => made.present(record, NEVER))).toMatch(provider.noZone);
    });

    if (provider.ownLimits !== true)
      test("waits where the service puts it off, and says so in the end", async () => {
        using it = scene();
        const made = await factory(it.context);
        it.double.putOff = 2;
        await made.present(recordOf(domain, "v"), NEVER);
        expect(it.stored.records.get(fqdn)).toHaveLength(1);
        it.double.putOff = 1000;
        const error = await failure(() => made.present(recordOf(domain, "w"), NEVER));
        expect(error).toMatch(/429/);
        expect(it.double.putOff).toBe(996);
        it.double.retryAfter = "86400";
        const late = await failure(() => made.present(recordOf(domain, "x"), NEVER));
        expect(late).toMatch(/rate limit/);
        expect(it.double.putOff).toBe(995);
      });

    test("names what is missing in the environment", async () => {
      for (const variable of provider.required) {
        using it = scene({ [variable]: undefined });
        expect(await failure(() => factory(it.context))).toContain(variable);
      }
    });

    test("has lego's times, and those of the environment", async () => {
      const { timeout, interval, sequence, ttl } = provider;
      using plain = scene();
      expect(await factory(plain.context)).toMatchObject({
        timeout: timeout.fallback,
        interval: interval.fallback,
      });
      expect((await factory(plain.context)).sequence).toBe(sequence?.fallback);
      const change: Record<string, string> = {};
      if (timeout.variable !== undefined) change[timeout.variable] = "7";
      if (interval.variable !== undefined) change[interval.variable] = "1";
      if (sequence !== undefined) change[sequence.variable] = "5";
      if (ttl !== undefined) change[ttl.variable] = "4000";
      using other = scene(change);
      const made = await factory(other.context);
      if (timeout.variable !== undefined) expect(made.timeout).toBe(7000);
      if (interval.variable !== undefined) expect(made.interval).toBe(1000);
      if (sequence !== undefined) expect(made.sequence).toBe(5000);
      if (ttl !== undefined) {
        await made.present(recordOf(domain, "v"), NEVER);
        expect(other.stored.ttl).toBe(4000);
      }
    });
  });
}

/** The message of what it rejects with. */
export async function failure(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected a failure");
}

export function addText(stored: Stored, fqdn: string, text: string, ttl?: unknown): void {
  stored.records.set(fqdn, [...(stored.records.get(fqdn) ?? []), text]);
  if (ttl !== undefined) stored.ttl = Number(ttl);
}

export function dropText(stored: Stored, fqdn: string, text: string): void {
  stored.records.set(
    fqdn,
    (stored.records.get(fqdn) ?? []).filter((known) => known !== text),
  );
}
