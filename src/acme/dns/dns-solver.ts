import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Challenge, ChallengeSolver } from "../challenges/challenge.ts";
import { sha256 } from "../x509/base64url.ts";
import type { DnsProvider } from "./dns-provider.ts";
import type { DnsRecord } from "./dns-record.ts";
import type { DnsResolution } from "./dns-resolution.ts";

/** How long a provider may take to add or remove one record, in milliseconds. */
const PATIENCE = 120_000;

/** DNS-01 (RFC 8555 section 8.4): TXT records of a provider's, looked for before an authority looks. */
export function dnsSolver(
  provider: DnsProvider,
  resolution: DnsResolution,
  logger: Logger,
): ChallengeSolver {
  return {
    ...(provider.sequence !== undefined && { sequence: provider.sequence }),
    async present({ domain, token, keyAuthorization }: Challenge, signal) {
      const fqdn = await resolution.follow(`_acme-challenge.${domain}.`, signal);
      const value = await sha256(keyAuthorization);
      const record: DnsRecord = { fqdn, value, domain, token, keyAuthorization };
      const patience = () => AbortSignal.timeout(PATIENCE);
      await provider.present(record, AbortSignal.any([signal, patience()]));
      // A record that stays is untidy, and no reason to go without the certificate.
      const cleanUp = () =>
        provider.cleanUp(record, patience()).catch((error: unknown) =>
          logger.warn("A DNS record of a challenge could not be removed", {
            record: fqdn,
            error: messageOf(error),
          }),
        );
      try {
        await resolution.propagated(record, provider, signal);
      } catch (error) {
        await cleanUp();
        throw error;
      }
      return cleanUp;
    },
  };
}
