import { type HttpClient, textOf } from "../../net/clients/http-client.ts";
import { Refused } from "../outbox.ts";
import { gzipped, type OtlpClient } from "./otlp-client.ts";

/** Bytes of an answer that are read. */
const MOST_ANSWER = 64 * 1024;
/** Statuses behind which sending again may help (OTLP/HTTP, "Retryable Response Codes"). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** OTLP over HTTP: protobuf, compressed. `client` is the caller's; closing this closes it. */
export function otlpHttpClient(
  client: HttpClient,
  url: string,
  headers: Readonly<Record<string, string>>,
): OtlpClient {
  // A user and a password, or a query with a key, are not for the log.
  const { origin, pathname } = new URL(url);
  return {
    async send(body, signal) {
      const response = await client.request({
        method: "POST",
        url,
        headers: {
          ...headers,
          "Content-Type": "application/x-protobuf",
          "Content-Encoding": "gzip",
        },
        body: await gzipped(body),
        signal,
      });
      const text = await textOf(response, MOST_ANSWER);
      const { status } = response;
      if (status >= 200 && status < 300) return;
      const message = `${origin}${pathname} answered with ${status}: ${text.slice(0, 200)}`;
      throw RETRYABLE.has(status) ? new Error(message) : new Refused(message);
    },
    close: () => client.close(),
  };
}
