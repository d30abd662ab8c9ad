import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { LocalCounters } from "../../../../../../src/core/counters/counters.ts";
import { LazyResponse } from "../../../../../../src/http/lazy/lazy-response.ts";
import { oidc } from "../../../../../../src/middlewares/http/auth/oidc/oidc.ts";
import type {
  HttpMiddlewareContext,
  HttpMiddlewareOptions,
} from "../../../../../../src/middlewares/http/http-middleware.ts";
import type { MadeRequest } from "../../../../../support/http/make-request.ts";
import { Browser } from "../../../../../support/oidc/browser.ts";
import { CLIENT_ID, CLIENT_SECRET, OidcIssuer } from "../../../../../support/oidc/oidc-issuer.ts";
import { waitFor } from "../../../../../support/wait-for.ts";
import { silentLogger } from "../../../../core/silent-logger.ts";
import { MemoryFiles } from "../../../../tls/memory-files.ts";
import { apply, makeWith } from "../../apply.ts";
import { SocketClient } from "../../socket-client.ts";

type Options = HttpMiddlewareOptions<"oidc">;

const APP = "http://app.test";
const SECRET = "a secret for cookies, of more than 32 bytes";

let issuer: OidcIssuer;
const client = new SocketClient();
beforeAll(async () => {
  issuer = await OidcIssuer.start();
});
afterAll(async () => {
  await issuer.stop();
  client[Symbol.dispose]();
});

/** An application behind the middleware, and what came through to it. */
class App {
  readonly seen: { target: string; headers: Headers }[] = [];
  readonly said: string[] = [];
  readonly middleware: ReturnType<typeof makeWith>;

  constructor(options: Partial<Options> = {}, given: Partial<HttpMiddlewareContext> = {}) {
    const note = (...words: unknown[]) => void this.said.push(JSON.stringify(words));
    const { client: ask, deadlines } = client;
    const context = {
      client: ask,
      deadlines,
      logger: silentLogger({ error: note, info: note }),
      ...given,
    };
    const own = {
      issuer: issuer.url,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      secret: SECRET,
      allowedGroups: [],
      ...options,
    };
    this.middleware = makeWith(oidc, own as Options, context);
  }

  async answer(made: MadeRequest): Promise<Response> {
    const { response } = await apply(
      await this.middleware,
      { host: "app.test", ...made },
      (request) => {
        this.seen.push({ target: new URL(request.url).pathname, headers: request.headers });
        return new Response("the app");
      },
    );
    return LazyResponse.of(response).native();
  }

  browser(origin = APP): Browser {
    return new Browser({
      [origin]: ({ pathname, search, host }, headers, method) =>
        this.answer({ target: pathname + search, headers, host, method }),
    });
  }
}

const XHR: [string, string][] = [["Sec-Fetch-Mode", "cors"]];
const sessionOf = (browser: Browser) => browser.jar(APP).get("sluice_session");

describe("a login", () => {
  test("leads through the issuer back to the page, with the user's claims for the server", async () => {
    const app = new App({
      claimHeaders: { "X-User": "sub", "X-Email": "email", "X-None": "none" },
      userClaim: "email",
      userInfo: true,
    });
    const browser = app.browser();
    const first = await browser.ask(`${APP}/page?a=1&b=//x`);
    expect([first.status, first.headers.get("cache-control")]).toEqual([302, "no-store"]);
    const url = new URL(first.headers.get("location")!);
    expect(url.origin + url.pathname).toBe(`${issuer.url}/auth`);
    const query = Object.fromEntries(url.searchParams);
    expect(query).toMatchObject({
      client_id: CLIENT_ID,
      response_type: "code",
      redirect_uri: `${APP}/oauth2/callback`,
      scope: "openid profile email",
      code_challenge_method: "S256",
    });
    for (const name of ["state", "nonce", "code_challenge"])
      expect(query[name].length).toBeGreaterThan(30);
    const [cookie] = first.headers.getSetCookie();
    expect(cookie).toMatch(
      /^sluice_session_login_[0-9a-f]{8}=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/,
    );

    const page = await browser.open(url.href);
    expect([page.status, await page.text(), browser.at]).toEqual([
      200,
      "the app",
      `${APP}/page?a=1&b=//x`,
    ]);
    expect([...browser.jar(APP).keys()]).toEqual(["sluice_session"]);

    browser.jar(APP).set("own", "1");
    const again = await browser.ask(`${APP}/api`, [
      ["X-User", "forged"],
      ["X-None", "forged"],
      ...XHR,
    ]);
    expect(again.status).toBe(200);
    const { headers } = app.seen.at(-1)!;
    expect([headers.get("x-user"), headers.get("x-email"), headers.get("x-none")]).toEqual([
      "ann",
      "ann@example.com",
      null,
    ]);
    expect(headers.get("cookie")).toBe("own=1");
  });

  test("in several tabs at once, each leads back to its own page", async () => {
    const app = new App();
    const browser = app.browser();
    const [one, two] = [await browser.ask(`${APP}/one`), await browser.ask(`${APP}/two`)];
    expect(browser.jar(APP).size).toBe(2);
    await browser.open(two.headers.get("location")!);
    expect(browser.at).toBe(`${APP}/two`);
    await browser.open(one.headers.get("location")!);
    expect(browser.at).toBe(`${APP}/one`);
    // Those that are never finished push each other out.
    const other = app.browser();
    for (let i = 0; i < 12; i++) await other.ask(`${APP}/${i}`);
    expect(other.jar(APP).size).toBe(6);
  });

  test("is for those alone who ask for a page; others are 401", async () => {
    const app = new App();
    const cases: [status: number, made: MadeRequest][] = [
      [302, { headers: [["Sec-Fetch-Mode", "navigate"]] }],
      [302, { headers: [["Accept", "application/xml;q=0.9, text/html"]] }],
      [401, { headers: XHR }],
      [
        401,
        {
          headers: [
            ["Sec-Fetch-Mode", "cors"],
            ["Accept", "text/html"],
          ],
        },
      ],
      [401, { headers: [["Accept", "*/*"]] }],
      [401, {}],
      [401, { method: "POST", headers: [["Sec-Fetch-Mode", "navigate"]] }],
      [401, { upgrade: "websocket", headers: [["Sec-Fetch-Mode", "navigate"]] }],
      [400, { host: "a b" }],
      [400, { host: "user@evil.test" }],
    ];
    for (const [status, made] of cases)
      expect([made, (await app.answer({ target: "/", ...made })).status]).toEqual([made, status]);
    expect(app.seen).toEqual([]);
  });

  test("goes no further than its own origin, whatever page was asked for", async () => {
    const app = new App();
    for (const target of ["//evil.test/x", "/\\evil.test", "/..//evil.test", "/@evil.test"]) {
      const browser = app.browser();
      const first = await app.answer({ target, headers: [["Sec-Fetch-Mode", "navigate"]] });
      for (const line of first.headers.getSetCookie()) {
        const [pair] = line.split(";");
        browser.jar(APP).set(pair.split("=")[0], pair.slice(pair.indexOf("=") + 1));
      }
      const last = await browser.open(first.headers.get("location")!, "evil");
      expect(new URL(last.headers.get("location")!).origin).toBe(APP);
    }
  });

  test("is only finished by the browser that began it, once, and with an answer of the issuer's", async () => {
    const app = new App();
    const browser = app.browser();
    const first = await browser.ask(`${APP}/`);
    const back = await new Browser().open(first.headers.get("location")!, "/oauth2/callback");
    const callback = back.headers.get("location")!;
    // Another browser, as that of a victim.
    expect((await app.browser().ask(callback)).status).toBe(400);
    const forged = new URL(callback);
    forged.searchParams.set("state", `${forged.searchParams.get("state")}x`);
    const state = forged.searchParams.get("state")!;
    const copy = app.browser();
    for (const [name, value] of browser.jar(APP)) copy.jar(APP).set(name, value);
    expect([state, (await copy.ask(forged.href)).status]).toEqual([state, 502]);
    const changed = app.browser();
    for (const [name, value] of browser.jar(APP))
      changed.jar(APP).set(name, `${value.slice(0, -4)}AAAA`);
    expect((await changed.ask(callback)).status).toBe(400);

    const done = await browser.ask(callback);
    expect([done.status, done.headers.get("location")]).toEqual([302, `${APP}/`]);
    // Back in the browser's history: the user is logged in.
    expect((await browser.ask(callback)).headers.get("location")).toBe(`${APP}/`);
    const post = await app.answer({ method: "POST", target: "/oauth2/callback" });
    expect(post.status).toBe(405);
    expect(app.seen).toEqual([]);
  });

  test("that the issuer refuses is 403", async () => {
    const app = new App();
    issuer.user = "";
    const page = await app.browser().open(`${APP}/`);
    issuer.user = "ann";
    expect(page.status).toBe(403);
  });

  test("with a strict cookie ends in a page of this site, which goes on by itself", async () => {
    const app = new App({ cookie: { name: "__Host-s", sameSite: "strict" } });
    const origin = "https://app.test";
    const browser = new Browser({
      [origin]: ({ pathname, search }, headers) =>
        app.answer({
          target: pathname + search,
          headers: [...headers, ["X-Forwarded-Proto", "https"]],
        }),
    });
    const page = await browser.open(`${origin}/a?b="&c=1`);
    expect([page.status, browser.at]).toEqual([200, expect.stringContaining("/oauth2/callback?")]);
    expect(await page.text()).toContain('content="0;url=https://app.test/a?b=%22&#38;c=1"');
    const [, session] = page.headers.getSetCookie();
    expect(session).toMatch(
      /^__Host-s=[\w-]+; Path=\/; Max-Age=86400; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(await (await browser.ask(`${origin}/`)).text()).toBe("the app");
  });
});

describe("who may pass", () => {
  const pass = async (options: Partial<Options>, claims: Record<string, unknown> = {}) => {
    issuer.claims = claims;
    const page = await new App(options).browser().open(`${APP}/`);
    issuer.claims = {};
    return page.status;
  };
  const groups = ["dev", "ops team"];

  test("goes by claims, addresses and groups, all that are named", async () => {
    const cases: [number, Partial<Options>, Record<string, unknown>?][] = [
      [200, { requiredClaims: { sub: "ann" } }],
      [403, { requiredClaims: { sub: "bob" } }],
      [200, { allowedEmails: ["Ann@Example.com"] }],
      [200, { allowedEmails: ["x@y.z", "@example.com"] }],
      [403, { allowedEmails: ["@ample.com"] }],
      [403, { allowedEmails: ["@example.com"] }, { email_verified: false }],
      [200, { allowedGroups: ["x", "ops team"] }, { groups }],
      [403, { allowedGroups: ["ops"] }, { groups }],
      [403, { allowedGroups: ["dev"] }],
      [403, { allowedGroups: ["dev"], allowedEmails: ["x@y.z"] }, { groups }],
      [200, { allowedGroups: ["dev"], groupsClaim: "name" }, { name: "dev" }],
    ];
    for (const [status, options, claims] of cases)
      expect([options, claims, await pass(options, claims)]).toEqual([options, claims, status]);
  });

  test("is asked at each request: a configuration that changes holds for those who are in", async () => {
    const open = new App();
    const browser = open.browser();
    await browser.open(`${APP}/`);
    const closed = new App({ allowedGroups: ["dev"] });
    const headers: [string, string][] = [["Cookie", `sluice_session=${sessionOf(browser)}`]];
    expect((await closed.answer({ headers })).status).toBe(403);
    // Another secret, client or purpose: no session.
    const other = new App({ secret: `${SECRET}!` });
    expect((await other.answer({ headers })).status).toBe(401);
    const begun = await open.browser().ask(`${APP}/`);
    const [login] = begun.headers.getSetCookie()[0].split(";")[0].split("=").slice(1);
    const mixed: [string, string][] = [["Cookie", `sluice_session=${login}`]];
    expect((await open.answer({ headers: mixed })).status).toBe(401);
  });

  test("a session that is too large for one cookie is in several", async () => {
    issuer.claims = { groups: Array.from({ length: 500 }, (_, i) => `group ${i}`) };
    const app = new App({ allowedGroups: ["group 499"] });
    const browser = app.browser();
    browser.jar(APP).set("sluice_session", "old");
    expect((await browser.open(`${APP}/`)).status).toBe(200);
    const names = [...browser.jar(APP).keys()];
    expect(names.length).toBeGreaterThan(1);
    expect(names).toEqual(names.map((_, i) => `sluice_session.${i}`));
    for (const [name, value] of browser.jar(APP))
      expect(name.length + value.length).toBeLessThan(4096);
    browser.jar(APP).delete("sluice_session.1");
    expect((await browser.ask(`${APP}/`, XHR)).status).toBe(401);

    issuer.claims = { groups: Array.from({ length: 5000 }, (_, i) => `group ${i}`) };
    expect((await app.browser().open(`${APP}/`)).status).toBe(500);
    issuer.claims = {};
    expect(app.said.join()).toContain("too large");
  });
});

describe("a session", () => {
  test("is renewed before its end, once for all requests at a time", async () => {
    issuer.life = 2;
    const counters = new LocalCounters();
    const app = new App({}, { counters });
    const browser = app.browser();
    await browser.open(`${APP}/`);
    const [before, tokens] = [sessionOf(browser)!, issuer.count("/token")];
    const cookie: [string, string][] = [["Cookie", `sluice_session=${before}`]];
    const renewed = await waitFor("the session to be due", async () => {
      const response = await app.answer({ headers: [...XHR, ...cookie] });
      expect(response.status).toBe(200);
      return response.headers.getSetCookie().length > 0 ? response : undefined;
    });
    // The old cookie is still on its way: another renewal would end it all.
    const others = await Promise.all(
      [1, 2, 3, 4].map(() => app.answer({ headers: [...XHR, ...cookie] })),
    );
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(issuer.count("/token") - tokens).toBe(1);
    // Another worker leaves it to this one.
    const elsewhere = await new App({}, { counters }).answer({ headers: [...XHR, ...cookie] });
    expect([200, 503]).toContain(elsewhere.status);
    expect(issuer.count("/token") - tokens).toBe(1);

    issuer.life = 600;
    const [pair] = renewed.headers.getSetCookie()[0].split(";");
    const next: [string, string][] = [["Cookie", pair]];
    await waitFor("the next renewal, for longer", async () => {
      const response = await app.answer({ headers: [...XHR, ...next] });
      return response.headers.getSetCookie().length > 0 || undefined;
    });
    expect(issuer.count("/token") - tokens).toBe(2);
  });

  test("is over where the issuer takes its refresh token no more, and 503 while it can't say", async () => {
    // Long enough for a login on a busy machine: a renewal there would use the token up.
    issuer.life = 3;
    const app = new App();
    const browser = app.browser();
    await browser.open(`${APP}/`);
    const cookie: [string, string][] = [["Cookie", `sluice_session=${sessionOf(browser)}`]];
    issuer.isBroken = true;
    await waitFor("the end of the tokens", async () => {
      const { status } = await app.answer({ headers: [...XHR, ...cookie] });
      expect([200, 503]).toContain(status);
      return status === 503 || undefined;
    });
    issuer.isBroken = false;
    expect(app.said.filter((line) => line.includes("can't be asked"))).toHaveLength(1);
    expect((await app.answer({ headers: [...XHR, ...cookie] })).status).toBe(200);
    expect(app.said.at(-1)).toContain("answers again");
    issuer.life = 600;

    // That token was used: with the old cookie, elsewhere, the session is over.
    const { status, headers } = await new App().answer({ headers: [...XHR, ...cookie] });
    expect(status).toBe(401);
    expect(headers.getSetCookie()[0]).toStartWith("sluice_session=; Path=/; Max-Age=0");
  });

  test("that ended, and another worker renews: a login for pages, and 503 for all else", async () => {
    issuer.life = 3;
    const browser = new App().browser();
    await browser.open(`${APP}/`);
    issuer.life = 600;
    const cookie: [string, string] = ["Cookie", `sluice_session=${sessionOf(browser)}`];
    // As where another worker has raised it.
    const taken = { raise: () => false, lower: () => {} };
    const busy = Object.assign(new LocalCounters(), { counts: () => taken });
    const app = new App({}, { counters: busy });
    const status = async (...fields: [string, string][]) =>
      (await app.answer({ headers: [...fields, cookie] })).status;
    await waitFor(
      "the end of the session",
      async () => (await status(...XHR)) === 503 || undefined,
    );
    expect(await status(["Sec-Fetch-Mode", "navigate"])).toBe(302);
  });

  test("lasts no longer than it may", async () => {
    const app = new App({ sessionLifetime: 2000 });
    const browser = app.browser();
    expect((await browser.open(`${APP}/`)).status).toBe(200);
    await waitFor("the end of the session", async () => {
      const cookie: [string, string][] = [["Cookie", `sluice_session=${sessionOf(browser)}`]];
      return (await app.answer({ headers: [...XHR, ...cookie] })).status === 401 || undefined;
    });
  });

  test("ends with a logout, at the issuer too", async () => {
    const app = new App({ afterLogout: "/bye" });
    const browser = app.browser();
    await browser.open(`${APP}/`);
    const cross: [string, string][] = [["Sec-Fetch-Site", "cross-site"]];
    expect((await browser.ask(`${APP}/oauth2/logout`, cross)).status).toBe(403);
    const out = await browser.ask(`${APP}/oauth2/logout`, [], "POST");
    const url = new URL(out.headers.get("location")!);
    expect([out.status, url.origin + url.pathname]).toEqual([303, `${issuer.url}/session/end`]);
    expect(url.searchParams.get("post_logout_redirect_uri")).toBe(`${APP}/bye`);
    expect((await browser.ask(url.href)).status).toBe(200);
    expect(sessionOf(browser)).toBeUndefined();
    const again = await browser.ask(`${APP}/oauth2/logout`);
    expect([again.status, again.headers.get("location")]).toEqual([303, `${APP}/bye`]);
  });
});

test("an issuer that is away: 503, said once", async () => {
  const app = new App();
  issuer.isBroken = true;
  for (let i = 0; i < 3; i++) {
    const response = await app.browser().ask(`${APP}/`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  }
  issuer.isBroken = false;
  expect(app.said).toHaveLength(1);
  expect(app.said[0]).toContain("can't be asked");
  expect(app.said[0]).not.toContain(CLIENT_SECRET);
});

test("what can't be right is said; secrets come from files too", async () => {
  const files = new MemoryFiles({ "/c": `${CLIENT_SECRET}\n`, "/s": `${SECRET}\n`, "/short": "x" });
  const wrong: [Partial<Options>, string][] = [
    [{ issuer: "id.example.com" }, "oidc: issuer"],
    [{ issuer: "https://u@id.example.com" }, "without a user"],
    [{ clientId: "" }, "oidc: clientId"],
    [{ secret: "short" }, "oidc: secret: expected 32 bytes or more, found 5"],
    [{ secretFile: "/s" }, "expected one of secret and secretFile"],
    [{ secret: "", secretFile: "/none" }, 'oidc: secretFile: "/none"'],
    [{ secret: "", secretFile: "/short" }, "found 1"],
    [{ scopes: ["email"] }, "oidc: scopes"],
    [{ redirectPath: "callback" }, "oidc: redirectPath"],
    [{ logoutPath: "/oauth2/callback" }, "oidc: logoutPath"],
    [{ afterLogout: "//evil.test" }, "oidc: afterLogout"],
    [{ authorizationParameters: { state: "x" } }, "authorizationParameters"],
    [{ allowedEmails: ["example.com"] }, "allowedEmails"],
    [{ claimHeaders: { "a b": "sub" } }, "expected a header name"],
    [{ cookie: { name: "a b" } }, "oidc: cookie.name"],
    [{ cookie: { name: "__Host-a", domain: "example.com" } }, "no cookie.domain"],
    [{ cookie: { name: "__Secure-a", secure: false } }, "cookie.secure"],
    [{ cookie: { sameSite: "none", secure: false } }, "cookie.sameSite"],
    [{ cookie: { domain: "a;b" } }, "oidc: cookie.domain"],
  ];
  for (const [options, message] of wrong)
    await expect(new App(options, { files }).middleware).rejects.toThrow(message);
  const own = { secret: "", secretFile: "/s", clientSecret: "", clientSecretFile: "/c" };
  expect((await new App(own, { files }).browser().open(`${APP}/`)).status).toBe(200);
});
