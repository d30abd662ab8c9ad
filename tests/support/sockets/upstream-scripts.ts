import type { HttpRequest } from "../http/http-request.ts";
import { toBytes } from "./raw-connection.ts";
import type { UpstreamScript } from "./recording-upstream.ts";

/** A response with a Content-Length. */
export function plain(
  body: string | Uint8Array,
  status = "200 OK",
  fields: string[] = [],
): Uint8Array {
  const bytes = toBytes(body);
  const head = [`HTTP/1.1 ${status}`, `Content-Length: ${bytes.length}`, ...fields, "", ""].join(
    "\r\n",
  );
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

/** A chunked response, one chunk for each part. */
export function chunked(
  parts: readonly string[],
  trailers: string[] = [],
  fields: string[] = [],
): Uint8Array {
  const head = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ...fields, "", ""].join("\r\n");
  const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
  const end = ["0", ...trailers, "", ""].join("\r\n");
  return Buffer.from(head + chunks + end, "latin1");
}

/** Answers each request of a connection with these bytes, and closes when the proxy does. */
export function answering(
  answer: string | Uint8Array | ((request: HttpRequest) => string | Uint8Array),
): UpstreamScript {
  return async (connection) => {
    for (;;) {
      const request = await connection.request();
      if (request === undefined) break;
      await connection.send(typeof answer === "function" ? answer(request) : answer);
    }
    connection.close();
  };
}

/** Answers each request with its method, target, fields and body as JSON. */
export function echoing(): UpstreamScript {
  return answering(({ method, target, fields, text, trailers }) =>
    plain(JSON.stringify({ method, target, fields, body: text, trailers }), "200 OK", [
      "Content-Type: application/json",
    ]),
  );
}

/** After the first request: these bytes, then FIN. */
export function sendingThenClosing(bytes: string | Uint8Array): UpstreamScript {
  return async (connection) => {
    await connection.request();
    await connection.send(bytes);
    connection.close();
  };
}

/** After the first request: these bytes (if any), then RST. */
export function sendingThenResetting(bytes: string | Uint8Array = ""): UpstreamScript {
  return async (connection) => {
    await connection.request();
    if (bytes.length > 0) {
      await connection.send(bytes);
      await Bun.sleep(30); // A reset may overtake what was sent; give it time to arrive.
    }
    connection.reset();
  };
}

/** After the first request: these bytes (if any), then nothing more. */
export function sendingThenStalling(bytes: string | Uint8Array = ""): UpstreamScript {
  return async (connection) => {
    await connection.request();
    if (bytes.length > 0) await connection.send(bytes);
  };
}
