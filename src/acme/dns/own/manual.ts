import type { DnsProviderFactory } from "../dns-provider.ts";
import { DEFAULT_TTL, pollingFrom } from "../polling.ts";

/**
 * A person makes the record, whom the log asks for it. lego waits for Enter on its terminal; a service
 * has none, so that the record itself is waited for, MANUAL_PROPAGATION_TIMEOUT at most.
 * Source: lego's manual.
 */
export const manual: DnsProviderFactory = async ({ env, logger }) => ({
  ...(await pollingFrom(env, ["MANUAL"])),
  sequence: 60_000,
  async present({ fqdn, value }) {
    logger.warn(`manual: create this DNS record now: ${fqdn} ${DEFAULT_TTL} IN TXT "${value}"`);
  },
  async cleanUp({ fqdn, value }) {
    logger.warn(
      `manual: this DNS record may be removed now: ${fqdn} ${DEFAULT_TTL} IN TXT "${value}"`,
    );
  },
});
