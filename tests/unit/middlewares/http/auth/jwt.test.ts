import { describe, expect, test } from "bun:test";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import {
  claimAt,
  claimFields,
  claimHas,
} from "../../../../../src/middlewares/http/auth/jwt/claims.ts";
import { jwt } from "../../../../../src/middlewares/http/auth/jwt/jwt.ts";
import { keySetOf, RemoteKeySet } from "../../../../../src/middlewares/http/auth/jwt/key-set.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { silentLogger } from "../../../core/silent-logger.ts";
import { MemoryFiles } from "../../../tls/memory-files.ts";
import { apply, makeWith } from "../apply.ts";
import { SocketClient } from "../socket-client.ts";

type Options = HttpMiddlewareOptions<"jwt">;

using client = new SocketClient();
const context = { client: client.client, deadlines: client.deadlines };

const EC = await generateKeyPair("ES256", { extractable: true });
const OTHER = await generateKeyPair("ES256", { extractable: true });
const SPKI = await exportSPKI(EC.publicKey);
const SECRET = "a secret of thirty-two bytes or so";
const BASE = { publicKey: SPKI, issuers: ["https://id.test"], audiences: ["shop", "api"] };
const GOOD = { iss: "https://id.test", aud: "shop", sub: "ann" };

type Key = Parameters<SignJWT["sign"]>[0];

/** A token, good for an hour unless `claims` say otherwise. */
function token(claims: JWTPayload = {}, key: Key = EC.privateKey, header = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ exp: now + 3600, ...GOOD, ...claims })
    .setProtectedHeader({ alg: "ES256", ...header })
    .sign(key);
}

const bearer = async (made: Promise<string> | string): Promise<[string, string]> => [
  "Authorization",
  `Bearer ${await made}`,
];

const ask = async (options: Options, ...headers: [string, string][]) =>
  apply(await makeWith(jwt, options, context), { headers });

describe("jwt", () => {
  test("lets good tokens pass", async () => {
    const { reached, exchange } = await ask(BASE, await bearer(token()));
    expect([reached, exchange.clientUsername]).toEqual([true, "ann"]);
    expect((await ask(BASE, await bearer(token({ aud: ["x", "api"] })))).reached).toBe(true);
    const plain = { publicKey: SPKI };
    expect((await ask(plain, await bearer(token({ iss: "other", aud: "other" })))).reached).toBe(
      true,
    );
  });

  test("refuses all others, as RFC 6750 has it", async () => {
    const now = Math.floor(Date.now() / 1000);
    const [head, body, signature] = (await token()).split(".");
    const none = `${btoa('{"alg":"none"}').replace(/=/g, "")}.${body}.`;
    const forged = await new SignJWT({ ...GOOD, exp: now + 60 })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(SPKI));
    const wrong: Record<string, Promise<string> | string> = {
      "another key": token({}, OTHER.privateKey),
      expired: token({ exp: now - 5 }),
      "not yet": token({ nbf: now + 60 }),
      "no end": token({ exp: undefined }),
      issuer: token({ iss: "https://evil.test" }),
      audience: token({ aud: "other" }),
      changed: `${head}.${body.slice(0, -2)}AA.${signature}`,
      unsigned: none,
      "signed with the public key": forged,
      nonsense: "abc",
      "too long": "a".repeat(20_000),
    };
    for (const [what, made] of Object.entries(wrong)) {
      const { reached, response } = await ask(BASE, await bearer(made));
      expect([what, reached, response.status]).toEqual([what, false, 401]);
      expect(response.headers.get("www-authenticate")).toBe(
        'Bearer realm="api", error="invalid_token"',
      );
    }
    for (const headers of [[], [["Authorization", "Basic YTpi"]], [["Authorization", "Bearer"]]])
      expect(
        (
          await ask({ ...BASE, realm: "shop" }, ...(headers as [string, string][]))
        ).response.headers.get("www-authenticate"),
      ).toBe('Bearer realm="shop"');
    const good = await bearer(token());
    expect((await ask(BASE, good, good)).response.status).toBe(401);
  });

  test("clockSkew lets tokens pass that are a little too old or new", async () => {
    const now = Math.floor(Date.now() / 1000);
    const options = { ...BASE, clockSkew: 30_000 };
    expect((await ask(options, await bearer(token({ exp: now - 10 })))).reached).toBe(true);
    expect((await ask(options, await bearer(token({ exp: now - 60 })))).reached).toBe(false);
  });

  test("requiredClaims refuse with 403", async () => {
    const options = { ...BASE, requiredClaims: { scope: "write", "realm.roles": "admin" } };
    const claims = { scope: "read write", realm: { roles: ["user", "admin"] } };
    expect((await ask(options, await bearer(token(claims)))).reached).toBe(true);
    for (const lacking of [
      { ...claims, scope: "read" },
      { ...claims, realm: {} },
    ]) {
      const { reached, response } = await ask(options, await bearer(token(lacking)));
      expect([reached, response.status]).toEqual([false, 403]);
      expect(response.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
    }
  });

  test("claimHeaders tell the server, whatever the client says of itself", async () => {
    const options = {
      ...BASE,
      claimHeaders: { "x-user": "sub", "X-Email": "email", "X-Roles": "roles" },
      userClaim: "email",
      removeHeader: true,
    };
    const made = await bearer(token({ roles: ["a", "b"], email: "zoë@id.test" }));
    const { lazy, exchange } = await ask(options, made, ["X-User", "root"]);
    expect([...lazy.headerList.entries()]).toEqual([
      ["X-User", "ann"],
      ["X-Email", Buffer.from("zoë@id.test").toString("latin1")],
      ["X-Roles", "a,b"],
    ]);
    expect(exchange.clientUsername).toBe("zoë@id.test");
    const without = await ask(options, await bearer(token()), ["X-Email", "forged"]);
    expect(without.lazy.headerList.has("x-email")).toBe(false);
    const split = await ask(options, await bearer(token({ email: "a\r\nX-Evil: 1" })));
    expect([split.reached, split.response.status]).toEqual([false, 401]);
  });

  test("the token may be in another header, or a cookie", async () => {
    const made = await token();
    const header = { ...BASE, headerName: "X-Token" };
    expect((await ask(header, ["x-token", made])).reached).toBe(true);
    const cookie = { ...BASE, cookieName: "session" };
    expect((await ask(cookie, ["Cookie", `a=b; session=${made}; c=d`])).reached).toBe(true);
    expect((await ask(cookie, ["Cookie", `xsession=${made}`])).reached).toBe(false);
  });

  test("a secret is for HS256 and its like alone", async () => {
    const sign = (alg: string) =>
      new SignJWT({ ...GOOD, exp: Date.now() / 1000 + 60 })
        .setProtectedHeader({ alg })
        .sign(new TextEncoder().encode(SECRET.repeat(2)));
    const { publicKey: _, ...rest } = BASE;
    const options = { ...rest, secret: SECRET.repeat(2), algorithms: ["HS512"] };
    expect((await ask(options, await bearer(sign("HS512")))).reached).toBe(true);
    expect((await ask(options, await bearer(sign("HS256")))).reached).toBe(false);
  });

  test("a good token is remembered, but not beyond its end", async () => {
    const middleware = await makeWith(jwt, BASE, context);
    const headers = [await bearer(token({ exp: Math.ceil(Date.now() / 1000) + 1 }))];
    for (let i = 0; i < 3; i++) expect((await apply(middleware, { headers })).reached).toBe(true);
    await Bun.sleep(2100);
    expect((await apply(middleware, { headers })).reached).toBe(false);
  });

  test("jwksFile has keys by their ids", async () => {
    const keys = [
      { ...(await exportJWK(OTHER.publicKey)), kid: "old", alg: "ES256" },
      { ...(await exportJWK(EC.publicKey)), kid: "new", alg: "ES256" },
    ];
    const files = new MemoryFiles({ "/keys.json": JSON.stringify({ keys }) });
    const { publicKey: _, ...rest } = BASE;
    const middleware = await makeWith(
      jwt,
      { ...rest, jwksFile: "/keys.json" },
      { ...context, files },
    );
    for (const [key, kid, reached] of [
      [EC, "new", true],
      [OTHER, "old", true],
      [EC, "old", false],
      [EC, "none", false],
      // Without an id each of them is tried.
      [EC, undefined, true],
      [OTHER, undefined, true],
    ] as const) {
      const headers = [await bearer(token({}, key.privateKey, kid === undefined ? {} : { kid }))];
      expect([kid, (await apply(middleware, { headers })).reached]).toEqual([kid, reached]);
    }
  });

  test("what can't be right is said", async () => {
    const wrong: [Options, string][] = [
      [{}, "expected exactly one of jwksUrl"],
      [{ publicKey: SPKI, secret: SECRET }, "expected exactly one of jwksUrl"],
      [{ jwksUrl: "id.test" }, 'found "id.test"'],
      [{ secret: "short" }, "expected 32 bytes or more, found 5"],
      [{ publicKey: "-----BEGIN PUBLIC KEY-----\nx" }, "publicKey: expected a public key"],
      [{ publicKey: "/none" }, "publicKey:"],
      [{ ...BASE, algorithms: ["none"] }, 'found "none"'],
      [{ ...BASE, algorithms: ["HS256"] }, 'found "HS256"'],
      [{ ...BASE, claimHeaders: { "a b": "sub" } }, "expected a header name"],
    ];
    for (const [options, message] of wrong)
      await expect(
        makeWith(jwt, options, { ...context, files: new MemoryFiles() }),
      ).rejects.toThrow(message);
    await expect(keySetOf("x")).rejects.toThrow("found no JSON");
    const warnings: string[] = [];
    const logger = silentLogger({ warn: (message) => void warnings.push(message) });
    await makeWith(jwt, { publicKey: SPKI }, { ...context, logger });
    expect(warnings).toHaveLength(1);
  });
});

describe("jwksUrl", () => {
  test("keys are fetched when they are needed, and anew for one that isn't there", async () => {
    const { kid, ...first } = { ...(await exportJWK(EC.publicKey)), kid: "1" };
    let keys: object[] = [{ ...first, kid }];
    let fetches = 0;
    let works = true;
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => {
        fetches++;
        return works ? Response.json({ keys }) : new Response("away", { status: 500 });
      },
    });
    const url = new URL(`http://jo:geheim@127.0.0.1:${server.port}/keys?a=b`);
    const said: string[] = [];
    const error = (...words: unknown[]) => void said.push(JSON.stringify(words));
    const time = { now: 0 };
    const set = new RemoteKeySet(
      url,
      await client.client(url.origin),
      { deadlines: client.deadlines, logger: silentLogger({ error }) },
      () => time.now,
    );
    works = false;
    expect(await set.keys(false)).toBeNull();
    expect(said[0]).toContain("/keys");
    expect(said[0]).not.toMatch(/geheim|a=b/);
    works = true;
    // Not at once again.
    expect(await set.keys(false)).toBeNull();
    time.now += 31_000;
    const [one, two] = await Promise.all([set.keys(false), set.keys(false)]);
    expect(one).not.toBeNull();
    expect([one === two, fetches]).toEqual([true, 2]);

    keys = [{ ...(await exportJWK(OTHER.publicKey)), kid: "2" }];
    expect([await set.keys(true), fetches]).toEqual([one, 2]);
    time.now += 31_000;
    expect([(await set.keys(true)) === one, fetches]).toEqual([false, 3]);

    // A fetch that fails leaves the last keys, and one in time holds nothing up.
    works = false;
    time.now += 11 * 60_000;
    expect(await set.keys(false)).not.toBeNull();
  });

  test("answers 503 while there are none, and lets tokens pass when there are", async () => {
    const jwk = { ...(await exportJWK(EC.publicKey)), kid: "1" };
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.json({ keys: [jwk] }),
    });
    const { publicKey: _, ...rest } = BASE;
    const there = { ...rest, jwksUrl: `http://127.0.0.1:${server.port}/` };
    const headers = [await bearer(token({}, EC.privateKey, { kid: "1" }))];
    expect((await ask(there, ...headers)).reached).toBe(true);
    server.stop(true);
    const { reached, response } = await ask(there, ...headers);
    expect([reached, response.status]).toEqual([false, 503]);
  });
});

test("claims are found by their names and paths", () => {
  const claims = { a: { b: [1, "x"] }, "c.d": true, e: null, n: 5 };
  expect(claimAt(claims, "a.b")).toEqual([1, "x"]);
  expect(claimAt(claims, "c.d")).toBe(true);
  for (const path of ["a.c", "a.b.c", "x", "toString", "a.toString"])
    expect(claimAt(claims, path)).toBeUndefined();
  expect([
    claimHas([1, "x"], "1"),
    claimHas("x y", "y"),
    claimHas(true, "true"),
    claimHas(5, "5"),
  ]).toEqual(Array(4).fill(true));
  expect([claimHas({ x: 1 }, "x"), claimHas("xy", "y"), claimHas(undefined, "undefined")]).toEqual(
    Array(3).fill(false),
  );
  const fields = claimFields({ "X-A": "a", "X-C": "c.d", "X-E": "e", "X-N": "n" })(claims);
  expect(fields).toEqual([
    ["X-A", '{"b":[1,"x"]}'],
    ["X-C", "true"],
    ["X-E", null],
    ["X-N", "5"],
  ]);
});
