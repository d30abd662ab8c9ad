/** A scheme and an authority with a port. */
const WITH_PORT = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*:)(\d+)(?=[/?#]|$)/i;

/**
 * A server's URL, taken apart; undefined where it is none. A port beyond 65535 becomes 0: Go's parser,
 * and so Traefik, takes such a URL, and every request to it fails (502). The platform's refuses it.
 */
export function parseServerUrl(text: string): URL | undefined {
  const reachable = text.replace(WITH_PORT, (whole, before: string, port: string) =>
    Number(port) > 65535 ? `${before}0` : whole,
  );
  // URLs of schemes that the platform doesn't know aren't taken apart as those of http are.
  const known = reachable.replace(/^h2c:/i, "http:");
  return URL.canParse(known) ? new URL(known) : undefined;
}
