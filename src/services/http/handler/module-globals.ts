import { COPIES_LAZY_REQUESTS } from "../../../http/lazy/copies-lazy-requests.ts";
import { ensureCaches } from "./cache-storage.ts";
import { hideSecretsOfLoggedHeaders } from "./logged-headers.ts";
import { noteResponseContents } from "./response-content.ts";
import { ensureWebSocketPair } from "./web-socket/web-socket-response.ts";

/**
 * Gives modules the globals that they may use: once, and before the first of them is imported, as
 * libraries keep or extend what they find at that moment (`class Own extends Response`, `if (globalThis.caches)`).
 */
export function prepareModuleGlobals(): void {
  noteResponseContents();
  ensureCaches();
  ensureWebSocketPair();
  if (!COPIES_LAZY_REQUESTS) hideSecretsOfLoggedHeaders();
}
