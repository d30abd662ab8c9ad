import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../../../src/core/errors.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { basicAuth } from "../../../../../src/middlewares/http/auth/basic-auth.ts";
import {
  type PasswordQuestion,
  passwordFits,
} from "../../../../../src/middlewares/http/auth/password-hash.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { makeRequest } from "../../../../support/http/make-request.ts";
import { silentLogger } from "../../../core/silent-logger.ts";
import { MemoryFiles } from "../../../tls/memory-files.ts";
import { apply, makeWith } from "../apply.ts";

type Options = HttpMiddlewareOptions<"basicAuth">;

const SECRET = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
const OTHER = await Bun.password.hash("other", { algorithm: "bcrypt", cost: 4 });
const USERS = { users: [`ann:${SECRET}`, `bob:${OTHER}`] };

const basic = (credentials: string): [string, string] => [
  "Authorization",
  `Basic ${Buffer.from(credentials).toString("base64")}`,
];

async function ask(options: Options, ...headers: [string, string][]) {
  return apply(await makeWith(basicAuth, options), { headers });
}

describe("basicAuth", () => {
  test("lets users pass whose password fits", async () => {
    for (const credentials of ["ann:secret", "bob:other"])
      expect((await ask(USERS, basic(credentials))).reached).toBe(true);
    const { exchange } = await ask(USERS, basic("ann:secret"));
    expect(exchange.clientUsername).toBe("ann");
  });

  test("asks all others for credentials, as Traefik does", async () => {
    const cases: [string, string][][] = [
      [],
      [basic("ann:other")],
      [basic("ann:")],
      [basic("ann")],
      [basic("eve:secret")],
      [basic(":secret")],
      [["Authorization", "Basic !!!"]],
      [["Authorization", `Bearer ${btoa("ann:secret")}`]],
      [["Authorization", `Basic  ${btoa("ann:secret")}x`]],
    ];
    for (const headers of cases) {
      const { reached, response } = await ask(USERS, ...headers);
      expect([headers, reached, response.status]).toEqual([headers, false, 401]);
      expect([...LazyResponse.of(response).headerList.entries()]).toEqual([
        ["Content-Type", "text/plain"],
        ["Www-Authenticate", 'Basic realm="traefik"'],
      ]);
      expect(await response.text()).toBe("401 Unauthorized\n");
    }
    const { response } = await ask({ ...USERS, realm: "shop" });
    expect(response.headers.get("www-authenticate")).toBe('Basic realm="shop"');
  });

  test("names the user that failed in the log", async () => {
    expect((await ask(USERS, basic("eve:x"))).exchange.clientUsername).toBe("eve");
  });

  test("takes the scheme in any case, and a password with colons", async () => {
    const hash = await Bun.password.hash("a:b", { algorithm: "bcrypt", cost: 4 });
    const [, value] = basic("ann:a:b");
    const headers: [string, string] = ["authorization", value.replace("Basic", "bAsIc")];
    expect((await ask({ users: [`ann:${hash}`] }, headers)).reached).toBe(true);
  });

  test("headerField is written as configured, removeHeader takes the credentials away", async () => {
    const options = { ...USERS, headerField: "x-webAuth-user", removeHeader: true };
    const { lazy } = await ask(options, basic("ann:secret"), ["X-WebAuth-User", "root"]);
    expect([...lazy.headerList.entries()]).toEqual([["x-webAuth-user", "ann"]]);
    const kept = await ask(USERS, basic("ann:secret"));
    expect(kept.lazy.headerList.has("authorization")).toBe(true);
  });

  test("names beyond ASCII are the octets of UTF-8", async () => {
    const options = { users: [`zoë:${SECRET}`], headerField: "X-User" };
    const { reached, lazy } = await ask(options, basic("zoë:secret"));
    expect(reached).toBe(true);
    expect(lazy.headerList.first("x-user")).toBe(Buffer.from("zoë").toString("latin1"));
  });

  test("usersFile has users too, and `users` goes before it", async () => {
    const files = new MemoryFiles({
      "/users": `# staff\n\n  ann:${OTHER}\r\ncarl:${SECRET}\n`,
    });
    const options = { users: [`ann:${SECRET}`], usersFile: "/users" };
    const middleware = await makeWith(basicAuth, options, { files });
    for (const [credentials, reached] of [
      ["ann:secret", true],
      ["ann:other", false],
      ["carl:secret", true],
    ] as const) {
      const applied = await apply(middleware, { headers: [basic(credentials)] });
      expect([credentials, applied.reached]).toEqual([credentials, reached]);
    }
  });

  test("what can't be right is said", async () => {
    const files = new MemoryFiles({ "/two": `a:b:c` });
    const wrong: [Options, string][] = [
      [{}, "there are no users"],
      [{ users: ["ann"] }, 'users[0]: expected "name:hash", found 0 colons'],
      [{ users: [`ann:${SECRET}`, "a:b:c"] }, 'users[1]: expected "name:hash", found 2 colons'],
      [{ usersFile: "/none" }, '"/none" can\'t be read'],
      [{ usersFile: "/two" }, 'usersFile "/two", user 1'],
      [{ users: [`a\nb:${SECRET}`] }, "users[0]: expected no control characters"],
    ];
    for (const [options, message] of wrong)
      await expect(makeWith(basicAuth, options, { files })).rejects.toThrow(message);
    const lines: string[] = [];
    const logger = silentLogger({ warn: (message) => void lines.push(message) });
    await makeWith(basicAuth, { users: ["ann:secret"] }, { logger });
    expect(lines.join()).toContain("fits none");
  });
});

/** Another thread whose work a test sees, and ends when it likes. */
function heldWorker() {
  const questions: PasswordQuestion[] = [];
  const gate = Promise.withResolvers<void>();
  const inWorker = async (_: string, input: unknown) => {
    questions.push(input as PasswordQuestion);
    await gate.promise;
    return passwordFits(input as PasswordQuestion);
  };
  return { questions, inWorker, open: () => gate.resolve() };
}

describe("the work of basicAuth", () => {
  const send = async (middleware: Awaited<ReturnType<typeof makeWith>>, credentials: string) =>
    (await apply(middleware, { headers: [basic(credentials)] })).response.status;

  test("is done once for the same credentials, and a success is remembered", async () => {
    const worker = heldWorker();
    const middleware = await makeWith(basicAuth, USERS, worker);
    const three = [1, 2, 3].map(() => send(middleware, "bob:other"));
    worker.open();
    expect(await Promise.all(three)).toEqual([200, 200, 200]);
    expect(await send(middleware, "bob:other")).toBe(200);
    expect(worker.questions).toHaveLength(1);
    // A failure is asked anew.
    expect(await send(middleware, "bob:wrong")).toBe(401);
    expect(await send(middleware, "bob:wrong")).toBe(401);
    expect(worker.questions).toHaveLength(3);
    // What is remembered is remembered by another configuration's no more.
    await send(await makeWith(basicAuth, USERS, worker), "bob:other");
    expect(worker.questions).toHaveLength(4);
  });

  test("goes one after the other, and no further than a number of them", async () => {
    const worker = heldWorker();
    const middleware = await makeWith(basicAuth, USERS, worker);
    const guesses = Array.from({ length: 300 }, (_, i) => send(middleware, `bob:guess${i}`));
    const refused = await Promise.race(guesses);
    expect(refused).toBe(503);
    expect(worker.questions).toHaveLength(1);
    worker.open();
    const statuses = await Promise.all(guesses);
    expect(statuses.filter((status) => status === 503)).toHaveLength(43);
    expect(worker.questions).toHaveLength(257);
  });

  test("is not done for a client that went away", async () => {
    const worker = heldWorker();
    const middleware = await makeWith(basicAuth, USERS, worker);
    const first = send(middleware, "bob:one");
    const { request, exchange } = makeRequest({ headers: [basic("bob:two")] });
    const second = middleware(() => new Response())(request, exchange);
    exchange.abort(new ProxyError("client-gone", "downstream", "gone"));
    worker.open();
    await Promise.all([first, second]);
    expect(worker.questions).toHaveLength(1);
  });

  test("asks no server for a client that went away meanwhile", async () => {
    const worker = heldWorker();
    const middleware = await makeWith(basicAuth, USERS, worker);
    const { request, exchange } = makeRequest({ headers: [basic("bob:other")] });
    let reached = false;
    const pending = middleware(() => {
      reached = true;
      return new Response();
    })(request, exchange);
    expect(worker.questions).toHaveLength(1);
    exchange.abort(new ProxyError("client-gone", "downstream", "gone"));
    worker.open();
    expect([(await pending).status, reached]).toEqual([499, false]);
  });

  test("is as much for a user that isn't there, the same for the same name", async () => {
    const worker = heldWorker();
    worker.open();
    const middleware = await makeWith(basicAuth, USERS, worker);
    for (const password of ["a", "b", "secret", "other"])
      expect(await send(middleware, `eve:${password}`)).toBe(401);
    expect(worker.questions).toHaveLength(4);
    expect(new Set(worker.questions.map(({ hash }) => hash)).size).toBe(1);
  });
});
