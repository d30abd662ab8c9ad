import type { ResolverState } from "../../acme/resolver/resolver-state.ts";
import type { TextFormat } from "./text-format.ts";

const ORDERS = "sluice_acme_orders_total";
const FAILING = "sluice_acme_failing_certificates";
const LAST_FAILURE = "sluice_acme_last_failure_timestamp_seconds";
const NEXT_ATTEMPT = "sluice_acme_next_attempt_timestamp_seconds";
const CERTIFICATES = "sluice_acme_certificates";
const NOT_AFTER = "sluice_acme_first_not_after_timestamp_seconds";

/** What certificate resolvers do: ours, as Traefik has nothing like it. Messages of errors are the API's. */
export function resolverFamilies(format: TextFormat, resolvers: readonly ResolverState[]): void {
  format.family(
    ORDERS,
    "counter",
    "How many orders a certificate resolver has made, by their outcome.",
  );
  format.family(CERTIFICATES, "gauge", "How many certificates a certificate resolver has.");
  format.family(
    NOT_AFTER,
    "gauge",
    "When the first of a certificate resolver's certificates ends.",
  );
  format.family(
    FAILING,
    "gauge",
    "How many certificates could not be ordered or renewed, by the type of the last error.",
  );
  format.family(LAST_FAILURE, "gauge", "When the last order failed that has not succeeded since.");
  format.family(NEXT_ATTEMPT, "gauge", "When the next failed order is tried again.");
  for (const { name, succeeded, failed, certificates } of resolvers) {
    const own = ["resolver", name] as const;
    format.sample(ORDERS, [own, ["outcome", "succeeded"]], succeeded);
    format.sample(ORDERS, [own, ["outcome", "failed"]], failed);
    const ends = certificates.flatMap(({ facts }) => (facts === undefined ? [] : [facts.notAfter]));
    format.sample(CERTIFICATES, [own], ends.length);
    if (ends.length > 0) format.sample(NOT_AFTER, [own], seconds(least(ends)));
    const failures = certificates.flatMap(({ failure }) => failure ?? []);
    const byType = new Map<string, number>();
    for (const { type = "other" } of failures) byType.set(type, (byType.get(type) ?? 0) + 1);
    for (const [type, count] of byType) format.sample(FAILING, [own, ["error", type]], count);
    if (failures.length === 0) continue;
    format.sample(LAST_FAILURE, [own], -seconds(least(failures.map(({ at }) => -at))));
    format.sample(NEXT_ATTEMPT, [own], seconds(least(failures.map(({ nextTry }) => nextTry))));
  }
}

/** Of thousands. */
function least(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
