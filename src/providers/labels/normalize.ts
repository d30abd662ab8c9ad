/**
 * A name of something else as part of ours: each run of characters that are no letters or digits is
 * one "-", none at the ends (`/my_app` is `my-app`). Source: Traefik's provider.Normalize.
 */
export function normalize(name: string): string {
  return name
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== "")
    .join("-");
}
