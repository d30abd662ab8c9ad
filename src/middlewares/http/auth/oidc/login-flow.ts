import type { Configuration } from "openid-client";
import type { Logger } from "../../../../core/logger.ts";
import type { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import type { HttpMiddlewareOptions } from "../../http-middleware.ts";
import type { Claims } from "../jwt/claims.ts";
import { answer, pageTo, redirect } from "./answers.ts";
import { type ClientView, returnTarget } from "./client-view.ts";
import { CookieJar, type FoundCookies, LOGIN_SECONDS } from "./cookie-jar.ts";
import { type Issuer, reasonOf } from "./issuer.ts";
import type { SealedBox } from "./sealed-box.ts";
import { type Login, type Session, seconds, sessionOf } from "./session.ts";

type Options = HttpMiddlewareOptions<"oidc">;

export interface LoginFlowParts {
  readonly issuer: Issuer;
  readonly jar: CookieJar;
  readonly box: SealedBox;
  readonly logger: Logger;
  /** Of a session, in seconds. */
  readonly lifetime: number;
  /** Whether the user of a session may pass at all. */
  readonly permits: (session: Session) => boolean;
}

/** What the middleware itself says at the issuer. */
const RESERVED = new Set(
  "response_type response_mode client_id redirect_uri scope state nonce code_challenge code_challenge_method".split(
    " ",
  ),
);

const SCOPES = ["openid", "profile", "email"];

/** Logs users in and out: what takes a browser to the issuer, and what it comes back with. */
export class LoginFlow {
  private readonly parts: LoginFlowParts;
  private readonly redirectPath: string;
  private readonly afterLogout: string;
  private readonly scope: string;
  private readonly userInfo: boolean;
  private readonly isStrict: boolean;
  private readonly parameters: Readonly<Record<string, string>>;

  /** Throws on options that can't be right. */
  constructor(options: Options, parts: LoginFlowParts) {
    const { redirectPath = "/oauth2/callback", scopes = SCOPES, afterLogout = "/" } = options;
    if (!scopes.includes("openid"))
      throw new Error('oidc: scopes: expected "openid" among them, without which no user is told');
    this.parameters = options.authorizationParameters ?? {};
    for (const name of Object.keys(this.parameters))
      if (RESERVED.has(name))
        throw new Error(`oidc: authorizationParameters: "${name}" is the middleware's own`);
    if (!/^\/(?![/\\])/.test(afterLogout) && !/^https?:\/\//.test(afterLogout))
      throw new Error(`oidc: afterLogout: expected a path or a URL, found "${afterLogout}"`);
    this.parts = parts;
    this.redirectPath = redirectPath;
    this.afterLogout = afterLogout;
    this.scope = scopes.join(" ");
    this.userInfo = options.userInfo ?? false;
    this.isStrict = CookieJar.isStrict(options.cookie);
  }

  /** Sends a browser to the issuer. What belongs to this login is in a cookie of its own. */
  async begin(view: ClientView, found: FoundCookies): Promise<Response> {
    const { issuer, jar, box } = this.parts;
    const configuration = await issuer.configuration();
    if (configuration === null) return away();
    const openid = await import("openid-client");
    const id = crypto.randomUUID().slice(0, 8);
    const login: Login = {
      state: `${id}.${openid.randomState()}`,
      nonce: openid.randomNonce(),
      verifier: openid.randomPKCECodeVerifier(),
      target: returnTarget(view),
      begun: seconds(),
    };
    const url = openid.buildAuthorizationUrl(configuration, {
      ...this.parameters,
      redirect_uri: view.origin + this.redirectPath,
      scope: this.scope,
      state: login.state,
      nonce: login.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: "S256",
    });
    const sealed = await box.seal("login", login);
    return redirect(url.href, jar.login(id, sealed, view.isSecure, found));
  }

  /** A browser comes back from the issuer. */
  async finish(view: ClientView, found: FoundCookies): Promise<Response> {
    const { issuer, jar, box, logger, lifetime, permits } = this.parts;
    const [id] = (new URLSearchParams(view.search).get("state") ?? "").split(".", 1);
    const sealedLogin = found.logins.get(id);
    const login =
      sealedLogin === undefined ? null : ((await box.open("login", sealedLogin)) as Login | null);
    if (login === null || seconds() >= login.begun + LOGIN_SECONDS)
      return this.noLogin(view, found);
    const configuration = await issuer.configuration();
    if (configuration === null) return away();
    const cookies = jar.noLogin(id, view.isSecure);
    const openid = await import("openid-client");
    let session: Session;
    try {
      const url = new URL(view.origin + view.path + view.search);
      const tokens = await openid.authorizationCodeGrant(configuration, url, {
        expectedState: login.state,
        expectedNonce: login.nonce,
        pkceCodeVerifier: login.verifier,
        idTokenExpected: true,
      });
      const more = await this.moreClaims(configuration, tokens);
      issuer.answered();
      session = sessionOf(tokens, undefined, more);
    } catch (error) {
      if (error instanceof openid.AuthorizationResponseError) {
        logger.debug("The issuer refused a login", { error: reasonOf(error) });
        return answer(error.error === "access_denied" ? 403 : 400, undefined, [], cookies);
      }
      if (error instanceof openid.ResponseBodyError && error.error === "invalid_grant") {
        logger.debug("The issuer took no code", { error: reasonOf(error) });
        return answer(400, undefined, [], cookies);
      }
      issuer.failed(error);
      return answer(502, undefined, [], cookies);
    }
    if (!permits(session)) {
      logger.debug("A user who logged in may not pass");
      return answer(403, undefined, [], cookies);
    }
    const sealed = await box.seal("session", session);
    const lines = jar.session(sealed, lifetime, view.isSecure, found);
    if (lines === null) {
      logger.error("A session is too large for cookies: have the issuer put less in its tokens");
      return answer(500, undefined, [], cookies);
    }
    const to = view.origin + login.target;
    const all = [...cookies, ...lines];
    return this.isStrict ? pageTo(to, all) : redirect(to, all);
  }

  /** The browser's session ends here, and at the issuer where that can be told (OpenID Connect RP-Initiated Logout). */
  async logOut(
    lazy: LazyRequest,
    view: ClientView,
    found: FoundCookies,
    session: Session | null,
  ): Promise<Response> {
    const { issuer, jar } = this.parts;
    const { method, headerList } = lazy;
    if (method !== "GET" && method !== "POST")
      return answer(405, undefined, [["Allow", "GET, POST"]]);
    // No other site logs users out.
    if (headerList.first("sec-fetch-site") === "cross-site") return answer(403);
    const cookies = jar.noSession(view.isSecure, found);
    const to = this.afterLogout.startsWith("/") ? view.origin + this.afterLogout : this.afterLogout;
    if (session === null) return seeOther(to, cookies);
    const configuration = await issuer.configuration();
    if (configuration?.serverMetadata().end_session_endpoint === undefined)
      return seeOther(to, cookies);
    const { buildEndSessionUrl } = await import("openid-client");
    const url = buildEndSessionUrl(configuration, {
      id_token_hint: session.idToken,
      post_logout_redirect_uri: to,
    });
    return seeOther(url.href, cookies);
  }

  /** A login that this browser didn't begin, or long ago; or it is over, and the user went back. */
  private noLogin(view: ClientView, found: FoundCookies): Response {
    return found.session === ""
      ? answer(400, "The login has expired, or was begun elsewhere: go back and try again.\n")
      : redirect(`${view.origin}/`);
  }

  private async moreClaims(
    configuration: Configuration,
    tokens: { readonly access_token: string; claims(): { readonly sub: string } | undefined },
  ): Promise<Claims | undefined> {
    if (!this.userInfo) return undefined;
    const { fetchUserInfo } = await import("openid-client");
    return fetchUserInfo(configuration, tokens.access_token, tokens.claims()!.sub);
  }
}

function away(): Response {
  return answer(503, undefined, [["Retry-After", "5"]]);
}

/** What follows a POST is a GET. */
function seeOther(location: string, cookies: readonly string[]): Response {
  return answer(303, "", [["Location", location]], cookies);
}
