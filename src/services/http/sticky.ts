import type { Exchange } from "../../http/exchange.ts";
import { whenResponse } from "../../http/handler.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";
import { FieldId } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";

/** `sticky.cookie` of a loadBalancer or weighted service. */
export interface StickyCookieOptions {
  readonly name?: string;
  readonly secure?: boolean;
  readonly httpOnly?: boolean;
  /** "none", "lax" or "strict" in any case; anything else sends no SameSite. */
  readonly sameSite?: string;
  /** Seconds; negative expires the cookie at once, 0 sends no Max-Age. */
  readonly maxAge?: number;
  /** "/" where it isn't given. */
  readonly path?: string;
  readonly domain?: string;
}

/**
 * Cookie stickiness: which child a request's cookie stands for, and the cookie for each child.
 * Children are known by index. Source: Traefik's pkg/server/service/loadbalancer/sticky.go and
 * pkg/server/cookie/cookie.go.
 */
export class Sticky {
  private readonly cookieName: string;
  private readonly byValue: ReadonlyMap<string, number>;
  private readonly values: readonly string[];
  private readonly writers: readonly ((response: Response) => Response)[];

  private constructor(
    cookieName: string,
    byValue: ReadonlyMap<string, number>,
    values: readonly string[],
    writers: readonly ((response: Response) => Response)[],
  ) {
    this.cookieName = cookieName;
    this.byValue = byValue;
    this.values = values;
    this.writers = writers;
  }

  /** `service`: the qualified name. `names`: a server's URL, or a weighted child's name as configured. */
  static async create(
    options: StickyCookieOptions,
    service: string,
    names: readonly string[],
  ): Promise<Sticky> {
    const cookieName = options.name
      ? sanitizedName(options.name)
      : `_${(await hexDigest("SHA-1", `_TRAEFIK_BACKEND_${service}`)).slice(0, 5)}`;
    const values: string[] = [];
    const byValue = new Map<string, number>();
    for (const [index, name] of names.entries()) {
      // What earlier versions of Traefik gave to browsers is still understood.
      const hash = fnv64(name);
      byValue.set(name, index).set(hash, index).set(fnv64(hash), index);
      values.push((await hexDigest("SHA-256", name)).slice(0, 16));
    }
    for (const [index, value] of values.entries()) byValue.set(value, index);
    const attributes = cookieAttributes(options);
    const writers = values.map((value) => {
      const cookie = `${cookieName}=${value}${attributes}`;
      return (response: Response): Response => {
        const lazy = LazyResponse.of(response);
        lazy.headerList.appendId(FieldId.setCookie, cookie);
        return lazy;
      };
    });
    return new Sticky(cookieName, byValue, values, writers);
  }

  /** The value of the request's sticky cookie, or null. */
  valueIn(headers: HeaderList): string | null {
    return cookieValue(headers, this.cookieName);
  }

  /** The child that a cookie's value stands for, or -1. */
  indexOf(value: string): number {
    return this.byValue.get(value) ?? -1;
  }

  /** True where the value is in today's form, so that the cookie needn't be sent again. */
  isCurrent(value: string, index: number): boolean {
    return this.values[index] === value;
  }

  /** Adds the child's cookie to the response. */
  mark(
    index: number,
    response: Response | Promise<Response>,
    exchange: Exchange,
  ): Response | Promise<Response> {
    return whenResponse(response, exchange, this.writers[index]);
  }
}

/** The value of the first cookie of that name (RFC 6265 section 4.2.1), without quotes, or null. */
export function cookieValue(headers: HeaderList, name: string): string | null {
  for (
    let slot = headers.findId(FieldId.cookie);
    slot >= 0;
    slot = headers.findId(FieldId.cookie, slot + 1)
  ) {
    const text = headers.valueAt(slot);
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      const equals = at + name.length;
      if (text.charCodeAt(equals) !== 0x3d || !beginsCookie(text, at)) continue;
      const semicolon = text.indexOf(";", equals);
      const value = text.slice(equals + 1, semicolon < 0 ? text.length : semicolon).trim();
      const quoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
      return quoted ? value.slice(1, -1) : value;
    }
  }
  return null;
}

/** True where only white space stands between `at` and the ";" or beginning before it. */
function beginsCookie(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (text[before] === " " || text[before] === "\t")) before--;
  return before < 0 || text[before] === ";";
}

/** As Go's net/http writes them. */
function cookieAttributes(options: StickyCookieOptions): string {
  const { path = "/", domain = "", maxAge = 0 } = options;
  let text = "";
  const cleanPath = path.replace(/[^\x20-\x3a\x3c-\x7e]/g, "");
  if (cleanPath !== "") text += `; Path=${cleanPath}`;
  if (domain !== "") text += `; Domain=${cookieDomain(domain)}`;
  if (maxAge > 0) text += `; Max-Age=${maxAge}`;
  else if (maxAge < 0) text += "; Max-Age=0";
  if (options.httpOnly === true) text += "; HttpOnly";
  if (options.secure === true) text += "; Secure";
  const sameSite = { none: "None", lax: "Lax", strict: "Strict" }[
    options.sameSite?.toLowerCase() ?? ""
  ];
  return sameSite === undefined ? text : `${text}; SameSite=${sameSite}`;
}

/** Throws on what can't be a cookie's domain, instead of sending a cookie without one as Go does. */
function cookieDomain(domain: string): string {
  const name = domain.startsWith(".") ? domain.slice(1) : domain;
  if (!/^[0-9A-Za-z]([0-9A-Za-z.:-]*[0-9A-Za-z])?$/.test(name)) {
    throw new Error(
      `sticky.cookie.domain: expected a domain name, found ${JSON.stringify(domain)}`,
    );
  }
  return name;
}

/** A configured name with "_" for everything that can't be in a token. */
function sanitizedName(name: string): string {
  return name.replace(/[^!#$%&'*+\-.^`|~0-9A-Za-z]/gu, "_");
}

async function hexDigest(algorithm: "SHA-1" | "SHA-256", text: string): Promise<string> {
  const digest = await crypto.subtle.digest(algorithm, new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** FNV-1 with 64 bits in hexadecimal. */
function fnv64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  const bytes = new TextEncoder().encode(text);
  for (const byte of bytes) hash = ((hash * 0x100000001b3n) & 0xffffffffffffffffn) ^ BigInt(byte);
  return hash.toString(16);
}
