import { latin1Bytes } from "../../../core/bytes.ts";
import { Body } from "../../../http/body.ts";
import type { Exchange } from "../../../http/exchange.ts";
import type { Handler } from "../../../http/handler.ts";
import { httpError } from "../../../http/http-error.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { FieldId } from "../../../wire/field-names.ts";
import { HeaderList } from "../../../wire/header-list.ts";
import { clientLeft } from "../client-left.ts";
import { fieldText } from "../headers/field-edits.ts";
import type { HttpMiddlewareKind, HttpMiddlewareOptions } from "../http-middleware.ts";
import { authenticated } from "./authenticated.ts";
import { PasswordChecks } from "./password-checks.ts";
import { passwordHashKind } from "./password-hash.ts";
import { RememberedCredentials } from "./remembered.ts";
import { readUsers, usersByName } from "./users.ts";

interface BasicAuthInputs {
  /** The lines of usersFile. */
  readonly fingerprint: readonly string[];
}

const UNAUTHORIZED = latin1Bytes("401 Unauthorized\n");

/**
 * `basicAuth`: only users whose password fits pass (RFC 7617). Hashes are checked in another thread, one after
 * the other; what fitted is remembered until the configuration has other users. A user that isn't there
 * costs as much as one that is. Source: Traefik's pkg/middlewares/auth/basic_auth.go.
 */
export const basicAuth: HttpMiddlewareKind<"basicAuth", BasicAuthInputs> = {
  async inputs(options, { files }) {
    return { fingerprint: await readUsers(options, files) };
  },
  create(options, { logger, inWorker }, { fingerprint: fileLines }) {
    const users = usersByName(options, fileLines, 1);
    if (users.size === 0) throw new Error("basicAuth: there are no users");
    for (const [user, hash] of users) {
      if (passwordHashKind(hash) === undefined)
        logger.warn("A user's password is no hash that can be checked: it fits none", { user });
    }
    const checks = new CredentialCheck(users, new PasswordChecks(inWorker));
    const challenge = `Basic realm="${fieldText(options.realm || "traefik")}"`;
    return { middleware: (next) => guarded(next, options, challenge, checks) };
  },
};

function guarded(
  next: Handler,
  options: HttpMiddlewareOptions<"basicAuth">,
  challenge: string,
  checks: CredentialCheck,
): Handler {
  const decide = (user: string | null | undefined, lazy: LazyRequest, exchange: Exchange) => {
    if (user === null) return httpError(503);
    if (user === undefined) return unauthorized(challenge);
    authenticated(options, user, lazy, exchange);
    return next(lazy, exchange);
  };
  return (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    const slot = lazy.headerList.findId(FieldId.authorization);
    const credentials = slot < 0 ? null : basicCredentials(lazy.headerList.valueAt(slot));
    if (credentials === null) return unauthorized(challenge);
    const user = checks.userOf(credentials, exchange);
    if (!(user instanceof Promise)) return decide(user, lazy, exchange);
    // The request waits for the other thread.
    exchange.retain();
    return user.then((later) => clientLeft(exchange) ?? decide(later, lazy, exchange));
  };
}

function unauthorized(challenge: string): Response {
  const headers = HeaderList.from([
    ["Content-Type", "text/plain"],
    ["Www-Authenticate", challenge],
  ]);
  return new LazyResponse(401, headers, Body.of(UNAUTHORIZED));
}

/** "name:password" as octets, or null where the field has none (RFC 7617 section 2). */
function basicCredentials(authorization: string): string | null {
  if (!/^basic /i.test(authorization)) return null;
  try {
    const credentials = atob(authorization.slice("basic ".length));
    return credentials.includes(":") ? credentials : null;
  } catch {
    return null;
  }
}

/** A check under way, and the requests that wait for it. */
interface UnderWay {
  readonly waiters: Exchange[];
  readonly user: Promise<string | null | undefined>;
}

/** Which user credentials are of. */
class CredentialCheck {
  private readonly users: ReadonlyMap<string, string>;
  private readonly decoys: readonly string[];
  private readonly checks: PasswordChecks;
  private readonly good = new RememberedCredentials();
  /** Many requests of one client wait for one check. */
  private readonly underWay = new Map<string, UnderWay>();

  constructor(users: ReadonlyMap<string, string>, checks: PasswordChecks) {
    this.users = users;
    this.decoys = [...users.values()].filter((hash) => passwordHashKind(hash) !== undefined);
    this.checks = checks;
  }

  /** The user; undefined where the credentials are wrong, null where they can't be checked now. */
  userOf(
    credentials: string,
    exchange: Exchange,
  ): string | undefined | Promise<string | null | undefined> {
    const colon = credentials.indexOf(":");
    const name = credentials.slice(0, colon);
    // The log names a user that failed too, as Traefik's does.
    exchange.clientUsername = name;
    const key = this.good.keyOf(credentials);
    const known = this.good.userOf(key);
    if (known !== undefined) return known;
    const joined = this.underWay.get(key);
    if (joined !== undefined) {
      joined.waiters.push(exchange);
      return joined.user;
    }
    const waiters = [exchange];
    const user = this.check(name, credentials.slice(colon + 1), key, waiters).finally(() =>
      this.underWay.delete(key),
    );
    this.underWay.set(key, { waiters, user });
    return user;
  }

  private async check(
    name: string,
    password: string,
    key: string,
    waiters: readonly Exchange[],
  ): Promise<string | null | undefined> {
    const own = this.users.get(nameAsWritten(name));
    const hash = own ?? this.decoyFor(name);
    const wanted = () => waiters.some(({ aborted }) => aborted === null);
    const fits = await this.checks.fits({ password, hash }, wanted);
    if (fits === null) return null;
    if (!fits || own === undefined) return undefined;
    this.good.remember(key, name);
    return name;
  }

  /**
   * Another user's hash, for a user that isn't there: what is asked takes as long as for one that is, the
   * same at each try, and its answer counts for nothing.
   */
  private decoyFor(name: string): string {
    return this.decoys[this.good.keyOf(name).charCodeAt(0) % this.decoys.length] ?? "";
  }
}

/** Names in configurations are text, those of requests octets (UTF-8 for nearly all clients). */
function nameAsWritten(octets: string): string {
  return new TextDecoder().decode(latin1Bytes(octets));
}
