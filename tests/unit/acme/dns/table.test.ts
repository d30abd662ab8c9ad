import { expect, test } from "bun:test";
import { dnsProviderFactory } from "../../../../src/acme/dns/table.ts";

const factory = () => Promise.reject(new Error("not made here"));

test("a provider is found by lego's name, in any case", () => {
  expect(dnsProviderFactory("CloudFlare", { cloudflare: factory })).toBe(factory);
});

test("one that there is not is refused, with those that there are", () => {
  const find = () => dnsProviderFactory("cloudfare", { cloudflare: factory, route53: factory });
  expect(find).toThrow(
    'expected one of cloudflare, route53, found "cloudfare"; did you mean "cloudflare"?',
  );
  expect(() => dnsProviderFactory("toString")).toThrow('found "toString"');
});

test("a name of lego's that is no more leads to what replaced it", () => {
  expect(() => dnsProviderFactory("azure")).toThrow('did you mean "azuredns"?');
});
