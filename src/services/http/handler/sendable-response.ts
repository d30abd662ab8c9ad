import { Body } from "../../../http/body.ts";
import { LazyResponse, reasonOf } from "../../../http/lazy/lazy-response.ts";
import { HeaderList } from "../../../wire/header-list.ts";
import { lastCoding, truthfulResponse } from "./decoded-response.ts";
import { contentOf } from "./response-content.ts";

const ENCODER = new TextEncoder();

/**
 * A module's response as it can be sent. Where its content is known, Content-Length is right whatever
 * the module said, and no Content-Encoding is claimed for text. `failed` hears why a stream broke off.
 * Throws TypeError where the module, or something it called, has read the response's body.
 */
export function sendableResponse(
  response: Response,
  failed: (error: unknown) => void,
): Response | Promise<Response> {
  if (response instanceof LazyResponse) return response;
  if (response.bodyUsed) throw new TypeError("fetch gave a Response whose body was read already");
  const content = contentOf(response);
  // Bun forgets the Content-Type of forms and blobs once the body was looked at: headers first.
  const list = HeaderList.from(response.headers);
  if (typeof content === "string") {
    list.delete("content-encoding");
    return withBody(response, list, Body.of(ENCODER.encode(content)));
  }
  if (content !== undefined && lastCoding(list.get("content-encoding")) === "") {
    const { body } = response;
    return withBody(
      response,
      list,
      body === null ? Body.of(new Uint8Array(0)) : Body.fromStream(body, content, failed),
    );
  }
  return truthfulResponse(response, list, failed);
}

function withBody(response: Response, list: HeaderList, body: Body): LazyResponse {
  // Also for the answers to HEAD, which have no body on the wire.
  list.set("Content-Length", String(body.length));
  const { status, statusText } = response;
  return new LazyResponse(status, list, body, statusText || reasonOf(status));
}
