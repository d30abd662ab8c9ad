import { HIDDEN_HEADERS } from "../../../http/lazy/lazy-headers.ts";

type Inspect = (this: Headers, ...options: unknown[]) => unknown;

let hidden = false;

/**
 * Leaves credentials and cookies out of what `console.log` shows of the platform's own Headers, where
 * modules get requests of the platform's own (Deno). It asks a method for that whose name it shares with
 * other code by a symbol; a platform without such a method is left as it is.
 */
export function hideSecretsOfLoggedHeaders(): void {
  if (hidden) return;
  hidden = true;
  const prototype = Headers.prototype as unknown as Record<symbol, Inspect>;
  for (const symbol of Object.getOwnPropertySymbols(prototype)) {
    if (!/inspect/i.test(symbol.description ?? "")) continue;
    const inspect = prototype[symbol];
    const value: Inspect = function (...options) {
      return inspect.apply(withoutSecrets(this), options);
    };
    Object.defineProperty(prototype, symbol, { value, configurable: true, writable: true });
  }
}

/** The prototype itself is logged as well, and is no Headers. */
function withoutSecrets(headers: Headers): Headers {
  try {
    const shown = new Headers(headers);
    for (const name of HIDDEN_HEADERS) if (shown.has(name)) shown.set(name, "REDACTED");
    return shown;
  } catch {
    return headers;
  }
}
