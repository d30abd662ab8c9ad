import type { Exchange } from "../../../../http/exchange.ts";
import { type Handler, whenResponse } from "../../../../http/handler.ts";
import { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../http/lazy/lazy-response.ts";
import { clientLeft } from "../../client-left.ts";
import type { HttpMiddlewareContext, HttpMiddlewareOptions } from "../../http-middleware.ts";
import { addCookies } from "../forward/answer-cookies.ts";
import { answer } from "./answers.ts";
import { type ClientView, clientView, isNavigation } from "./client-view.ts";
import { CookieJar, type FoundCookies } from "./cookie-jar.ts";
import type { Issuer } from "./issuer.ts";
import { LoginFlow } from "./login-flow.ts";
import { type Permitted, permission } from "./permission.ts";
import { Renewals } from "./renewals.ts";
import { SealedBox } from "./sealed-box.ts";
import { claimsOf, type Session, seconds } from "./session.ts";

type Options = HttpMiddlewareOptions<"oidc">;

/** Sessions whose cookies were opened lately. More are opened again. */
const MOST_KNOWN = 1000;
/** How long a login lasts, in milliseconds, however often it is renewed. */
const DAY = 24 * 60 * 60_000;

/** A session that counts, and what its user may. */
interface Known {
  readonly session: Session;
  readonly permitted: Permitted | null;
}

/** Lets the requests of users who are logged in pass, and sends others to the issuer. */
export class OidcGate {
  private readonly paths: { readonly redirect: string; readonly logout: string };
  private readonly jar: CookieJar;
  private readonly box: SealedBox;
  private readonly renewals: Renewals;
  private readonly flow: LoginFlow;
  private readonly permit: ReturnType<typeof permission>;
  private readonly logger: HttpMiddlewareContext["logger"];
  private readonly lifetime: number;
  /** By the sealed text. */
  private readonly known = new Map<string, Known>();

  constructor(
    options: Options,
    context: HttpMiddlewareContext,
    issuer: Issuer,
    secret: Uint8Array,
  ) {
    const { redirectPath = "/oauth2/callback", logoutPath = "/oauth2/logout" } = options;
    for (const [name, path] of Object.entries({ redirectPath, logoutPath }))
      if (!/^\/[^?#\s]*$/.test(path))
        throw new Error(`oidc: ${name}: expected a path, found "${path}"`);
    if (redirectPath === logoutPath)
      throw new Error("oidc: logoutPath: expected another path than redirectPath");
    this.paths = { redirect: redirectPath, logout: logoutPath };
    this.lifetime = Math.floor((options.sessionLifetime ?? DAY) / 1000);
    this.jar = new CookieJar(options.cookie);
    this.box = new SealedBox(secret, `${options.issuer}\n${options.clientId}`);
    this.logger = context.logger;
    this.permit = permission(options);
    const { counters, deadlines, logger, name } = context;
    this.renewals = new Renewals(issuer, deadlines, counters, name);
    this.flow = new LoginFlow(options, {
      issuer,
      jar: this.jar,
      box: this.box,
      logger,
      lifetime: this.lifetime,
      permits: (session) => this.permitted(session) !== null,
    });
  }

  stop(): void {
    this.renewals.stop();
  }

  pass(request: Request, exchange: Exchange, next: Handler): Response | Promise<Response> {
    const lazy = LazyRequest.of(request, exchange);
    const view = clientView(lazy, exchange);
    if (view === null) return answer(400);
    const found = this.jar.find(lazy.headerList);
    if (view.path !== this.paths.redirect && view.path !== this.paths.logout) {
      const known = this.known.get(found.session);
      if (known !== undefined && this.isFresh(known.session))
        return this.admit(known, lazy, exchange, next, []);
    }
    // All else waits for something.
    exchange.retain();
    return this.passLater(lazy, exchange, next, view, found);
  }

  private async passLater(
    lazy: LazyRequest,
    exchange: Exchange,
    next: Handler,
    view: ClientView,
    found: FoundCookies,
  ): Promise<Response> {
    if (view.path === this.paths.redirect) {
      if (lazy.method !== "GET") return answer(405, undefined, [["Allow", "GET"]]);
      const response = await this.flow.finish(view, found);
      return clientLeft(exchange) ?? response;
    }
    const session = found.session === "" ? null : await this.open(found.session);
    if (view.path === this.paths.logout) return this.flow.logOut(lazy, view, found, session);
    const response =
      session === null
        ? await this.unknownUser(lazy, view, found)
        : await this.user(session, lazy, exchange, next, view, found);
    return response;
  }

  private async user(
    session: Session,
    lazy: LazyRequest,
    exchange: Exchange,
    next: Handler,
    view: ClientView,
    found: FoundCookies,
  ): Promise<Response> {
    const now = seconds();
    let present = session;
    let cookies: string[] = [];
    if (session.refreshToken !== undefined && now >= session.renewFrom) {
      const renewal = await this.renewals.renew(session);
      // A page may as well come by a login: the issuer knows the user.
      const again = renewal === "elsewhere" && now >= session.ends && isNavigation(lazy);
      if (renewal === "over" || again)
        return clientLeft(exchange) ?? this.unknownUser(lazy, view, found);
      if (typeof renewal === "object") {
        const sealed = await this.box.seal("session", renewal);
        const left = renewal.begun + this.lifetime - now;
        const lines = this.jar.session(sealed, left, view.isSecure, found);
        if (lines === null) return this.tooLarge();
        present = renewal;
        cookies = lines;
      } else if (now >= session.ends) {
        // It would be a guess whether the user may still pass.
        return clientLeft(exchange) ?? answer(503, undefined, [["Retry-After", "1"]]);
      }
    } else if (now >= session.ends) {
      return this.unknownUser(lazy, view, found);
    }
    const known: Known = { session: present, permitted: this.permitted(present) };
    if (cookies.length === 0) this.remember(found.session, known);
    return clientLeft(exchange) ?? this.admit(known, lazy, exchange, next, cookies);
  }

  private admit(
    { permitted }: Known,
    lazy: LazyRequest,
    exchange: Exchange,
    next: Handler,
    cookies: readonly string[],
  ): Response | Promise<Response> {
    if (permitted === null) return answer(403, undefined, [], cookies);
    exchange.clientUsername = permitted.user;
    for (const [name, value] of permitted.fields) {
      // What a client says of itself doesn't stay.
      if (value === null) lazy.headerList.delete(name.toLowerCase());
      else lazy.headerList.set(name, value);
    }
    this.jar.strip(lazy.headerList);
    const response = next(lazy, exchange);
    if (cookies.length === 0) return response;
    return whenResponse(response, exchange, (own) => {
      const withCookies = LazyResponse.of(own);
      addCookies(withCookies.headerList, cookies);
      return withCookies;
    });
  }

  /** To the login with those who ask for a page; 401 for programs, which could do nothing with one. */
  private async unknownUser(
    lazy: LazyRequest,
    view: ClientView,
    found: FoundCookies,
  ): Promise<Response> {
    if (isNavigation(lazy)) return this.flow.begin(view, found);
    return answer(
      401,
      undefined,
      [["Www-Authenticate", 'OpenIDConnect realm="login"']],
      this.jar.noSession(view.isSecure, found),
    );
  }

  /** Null where the cookie is none of ours, or its time is over. */
  private async open(sealed: string): Promise<Session | null> {
    const session = (await this.box.open("session", sealed)) as Session | null;
    return session !== null && seconds() < session.begun + this.lifetime ? session : null;
  }

  private isFresh({ begun, renewFrom, ends, refreshToken }: Session): boolean {
    const now = seconds();
    return (
      now < begun + this.lifetime && now < ends && (refreshToken === undefined || now < renewFrom)
    );
  }

  private permitted(session: Session): Permitted | null {
    try {
      return this.permit(claimsOf(session));
    } catch (error) {
      // A claim that can't stand in a header.
      this.logger.debug("A user's claims can't be used", { error: (error as Error).message });
      return null;
    }
  }

  private remember(sealed: string, known: Known): void {
    if (this.known.size >= MOST_KNOWN) this.known.delete(this.known.keys().next().value!);
    this.known.set(sealed, known);
  }

  private tooLarge(): Response {
    this.logger.error("A session is too large for cookies: have the issuer put less in its tokens");
    return answer(500);
  }
}
