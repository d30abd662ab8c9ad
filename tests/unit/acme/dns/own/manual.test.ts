import { expect, test } from "bun:test";
import { manual } from "../../../../../src/acme/dns/own/manual.ts";
import { ApiDouble, dnsContext, NEVER, recordOf } from "../api-double.ts";

test("manual says in the log which record a person is to make, and to remove", async () => {
  using double = new ApiDouble(() => undefined);
  const context = dnsContext(double, { MANUAL_PROPAGATION_TIMEOUT: "3600" });
  const provider = await manual(context);
  const record = recordOf("example.com", "v");
  await provider.present(record, NEVER);
  await provider.cleanUp(record, NEVER);
  expect(context.lines).toEqual([
    `manual: create this DNS record now: ${record.fqdn} 120 IN TXT "${record.value}"`,
    `manual: this DNS record may be removed now: ${record.fqdn} 120 IN TXT "${record.value}"`,
  ]);
  expect(provider).toMatchObject({ timeout: 3_600_000, interval: 2000, sequence: 60_000 });
});
