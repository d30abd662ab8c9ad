import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { compileGoRegexp } from "../../../rules/go-regexp.ts";
import { FieldId } from "../../../wire/field-names.ts";
import { HeaderList } from "../../../wire/header-list.ts";
import { fieldText } from "./field-edits.ts";

/** The part of `headers` that is about cross-origin requests. */
export interface CorsOptions {
  readonly accessControlAllowCredentials?: boolean;
  readonly accessControlAllowHeaders?: readonly string[];
  readonly accessControlAllowMethods?: readonly string[];
  readonly accessControlAllowOriginList?: readonly string[];
  readonly accessControlAllowOriginListRegex?: readonly string[];
  readonly accessControlExposeHeaders?: readonly string[];
  /** Seconds. */
  readonly accessControlMaxAge?: number;
  readonly addVaryHeader?: boolean;
}

const ALLOW_ORIGIN = "Access-Control-Allow-Origin";
const ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials";
const ALLOW_HEADERS = "Access-Control-Allow-Headers";
const ALLOW_METHODS = "Access-Control-Allow-Methods";
const EXPOSE_HEADERS = "Access-Control-Expose-Headers";
const MAX_AGE = "Access-Control-Max-Age";

/** A list for preflights: fixed, or "*" where credentials forbid to say so and the request is echoed. */
interface AllowList {
  readonly text: string;
  readonly echo: boolean;
}

function allowList(values: readonly string[] | undefined, credentials: boolean): AllowList {
  const list = values ?? [];
  return { text: fieldText(list.join(",")), echo: credentials && list.includes("*") };
}

/**
 * Answers preflights and marks responses (Fetch standard, section "HTTP extensions").
 * Source: Traefik's pkg/middlewares/headers/header.go.
 */
export class Cors {
  private readonly credentials: boolean;
  private readonly headers: AllowList;
  private readonly methods: AllowList;
  private readonly origins: readonly string[];
  private readonly patterns: readonly { test(text: string): boolean }[];
  /** "" for none. */
  private readonly expose: string;
  private readonly maxAge: string | null;
  private readonly vary: boolean;

  /** Null where the options say nothing about cross-origin requests. */
  static create(options: CorsOptions): Cors | null {
    const asked =
      options.accessControlAllowCredentials ||
      options.accessControlAllowHeaders?.length ||
      options.accessControlAllowMethods?.length ||
      options.accessControlAllowOriginList?.length ||
      options.accessControlAllowOriginListRegex?.length ||
      options.accessControlExposeHeaders?.length ||
      options.accessControlMaxAge !== undefined ||
      options.addVaryHeader;
    return asked ? new Cors(options) : null;
  }

  private constructor(options: CorsOptions) {
    this.credentials = options.accessControlAllowCredentials ?? false;
    this.headers = allowList(options.accessControlAllowHeaders, this.credentials);
    this.methods = allowList(options.accessControlAllowMethods, this.credentials);
    this.origins = (options.accessControlAllowOriginList ?? []).map(fieldText);
    this.patterns = (options.accessControlAllowOriginListRegex ?? []).map((pattern) =>
      compileGoRegexp(pattern),
    );
    const expose = allowList(options.accessControlExposeHeaders, this.credentials);
    this.expose = expose.echo ? "" : expose.text;
    const { accessControlMaxAge } = options;
    this.maxAge = accessControlMaxAge === undefined ? null : String(accessControlMaxAge);
    this.vary = options.addVaryHeader ?? false;
  }

  /** The answer where the request is a preflight, else null. */
  preflight(request: LazyRequest): Response | null {
    if (request.method !== "OPTIONS") return null;
    const { headerList } = request;
    const origin = headerList.first("origin") ?? "";
    const method = headerList.first("access-control-request-method") ?? "";
    if (origin === "" || method === "") return null;

    const answer = new HeaderList();
    if (this.credentials) answer.append(ALLOW_CREDENTIALS, "true");
    const askedHeaders = headerList.first("access-control-request-headers") ?? "";
    append(answer, ALLOW_HEADERS, this.headers.echo ? askedHeaders : this.headers.text);
    append(answer, ALLOW_METHODS, this.methods.echo ? method : this.methods.text);
    append(answer, ALLOW_ORIGIN, this.allowedOrigin(origin));
    if (this.maxAge !== null) answer.append(MAX_AGE, this.maxAge);
    append(answer, EXPOSE_HEADERS, this.expose);
    return new LazyResponse(200, answer, null);
  }

  /** Marks a response's fields. `origin` is the request's, "" where it has none. */
  mark(list: HeaderList, origin: string): void {
    const allowed = this.allowedOrigin(origin);
    if (allowed !== "") list.set(ALLOW_ORIGIN, allowed);
    if (this.credentials) list.set(ALLOW_CREDENTIALS, "true");
    if (this.expose !== "") list.set(EXPOSE_HEADERS, this.expose);
    if (!this.vary) return;
    const vary = list.get("vary");
    if (vary !== "Origin") list.setId(FieldId.vary, vary ? `${vary},Origin` : "Origin");
  }

  /** What Access-Control-Allow-Origin says, "" for nothing. */
  private allowedOrigin(origin: string): string {
    for (const allowed of this.origins) {
      if (allowed === origin) return allowed;
      // Credentials forbid the wildcard.
      if (allowed === "*") return this.credentials ? origin : allowed;
    }
    if (origin === "") return "";
    for (const pattern of this.patterns) if (pattern.test(origin)) return origin;
    return "";
  }
}

function append(list: HeaderList, name: string, value: string): void {
  if (value !== "") list.append(name, value);
}
