import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  formatAcmeJson,
  parseAcmeJson,
  sectionOf,
  withSection,
} from "../../../../src/acme/storage/acme-json.ts";
import { namesOf } from "../../../../src/acme/storage/stored.ts";

/** What a Traefik v3.7 has written: two resolvers, the first with an account and two certificates. */
const TRAEFIK = readFileSync(join(import.meta.dirname, "traefik-acme.txt"), "utf8");

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("Traefik's file is read, and written again byte for byte", () => {
  const content = parseAcmeJson(TRAEFIK);
  const section = sectionOf(content, "le");
  expect(section.account?.email).toBe("a&b@example.com");
  expect(section.account?.registration?.uri).toBe("https://ca.example/acct/1");
  expect(section.certificates.map(namesOf)).toEqual([["a.test", "b.test"], ["c.test"]]);
  expect(section.certificates[0].certificate).toStartWith("-----BEGIN CERTIFICATE-----\n");
  expect(sectionOf(content, "other")).toEqual({ account: undefined, certificates: [] });
  expect(text(formatAcmeJson(content))).toBe(TRAEFIK);
  expect(text(formatAcmeJson(withSection(content, "le", section)))).toBe(TRAEFIK);
});

test("another resolver's part and members that are unknown here stay", () => {
  const content = parseAcmeJson(
    '{"old": {"Account": {"Email": "x", "Registration": null, "PrivateKey": "AA==", "KeyType": "4096"}, "Certificates": null, "More": 1}, "z": {"Strange": [1]}}',
  );
  const section = sectionOf(content, "old");
  const changed = withSection(content, "old", {
    ...section,
    certificates: [{ main: "a", sans: [], certificate: "C", key: "K", store: "default" }],
  });
  expect(JSON.parse(text(formatAcmeJson(changed)))).toEqual({
    old: {
      Account: { Email: "x", Registration: null, PrivateKey: "AA==", KeyType: "4096" },
      Certificates: [{ domain: { main: "a" }, certificate: "Qw==", key: "Sw==", Store: "default" }],
      More: 1,
    },
    z: { Strange: [1] },
  });
});

test("an empty file is an empty storage; what is none is named", () => {
  for (const empty of ["", " \n", "null", "{}"]) expect(parseAcmeJson(empty).size).toBe(0);
  expect(() => parseAcmeJson("[]")).toThrow("expected an object");
  expect(() => parseAcmeJson('{"le": 1}')).toThrow("le: expected an object");
  const wrong = parseAcmeJson('{"le": {"Certificates": [{"certificate": "*", "key": "AA=="}]}}');
  expect(() => sectionOf(wrong, "le")).toThrow("le.Certificates[0].certificate: expected base64");
  const empty = parseAcmeJson('{"le": {"Certificates": [{"certificate": "", "key": "AA=="}]}}');
  expect(sectionOf(empty, "le").certificates).toEqual([]);
});
