import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { Middleware } from "../../../../../src/http/handler.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { digestAuth } from "../../../../../src/middlewares/http/auth/digest/digest-auth.ts";
import { digestParameters } from "../../../../../src/middlewares/http/auth/digest/digest-parameters.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { addPrefix } from "../../../../../src/middlewares/http/path/add-prefix.ts";
import {
  type DigestAnswer,
  digestCredentials,
} from "../../../../support/http/digest-credentials.ts";
import { MemoryFiles } from "../../../tls/memory-files.ts";
import { apply, make, makeWith } from "../apply.ts";

type Options = HttpMiddlewareOptions<"digestAuth">;

const secret = (user: string, realm: string, password: string) =>
  createHash("md5").update(`${user}:${realm}:${password}`).digest("hex");
const USERS = {
  users: [
    `ann:traefik:${secret("ann", "traefik", "pass")}`,
    `bob:other:${secret("bob", "other", "x")}`,
  ],
};

const challengeOf = async (middleware: Middleware) =>
  (await apply(middleware)).response.headers.get("www-authenticate")!;

/** An answer to a fresh challenge. */
async function answer(
  given: Partial<DigestAnswer> = {},
  { target = "/", method = "GET", options = USERS as Options } = {},
) {
  const middleware = await makeWith(digestAuth, options);
  const challenge = await challengeOf(middleware);
  const all = { user: "ann", password: "pass", uri: target, method, ...given };
  const headers: [string, string][] = [["Authorization", digestCredentials(challenge, all)]];
  return apply(middleware, { target, method, headers });
}

describe("digestAuth", () => {
  test("challenges as Traefik does", async () => {
    const { response, reached } = await apply(await makeWith(digestAuth, USERS));
    expect([reached, response.status, await response.text()]).toEqual([
      false,
      401,
      "401 Unauthorized\n",
    ]);
    const [type, [name, value]] = [...LazyResponse.of(response).headerList.entries()];
    expect([type, name]).toEqual([["Content-Type", "text/plain"], "Www-Authenticate"]);
    expect(value).toMatch(
      /^Digest realm="traefik", nonce="[\w-]{40}", opaque="[\w-]{43}", algorithm="MD5", qop="auth"$/,
    );
  });

  test("lets those pass who know the password", async () => {
    const { reached, exchange } = await answer();
    expect([reached, exchange.clientUsername]).toEqual([true, "ann"]);
    expect((await answer({}, { method: "PUT", target: "/a?b=c" })).reached).toBe(true);
    const shop = { users: [`ann:shop:${secret("ann", "shop", "pass")}`], realm: "shop" };
    expect((await answer({}, { options: shop })).reached).toBe(true);
  });

  test("refuses all others, and names them in the log", async () => {
    const wrong: Partial<DigestAnswer>[] = [
      { password: "other" },
      { user: "eve" },
      // Another realm's.
      { user: "bob", password: "x" },
      { method: "POST" },
      { uri: "/other" },
      { uri: "" },
      { wrong: { nonce: "AAAA" } },
      { wrong: { opaque: '"x"' } },
      { wrong: { qop: "auth-int" } },
      { wrong: { algorithm: "SHA-256" } },
      { wrong: { nc: "1" } },
      { wrong: { response: '""' } },
    ];
    for (const given of wrong) {
      const { reached, response, exchange } = await answer(given);
      expect([given, reached, response.status]).toEqual([given, false, 401]);
      expect(response.headers.get("www-authenticate")).not.toContain("stale");
      expect(exchange.clientUsername).toBe(given.user ?? "ann");
    }
    const middleware = await makeWith(digestAuth, {});
    expect((await apply(middleware)).response.status).toBe(401);
  });

  test("the URI may be the beginning of the path, and what the client asked for", async () => {
    expect((await answer({ uri: "/a" }, { target: "/a/b?c" })).reached).toBe(true);
    expect((await answer({ uri: "/a/b/c" }, { target: "/a/b" })).reached).toBe(false);
    const middleware = await makeWith(digestAuth, USERS);
    const challenge = await challengeOf(middleware);
    for (const [count, uri] of ["/x", "/p/x"].entries()) {
      const given = { user: "ann", password: "pass", uri, count: count + 1 };
      const headers: [string, string][] = [["Authorization", digestCredentials(challenge, given)]];
      const links = [make(addPrefix, { prefix: "/p" }), middleware];
      expect((await apply(links, { target: "/x", headers })).reached).toBe(true);
    }
  });

  test("a replay is refused, an older count is stale", async () => {
    const middleware = await makeWith(digestAuth, USERS);
    const challenge = await challengeOf(middleware);
    const send = async (count: number) => {
      const given = { user: "ann", password: "pass", uri: "/", count };
      const headers: [string, string][] = [["Authorization", digestCredentials(challenge, given)]];
      const { reached, response } = await apply(middleware, { headers });
      const stale = /stale="true"/.test(response.headers.get("www-authenticate") ?? "");
      return reached ? "passed" : stale ? "stale" : "refused";
    };
    expect([await send(1), await send(1), await send(7), await send(7), await send(3)]).toEqual([
      "passed",
      "refused",
      "passed",
      "refused",
      "stale",
    ]);
  });

  test("headerField, removeHeader and usersFile are basicAuth's", async () => {
    const files = new MemoryFiles({
      "/users": `# staff\nann:traefik:${secret("ann", "traefik", "pass")}\n`,
    });
    const options = { usersFile: "/users", headerField: "x-User", removeHeader: true };
    const middleware = await makeWith(digestAuth, options, { files });
    const given = { user: "ann", password: "pass", uri: "/" };
    const credentials = digestCredentials(await challengeOf(middleware), given);
    const { lazy } = await apply(middleware, { headers: [["Authorization", credentials]] });
    expect([...lazy.headerList.entries()]).toEqual([["x-User", "ann"]]);
  });

  test("what can't be right is said", async () => {
    await expect(makeWith(digestAuth, { users: ["ann:hash"] })).rejects.toThrow(
      'users[0]: expected "name:realm:hash", found 1 colons',
    );
  });
});

test("digestParameters reads what RFC 7616 lets clients write", () => {
  const read = (text: string) => {
    const found = digestParameters(text);
    return found === null ? null : Object.fromEntries(found);
  };
  expect(read('Digest username="a\\"b", nc=00000001 ,qop="auth"')).toEqual({
    username: 'a"b',
    nc: "00000001",
    qop: "auth",
  });
  expect(read('digest Realm = "x, y"')).toEqual({ realm: "x, y" });
  for (const text of [
    "Basic abc",
    "Digest",
    'Digest a="1',
    "Digest a=1 b=2",
    "Digest a=1, a=2",
    "Digest =",
  ])
    expect([text, read(text)]).toEqual([text, null]);
});
