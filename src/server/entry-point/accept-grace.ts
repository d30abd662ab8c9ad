import type { Address } from "../../net/connection.ts";

/**
 * Resolves when an entrypoint may stop accepting: its requestAcceptGraceTimeout after the shutdown
 * began. At once for one that doesn't listen.
 */
export async function acceptGrace(entry: {
  readonly address: Address | undefined;
  readonly options: { readonly requestAcceptGraceTimeout: number };
}): Promise<void> {
  const { requestAcceptGraceTimeout: grace } = entry.options;
  if (entry.address === undefined || grace === 0) return;
  await new Promise((resolve) => setTimeout(resolve, grace));
}
