import { messageOf } from "../core/errors.ts";
import { Breather } from "../core/loop/breather.ts";
import { HTTP_MATCHERS } from "../rules/http-matchers.ts";
import { parseRule } from "../rules/parser.ts";
import type { RoutedRouter, Snapshot } from "../snapshot/snapshot.ts";
import type { ElementStatus } from "../status/status.ts";
import type { ExplainedRouter } from "./explained.ts";
import type { Probe } from "./probe.ts";
import { type FailedPart, failedParts } from "./rule-report.ts";

export interface RankedRouter {
  readonly explained: ExplainedRouter;
  readonly router: RoutedRouter;
  readonly priority: bigint;
  /** How far the request is from it; 0 where it matches. */
  readonly distance: number;
}

/** A host is another site, a path only another page of it. */
const HOST_DISTANCE = 3;
const PART_DISTANCE = 2;
/** What a mistake keeps from serving is what was meant. */
const STATUS_DISTANCE = 1;
const NEAR_DISTANCE = 1;

/** The routers that an entrypoint has itself: those below others are on none. */
export function routersOn({ routers }: Snapshot, entryPoint: string): string[] {
  return Object.keys(routers).filter((name) => routers[name].entryPoints.includes(entryPoint));
}

/**
 * Routers among which a request chooses: those that match by their priority, then the others by how far
 * they are from matching. `isTls` is undefined for routers below others, which have no say in that.
 */
export async function rankRouters(
  snapshot: Snapshot,
  names: readonly string[],
  isTls: boolean | undefined,
  probed: Probe,
  statusOf: (router: string) => Pick<ElementStatus, "status" | "errors"> | undefined,
): Promise<RankedRouter[]> {
  const breather = new Breather();
  const ranked: RankedRouter[] = [];
  for (const name of names) {
    const router = snapshot.routers[name];
    if (router === undefined) continue;
    const turn = breather.breathe();
    if (turn !== undefined) await turn;
    const { status = "enabled", errors = [] } = statusOf(name) ?? {};
    const failed = [
      ...ruleParts(router.rule, probed, status),
      ...(isTls === undefined ? [] : tlsParts(router.tls !== undefined, isTls)),
      ...(status === "disabled" ? [{ part: "status", found: `it is disabled: ${errors[0]}` }] : []),
    ];
    const priority = BigInt(router.priority ?? new TextEncoder().encode(router.rule).length);
    ranked.push({
      router,
      priority,
      distance: failed.reduce((sum, part) => sum + distanceOf(part), 0),
      explained: {
        name,
        type: undefined,
        status,
        errors,
        rule: router.rule,
        priority: String(priority),
        matches: failed.length === 0,
        failed,
      },
    });
  }
  return ranked.sort(
    (a, b) =>
      a.distance - b.distance ||
      (a.priority === b.priority ? 0 : a.priority > b.priority ? -1 : 1) ||
      a.router.providerRank - b.router.providerRank ||
      (a.explained.name < b.explained.name ? -1 : 1),
  );
}

function ruleParts(rule: string, { request, exchange }: Probe, status: string): FailedPart[] {
  try {
    return failedParts(parseRule(rule, HTTP_MATCHERS), request, exchange);
  } catch (error) {
    // A disabled router's own errors say it.
    return status === "disabled" ? [] : [{ part: rule, found: messageOf(error) }];
  }
}

function tlsParts(wanted: boolean, isTls: boolean): FailedPart[] {
  if (wanted === isTls) return [];
  return [
    wanted
      ? {
          part: "tls",
          found: "it takes only requests that come by TLS, and this one comes without",
        }
      : { part: "tls", found: "it has no tls, and takes only requests that come without TLS" },
  ];
}

function distanceOf({ part, hint }: FailedPart): number {
  if (hint !== undefined) return NEAR_DISTANCE;
  if (part === "status") return STATUS_DISTANCE;
  return /^!?Host/.test(part) ? HOST_DISTANCE : PART_DISTANCE;
}
