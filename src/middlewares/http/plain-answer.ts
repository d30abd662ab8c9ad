import { latin1Bytes } from "../../core/bytes.ts";
import { Body } from "../../http/body.ts";
import { LazyResponse, reasonOf } from "../../http/lazy/lazy-response.ts";
import { HeaderList } from "../../wire/header-list.ts";

/** A refusal as several of Traefik's middlewares write it: a text that nothing calls one. */
export function plainAnswer(
  status: number,
  text = reasonOf(status),
): (headers?: readonly [string, string][]) => Response {
  const body = latin1Bytes(text);
  return (headers) =>
    new LazyResponse(
      status,
      headers === undefined ? new HeaderList() : HeaderList.from(headers),
      Body.of(body),
    );
}
