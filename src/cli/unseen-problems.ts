import { messageOf } from "../core/errors.ts";
import { MiddlewareBuilder } from "../graph/middleware-builder.ts";
import { missing } from "../graph/missing.ts";
import { compileRule } from "../routers/compiled-rule.ts";
import { parseRule } from "../rules/parser.ts";
import { compileTcpRule, TCP_MATCHERS } from "../rules/tcp-matchers.ts";
import { providerOf } from "../snapshot/names.ts";
import type { DisabledElement, Elements, Snapshot } from "../snapshot/snapshot.ts";

/**
 * What is wrong with a snapshot, and a start may not say: it stops at the first reference of a router
 * that leads nowhere, and leaves alone what no router uses.
 */
export function unseenProblems(snapshot: Snapshot): DisabledElement[] {
  const found: DisabledElement[] = [];
  const middlewares = new MiddlewareBuilder(snapshot);
  for (const name of Object.keys(snapshot.middlewares)) {
    const error = errorOf(() => middlewares.resolve([name]));
    if (error !== undefined) found.push({ kind: "middleware", name, errors: [error] });
  }
  for (const [name, router] of Object.entries(snapshot.routers)) {
    const errors = [
      ...lost([router.service], snapshot.services, (service) =>
        messageOf(missing(snapshot, "service", service)),
      ),
      ...lost(router.middlewares, snapshot.middlewares, (middleware) =>
        messageOf(missing(snapshot, "middleware", middleware)),
      ),
      errorOf(() => compileRule(router.rule)) ?? [],
    ].flat();
    if (errors.length > 0) found.push({ kind: "router", name, errors });
  }
  const { tcp } = snapshot;
  for (const [name, router] of Object.entries(tcp.routers)) {
    const errors = [
      ...lost(
        [router.service],
        tcp.services,
        (service) => `the TCP service "${service}" does not exist`,
      ),
      ...lost(
        router.middlewares,
        tcp.middlewares,
        (middleware) => `the TCP middleware "${middleware}" does not exist`,
      ),
      errorOf(() => compileTcpRule(parseRule(router.rule, TCP_MATCHERS))) ?? [],
    ].flat();
    if (errors.length > 0) found.push({ kind: "tcpRouter", name, errors });
  }
  return found;
}

/** What is said of the names that lead nowhere. Sluice's own services are in no snapshot. */
function lost(
  names: readonly string[],
  elements: Elements<unknown>,
  say: (name: string) => string,
): string[] {
  return names
    .filter((name) => !Object.hasOwn(elements, name) && providerOf(name) !== "internal")
    .map(say);
}

function errorOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
