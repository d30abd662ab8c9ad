import type { Labels } from "../../config/sources/labels.ts";

/**
 * The labels that a catalog's tags are: `PREFIX.http.routers.app.rule=...`, with Traefik's own prefix
 * instead of the provider's. Other tags are none.
 */
export function labelsFromTags(tags: readonly string[], prefix: string): Labels {
  const labels: Record<string, string> = {};
  for (const tag of tags) {
    const at = tag.indexOf("=");
    if (at < 0 || !tag.startsWith(`${prefix}.`)) continue;
    labels[`traefik${tag.slice(prefix.length, at)}`.trim()] = tag.slice(at + 1).trim();
  }
  return labels;
}
