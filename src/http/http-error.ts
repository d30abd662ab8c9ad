import { LazyResponse, reasonOf } from "./lazy/lazy-response.ts";

/** A failure that Sluice itself reports, byte for byte as Go's http.Error (hence Traefik) writes it. */
export function httpError(status: number, text = reasonOf(status)): Response {
  return LazyResponse.text(status, `${text}\n`, [["X-Content-Type-Options", "nosniff"]]);
}
