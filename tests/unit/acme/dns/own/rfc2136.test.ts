import { afterAll, beforeAll, describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toolPath } from "../../../../../scripts/tool-path.ts";
import { rfc2136 } from "../../../../../src/acme/dns/own/rfc2136.ts";
import { TYPE } from "../../../../../src/net/dns/dns-message.ts";
import { testWith } from "../../../../support/requires.ts";
import {
  KNOT_ALGORITHMS,
  KNOT_SECRET,
  type KnotServer,
  startKnot,
} from "../../../../support/servers/knot-server.ts";
import { ApiDouble, dnsContext, NEVER, recordOf } from "../api-double.ts";
import { failure } from "../provider-contract.ts";

const testKnot = testWith("knotd");
/** One zone that signed updates may change, one that all may, and one that none may. */
let knot: KnotServer;
let port: number;

beforeAll(async () => {
  if (toolPath("knotd") === null) return;
  knot = await startKnot({
    "example.com": "signed",
    "open.example": "all",
    "closed.example": "none",
  });
  port = knot.port;
});

afterAll(async () => {
  await knot?.[Symbol.asyncDispose]();
});

const signedBy = (algorithm: string) => ({
  RFC2136_NAMESERVER: `127.0.0.1:${port}`,
  RFC2136_TSIG_KEY: `${algorithm}.key`,
  RFC2136_TSIG_ALGORITHM: `${algorithm}.`,
  RFC2136_TSIG_SECRET: KNOT_SECRET,
});

function context(env: Record<string, string>) {
  using double = new ApiDouble(() => undefined);
  return dnsContext(double, env);
}

describe("rfc2136", () => {
  for (const algorithm of KNOT_ALGORITHMS)
    testKnot(`updates a zone, signed with ${algorithm}`, async () => {
      const provider = await rfc2136(context(signedBy(algorithm)));
      const domain = `${algorithm}.example.com`;
      const [first, second] = [recordOf(domain, "a"), recordOf(domain, "b")];
      await provider.present(first, NEVER);
      await provider.present(second, NEVER);
      expect(await knot.texts(first.fqdn)).toEqual([first.value, second.value]);
      await provider.cleanUp(first, NEVER);
      expect(await knot.texts(first.fqdn)).toEqual([second.value]);
      await provider.cleanUp(second, NEVER);
      expect(await knot.texts(first.fqdn)).toEqual([]);
    });

  testKnot("takes its key from a file of tsig-keygen's, and lego's newer names", async () => {
    const path = join(knot.directory, "key.conf");
    writeFileSync(
      path,
      `key "hmac-sha256.key" {\n\talgorithm hmac-sha256; # a comment\n\tsecret "${KNOT_SECRET}";\n};\n`,
    );
    const env = { DNSUPDATE_NAMESERVER: `127.0.0.1:${port}`, DNSUPDATE_TSIG_FILE: path };
    const provider = await rfc2136(context({ ...env, DNSUPDATE_TTL: "33" }));
    const record = recordOf("file.example.com", "v");
    await provider.present(record, NEVER);
    expect((await knot.ask(record.fqdn, TYPE.TXT)).answers[0].ttl).toBe(33);
    writeFileSync(path, `key "k" { secret "${KNOT_SECRET}"; };`);
    const error = await failure(() => rfc2136(context(env)));
    expect(error).toBe(
      `${path}: expected a TSIG key with name, algorithm and secret, found no algorithm`,
    );
  });

  testKnot("needs no key where the server needs none, and may be told the zone", async () => {
    const env = {
      RFC2136_NAMESERVER: `127.0.0.1:${port}`,
      RFC2136_ZONES: "example, open.example,other.example",
    };
    const provider = await rfc2136(context(env));
    await provider.present(recordOf("www.open.example", "v"), NEVER);
    expect(await knot.texts("_acme-challenge.www.open.example.")).toHaveLength(1);
    expect(await failure(() => provider.present(recordOf("www.else.test", "v"), NEVER))).toBe(
      "rfc2136: expected one of DNSUPDATE_ZONES above _acme-challenge.www.else.test., found none",
    );
  });

  testKnot("says why the server refuses, and shows no secret", async () => {
    const record = recordOf("www.example.com", "v");
    const wrong = "d3Jvbmctd3Jvbmctd3JvbmctIQ==";
    const present = async (env: Record<string, string>, which = record) => {
      const error = await failure(async () => (await rfc2136(context(env))).present(which, NEVER));
      expect(error).not.toContain(wrong);
      expect(error).not.toContain(KNOT_SECRET);
      return error;
    };
    const good = signedBy("hmac-sha256");
    const place = `rfc2136: 127.0.0.1:${port}`;
    expect(await present({ ...good, RFC2136_TSIG_SECRET: wrong })).toBe(
      `${place}: the server refused the signature: BADSIG (the secret is another one)`,
    );
    expect(await present({ ...good, RFC2136_TSIG_KEY: "unknown" })).toBe(
      `${place}: the server refused the signature: BADKEY (it has no key of that name and algorithm)`,
    );
    const { RFC2136_TSIG_SECRET: _, ...unsigned } = good;
    expect(await present(unsigned)).toBe(`${place} refused the update of example.com.: NOTAUTH`);
    expect(await present(unsigned, recordOf("www.closed.example", "v"))).toBe(
      `${place} refused the update of closed.example.: NOTAUTH`,
    );
    expect(await present(good, recordOf("www.unknown.test", "v"))).toContain(
      "can't find the zone of _acme-challenge.www.unknown.test.",
    );
    expect(await present({ ...good, RFC2136_TSIG_SECRET: "%%%" })).toBe(
      "rfc2136: DNSUPDATE_TSIG_SECRET: expected base64, found something else",
    );
    for (const algorithm of ["hmac-md5.sig-alg.reg.int.", "gss-tsig."])
      expect(await present({ ...good, RFC2136_TSIG_ALGORITHM: algorithm })).toContain(
        `DNSUPDATE_TSIG_ALGORITHM: expected one of hmac-sha1., hmac-sha256., hmac-sha384., hmac-sha512., found "${algorithm}"`,
      );
    expect(await present({})).toContain("DNSUPDATE_NAMESERVER");
  });

  testKnot(
    "has lego's times, and lets names wait for each other where that is asked for",
    async () => {
      const good = signedBy("hmac-sha256");
      const provider = await rfc2136(context(good));
      expect(provider).toMatchObject({ timeout: 60_000, interval: 2000 });
      expect(provider.sequence).toBeUndefined();
      const env = {
        ...good,
        RFC2136_PROPAGATION_TIMEOUT: "9",
        DNSUPDATE_POLLING_INTERVAL: "3",
        RFC2136_SEQUENCE_INTERVAL: "5",
      };
      expect(await rfc2136(context(env))).toMatchObject({
        timeout: 9000,
        interval: 3000,
        sequence: 5000,
      });
    },
  );
});
