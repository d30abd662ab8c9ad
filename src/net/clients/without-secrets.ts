import { base64Of } from "./base64.ts";

/** A text without these secrets, in whatever form they are in it: plain, or as URLs, JSON or base64 have them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret !== "")
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      new URLSearchParams({ s: secret }).toString().slice(2),
      JSON.stringify(secret).slice(1, -1),
      base64Of(secret),
    ]);
  // The longest first: one may be a part of another.
  for (const form of forms.sort((a, b) => b.length - a.length)) text = text.replaceAll(form, "***");
  return text;
}
