import { latin1Bytes } from "../../../../core/bytes.ts";
import { md5 } from "../../../../core/digests/md5.ts";
import { Body } from "../../../../http/body.ts";
import type { Exchange } from "../../../../http/exchange.ts";
import { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../http/lazy/lazy-response.ts";
import { FieldId } from "../../../../wire/field-names.ts";
import { HeaderList } from "../../../../wire/header-list.ts";
import { fieldText } from "../../headers/field-edits.ts";
import type { HttpMiddlewareKind } from "../../http-middleware.ts";
import { authenticated } from "../authenticated.ts";
import { readUsers, usersByName } from "../users.ts";
import { digestParameters } from "./digest-parameters.ts";
import { NONCE_CELLS, Nonces } from "./nonces.ts";

interface DigestAuthInputs {
  /** The lines of usersFile. */
  readonly fingerprint: readonly string[];
}

const UNAUTHORIZED = latin1Bytes("401 Unauthorized\n");

/**
 * `digestAuth`: only users who know their password pass, without sending it (RFC 7616 with MD5, and "auth"
 * alone). Nonces expire, and each of their counts is good once, whichever worker gets it.
 * Source: Traefik's pkg/middlewares/auth/digest_auth.go (go-http-auth's digest.go).
 */
export const digestAuth: HttpMiddlewareKind<"digestAuth", DigestAuthInputs> = {
  async inputs(options, { files }) {
    return { fingerprint: await readUsers(options, files) };
  },
  create(options, { name, counters }, { fingerprint: fileLines }) {
    const users = secretsByOctets(usersByName(options, fileLines, 2));
    const realm = fieldText(options.realm || "traefik");
    const nonces = new Nonces(counters.cells(`${name} nonces`, NONCE_CELLS), counters.clock);
    const challenge = new Challenge(realm, nonces);
    const check = new DigestCheck(users, realm, nonces);
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const { user, stale } = check.userOf(lazy, exchange);
        if (user === null) return challenge.response(stale);
        authenticated(options, user, lazy, exchange);
        return next(lazy, exchange);
      },
    };
  },
};

/** Configurations are text, requests octets (UTF-8 for nearly all clients). */
function secretsByOctets(users: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(Array.from(users, ([name, secret]) => [fieldText(name), secret.toLowerCase()]));
}

class Challenge {
  private readonly realm: string;
  private readonly nonces: Nonces;
  private readonly opaque: string;

  constructor(realm: string, nonces: Nonces) {
    this.realm = realm;
    this.nonces = nonces;
    this.opaque = nonces.opaque;
  }

  response(stale: boolean): Response {
    const { realm, opaque } = this;
    const staleness = stale ? 'stale="true", ' : "";
    const value =
      `Digest realm="${realm}", nonce="${this.nonces.create()}", opaque="${opaque}", ` +
      `${staleness}algorithm="MD5", qop="auth"`;
    const headers = HeaderList.from([
      ["Content-Type", "text/plain"],
      ["Www-Authenticate", value],
    ]);
    return new LazyResponse(401, headers, Body.of(UNAUTHORIZED));
  }
}

/** Whose request it is; `stale` where the user is right and only the nonce isn't good any more. */
interface Checked {
  readonly user: string | null;
  readonly stale: boolean;
}

const NO_USER: Checked = { user: null, stale: false };
const STALE: Checked = { user: null, stale: true };

class DigestCheck {
  private readonly users: ReadonlyMap<string, string>;
  private readonly realm: string;
  private readonly nonces: Nonces;
  private readonly opaque: string;

  constructor(users: ReadonlyMap<string, string>, realm: string, nonces: Nonces) {
    this.users = users;
    this.realm = realm;
    this.nonces = nonces;
    this.opaque = nonces.opaque;
  }

  userOf(request: LazyRequest, exchange: Exchange): Checked {
    const slot = request.headerList.findId(FieldId.authorization);
    const parameters = slot < 0 ? null : digestParameters(request.headerList.valueAt(slot));
    if (parameters === null) return NO_USER;
    const get = (name: string) => parameters.get(name) ?? "";
    const user = get("username");
    // The log names a user that failed too, as Traefik's does.
    exchange.clientUsername = user;
    const [uri, nonce, nc, qop] = [get("uri"), get("nonce"), get("nc"), get("qop")];
    const algorithm = parameters.get("algorithm") ?? "MD5";
    if (algorithm !== "MD5" || qop !== "auth" || get("opaque") !== this.opaque) return NO_USER;
    if (!/^[0-9a-f]{8}$/i.test(nc) || !isAbout(uri, request, exchange)) return NO_USER;
    // Made of no secret where there is no such user: it takes as long, and fits nothing.
    const secret = this.users.get(`${user}:${this.realm}`);
    const asked = hex(`${request.method}:${uri}`);
    const right = hex(`${secret ?? ""}:${nonce}:${nc}:${get("cnonce")}:${qop}:${asked}`);
    if (!isSame(right, get("response")) || secret === undefined) return NO_USER;
    const verdict = this.nonces.use(nonce, Number.parseInt(nc, 16));
    if (verdict === "good") return { user, stale: false };
    return verdict === "stale" ? STALE : NO_USER;
  }
}

/**
 * True where `uri` is what was asked for, as the client or the middlewares before have it, or the beginning of
 * its path, which Traefik takes as well.
 */
function isAbout(uri: string, request: LazyRequest, exchange: Exchange): boolean {
  const { target } = exchange;
  if (uri === "") return false;
  if (uri === target || uri === request.target) return true;
  const path = uri.replace(/^https?:\/\/[^/?]*/i, "").split("?", 1)[0];
  return path.startsWith("/") && (target.startsWith(path) || request.path.startsWith(path));
}

function hex(octets: string): string {
  return md5(latin1Bytes(octets)).toHex();
}

/** Compares in a time that doesn't tell where the texts differ. */
function isSame(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
