import { messageOf } from "../../../core/errors.ts";
import { pause } from "../../../core/loop/pause.ts";
import { type HttpClient, textOf } from "../http-client.ts";
import { withoutSecrets } from "../without-secrets.ts";
import { readXml } from "../xml.ts";
import { type AwsCredentials, type AwsScope, signAwsRequest } from "./aws-signature.ts";

export interface AwsClientOptions extends AwsScope {
  /** Without a path. */
  readonly endpoint: string;
  credentials(signal: AbortSignal): Promise<AwsCredentials>;
  readonly http: HttpClient;
  /** Of one request with its answer, in milliseconds. */
  readonly timeout: number;
  /** How often a request is sent that the service puts off. */
  readonly attempts: number;
}

export interface AwsCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The service refused: `code` is its own word for why, such as "NoSuchHostedZone". */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const MAX_ANSWER = 16 * 1024 * 1024;

/** Milliseconds before the second attempt; twice as many before each further one. */
const FIRST_WAIT = 400;
const MAX_WAIT = 30_000;

/** Requests that are worth another attempt (AWS "Retry behavior"). */
const PUT_OFF = /^(Throttl|TooManyRequests|RequestLimitExceeded|PriorRequestNotComplete|SlowDown)/;

/** Sends signed requests to one AWS service. */
export class AwsClient {
  private readonly options: AwsClientOptions;

  constructor(options: AwsClientOptions) {
    this.options = options;
  }

  /**
   * The answer's body. Rejects with an AwsError where the service refuses, and with an Error where it
   * can't be reached. Neither shows a secret.
   */
  async send(call: AwsCall, signal: AbortSignal): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(call, signal);
      } catch (error) {
        const again =
          error instanceof AwsError && (PUT_OFF.test(error.code) || error.status >= 500);
        if (!again || attempt >= this.options.attempts) throw error;
        await pause(Math.min(MAX_WAIT, FIRST_WAIT * 2 ** (attempt - 1)), signal);
      }
    }
  }

  private async once(
    { method, path, headers = {}, body = "" }: AwsCall,
    signal: AbortSignal,
  ): Promise<string> {
    const { endpoint, http, timeout, service } = this.options;
    const credentials = await this.options.credentials(signal);
    const secrets = [credentials.secretAccessKey, credentials.sessionToken ?? ""];
    const url = `${endpoint}${path}`;
    const end = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    try {
      const signed = await signAwsRequest(
        { method, url, headers, body },
        credentials,
        this.options,
      );
      const response = await http.request({
        method,
        url,
        headers: {
          ...signed,
          ...((body !== "" || method !== "GET") && {
            "Content-Length": String(new TextEncoder().encode(body).length),
          }),
        },
        ...(body !== "" && { body }),
        signal: end,
      });
      const text = await textOf(response, MAX_ANSWER);
      if (response.status >= 200 && response.status < 300) return text;
      const { code, message } = explained(text, response.status);
      throw new AwsError(
        response.status,
        code,
        withoutSecrets(`${service}: ${response.status} ${code}: ${message}`, secrets),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AwsError) throw error;
      const why = end.aborted ? `no answer within ${timeout / 1000} s` : messageOf(error);
      throw new Error(withoutSecrets(`${service}: ${endpoint}: ${why}`, secrets));
    }
  }
}

/** What an answer says is wrong: services that speak XML and those that speak JSON. */
function explained(text: string, status: number): { code: string; message: string } {
  try {
    if (text.trimStart().startsWith("<")) {
      const answer = readXml(text);
      return {
        code: answer.textOf("Code") ?? String(status),
        message: answer.textOf("Message") ?? answer.textOf("message") ?? "no explanation",
      };
    }
    const answer = JSON.parse(text) as { __type?: string; message?: string; Message?: string };
    return {
      code: answer.__type?.split("#").at(-1) ?? String(status),
      message: answer.message ?? answer.Message ?? "no explanation",
    };
  } catch {
    return { code: String(status), message: text.slice(0, 300).trim() || "no explanation" };
  }
}
