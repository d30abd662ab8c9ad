import { latin1Bytes } from "../../../../core/bytes.ts";
import { Body } from "../../../../http/body.ts";
import { LazyResponse, reasonOf } from "../../../../http/lazy/lazy-response.ts";
import { FieldId } from "../../../../wire/field-names.ts";
import { HeaderList } from "../../../../wire/header-list.ts";

/** An answer of the middleware's own, which no cache keeps. */
export function answer(
  status: number,
  text = reasonOf(status),
  fields: readonly [string, string][] = [],
  cookies: readonly string[] = [],
): Response {
  const list = HeaderList.from([["Cache-Control", "no-store"], ...fields]);
  for (const cookie of cookies) list.appendId(FieldId.setCookie, cookie);
  if (text === "") return new LazyResponse(status, list, null);
  if (!list.has("content-type")) list.append("Content-Type", "text/plain; charset=utf-8");
  return new LazyResponse(status, list, Body.of(latin1Bytes(text)));
}

export function redirect(location: string, cookies: readonly string[] = []): Response {
  return answer(302, "", [["Location", location]], cookies);
}

/** Sends the browser on from a page of this site: only so it sends cookies that are strict. */
export function pageTo(location: string, cookies: readonly string[]): Response {
  const url = location.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  const page = `<!doctype html><meta http-equiv="refresh" content="0;url=${url}"><a href="${url}">Continue</a>`;
  return answer(200, page, [["Content-Type", "text/html; charset=utf-8"]], cookies);
}
