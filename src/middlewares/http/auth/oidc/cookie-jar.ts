import type { HeaderList } from "../../../../wire/header-list.ts";
import type { HttpMiddlewareOptions } from "../../http-middleware.ts";

/** Bytes of one cookie, its name included, which all browsers take. */
const LARGEST = 4096;
/** Room for the name and the attributes. */
const PIECE = LARGEST - 400;
/** A session of more pieces than these is none: servers refuse requests with so much in their head. */
const MOST_PIECES = 8;
/** Logins that one browser may have begun at a time, in as many tabs; more push out the oldest. */
const MOST_LOGINS = 6;
/** How long a login may take, in seconds. */
export const LOGIN_SECONDS = 600;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SEALED = /^[\w-]*$/;

type CookieOptions = NonNullable<HttpMiddlewareOptions<"oidc">["cookie"]>;

/** The cookies that a request has, those of the middleware apart. */
export interface FoundCookies {
  /** The sealed session, of one cookie or several; "" for none. */
  readonly session: string;
  /** Sealed logins by their ids, in the browser's order. */
  readonly logins: ReadonlyMap<string, string>;
  /** Names of the session's cookies. */
  readonly names: readonly string[];
}

/** Reads and writes the middleware's cookies. */
export class CookieJar {
  private readonly name: string;
  private readonly loginPrefix: string;
  private readonly attributes: (seconds: number, secure: boolean, login: boolean) => string;

  /** Throws on what browsers would refuse. */
  constructor(options: CookieOptions = {}) {
    const { name = "sluice_session", domain = "", secure, sameSite = "lax" } = options;
    if (!TOKEN.test(name) || name.length > 100)
      throw new Error(`oidc: cookie.name: expected a cookie's name, found "${name}"`);
    if (!/^[A-Za-z0-9.-]*$/.test(domain))
      throw new Error(`oidc: cookie.domain: expected a domain, found "${domain}"`);
    if (sameSite === "none" && secure === false)
      throw new Error("oidc: cookie.sameSite: none is only taken by browsers with cookie.secure");
    const prefixed = /^__(?:Host|Secure)-/i.test(name);
    if (prefixed && secure === false)
      throw new Error(`oidc: cookie.name: a cookie "${name}" is only taken with cookie.secure`);
    if (/^__Host-/i.test(name) && domain !== "")
      throw new Error(`oidc: cookie.name: a cookie "${name}" has no cookie.domain`);
    this.name = name;
    this.loginPrefix = `${name}_login_`;
    this.attributes = (seconds, overTls, login) => {
      const needed = prefixed || sameSite === "none";
      // A strict cookie isn't sent when the issuer sends the browser back.
      const site = login && sameSite === "strict" ? "lax" : sameSite;
      return [
        "; Path=/",
        domain === "" ? "" : `; Domain=${domain}`,
        `; Max-Age=${Math.max(0, Math.floor(seconds))}`,
        "; HttpOnly",
        (secure ?? (needed || overTls)) ? "; Secure" : "",
        `; SameSite=${site[0].toUpperCase()}${site.slice(1)}`,
      ].join("");
    };
  }

  /** True where the session's cookie isn't sent by a browser that another site sends here. */
  static isStrict(options: CookieOptions = {}): boolean {
    return options.sameSite === "strict";
  }

  find(headers: HeaderList): FoundCookies {
    const pieces = new Map<string, string>();
    const logins = new Map<string, string>();
    for (const [name, value] of cookiesOf(headers)) {
      if (!SEALED.test(value)) continue;
      if (name === this.name || this.isPiece(name)) pieces.set(name, value);
      else if (name.startsWith(this.loginPrefix))
        logins.set(name.slice(this.loginPrefix.length), value);
    }
    let session = pieces.get(this.name) ?? "";
    if (session === "")
      for (let i = 0; pieces.has(`${this.name}.${i}`); i++)
        session += pieces.get(`${this.name}.${i}`);
    return { session, logins, names: [...pieces.keys()] };
  }

  /** Takes the middleware's cookies out of a request: they are no server's business. */
  strip(headers: HeaderList): void {
    if (!headers.has("cookie")) return;
    const kept = cookiesOf(headers).filter(
      ([name]) => name !== this.name && !this.isPiece(name) && !name.startsWith(this.loginPrefix),
    );
    if (kept.length === 0) headers.delete("cookie");
    else headers.set("Cookie", kept.map(([, , pair]) => pair).join("; "));
  }

  /** Set-Cookie lines that put a sealed session in the place of what the browser has. Null where it is too large. */
  session(sealed: string, seconds: number, secure: boolean, found: FoundCookies): string[] | null {
    const attributes = this.attributes(seconds, secure, false);
    const values = new Map<string, string>();
    if (sealed.length <= PIECE) {
      values.set(this.name, sealed);
    } else {
      if (sealed.length > PIECE * MOST_PIECES) return null;
      for (let i = 0; i * PIECE < sealed.length; i++)
        values.set(`${this.name}.${i}`, sealed.slice(i * PIECE, (i + 1) * PIECE));
    }
    return [
      ...found.names.filter((name) => !values.has(name)).map((name) => this.gone(name, secure)),
      ...Array.from(values, ([name, value]) => `${name}=${value}${attributes}`),
    ];
  }

  /** The same for a browser that is to have none. */
  noSession(secure: boolean, found: FoundCookies): string[] {
    return found.names.map((name) => this.gone(name, secure));
  }

  login(id: string, sealed: string, secure: boolean, found: FoundCookies): string[] {
    const surplus = Math.max(0, found.logins.size - MOST_LOGINS + 1);
    return [
      ...[...found.logins.keys()].slice(0, surplus).flatMap((old) => this.noLogin(old, secure)),
      `${this.loginPrefix}${id}=${sealed}${this.attributes(LOGIN_SECONDS, secure, true)}`,
    ];
  }

  noLogin(id: string, secure: boolean): string[] {
    if (!TOKEN.test(id)) return [];
    return [`${this.loginPrefix}${id}=${this.attributes(0, secure, true)}`];
  }

  private gone(name: string, secure: boolean): string {
    return `${name}=${this.attributes(0, secure, false)}`;
  }

  private isPiece(name: string): boolean {
    return name.startsWith(`${this.name}.`) && /^\d$/.test(name.slice(this.name.length + 1));
  }
}

function cookiesOf(headers: HeaderList): [name: string, value: string, pair: string][] {
  return headers
    .all("cookie")
    .flatMap((line) => line.split(";"))
    .map((text): [string, string, string] => {
      const pair = text.trim();
      const at = pair.indexOf("=");
      return at < 0
        ? ["", pair, pair]
        : [pair.slice(0, at).trim(), pair.slice(at + 1).trim(), pair];
    })
    .filter(([, , pair]) => pair !== "");
}
