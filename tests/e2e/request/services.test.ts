import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { get, getUntil } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { type RecordingUpstream, startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const named = (name: string) => startUpstream(answering(plain(name)));

/** A router for each service, at `/<service>`. */
function dynamic(services: Record<string, object>): string {
  const routers = Object.fromEntries(
    Object.keys(services).map((name) => [
      name,
      { rule: `PathPrefix(\`/${name}\`)`, service: name },
    ]),
  );
  return JSON.stringify({ http: { routers, services } });
}

const balancing = (upstreams: (RecordingUpstream | string)[], more: object = {}) => ({
  loadBalancer: {
    servers: upstreams.map((upstream) => ({
      url: typeof upstream === "string" ? upstream : upstream.url,
    })),
    ...more,
  },
});

/** The bodies of so many answers, in order. */
async function texts(port: number, target: string, count: number): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; i < count; i++) found.push((await get(port, target)).text);
  return found;
}

const hex = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");

describe("balancing", () => {
  test("shares follow weights, evenly spread; weighted services too", async () => {
    using a = named("a");
    using b = named("b");
    const weights = [
      { url: a.url, weight: 3 },
      { url: b.url, weight: 1 },
    ];
    await using router = await startRouter({
      workers: 1,
      dynamic: dynamic({
        equal: balancing([a, b]),
        servers: { loadBalancer: { servers: weights } },
        tree: {
          weighted: {
            services: [
              { name: "a", weight: 1 },
              { name: "b", weight: 2 },
              { name: "a@file", weight: 0 },
            ],
          },
        },
        a: balancing([a]),
        b: balancing([b]),
        none: { loadBalancer: { servers: [] } },
        nothing: { loadBalancer: { servers: [{ url: a.url, weight: 0 }] } },
      }),
    });
    const { port } = router;
    expect((await texts(port, "/equal", 8)).join("")).toMatch(/^(ab){4}$|^(ba){4}$/);
    const weighted = (await texts(port, "/servers", 16)).join("");
    expect(weighted.replaceAll("b", "")).toHaveLength(12);
    expect(weighted).not.toMatch(/bb|aaaa/);
    const tree = (await texts(port, "/tree", 12)).join("");
    expect(tree.replaceAll("a", "")).toHaveLength(8);
    for (const empty of ["/none", "/nothing"]) {
      const { status, text } = await get(port, empty);
      expect([status, text]).toEqual([503, "no available server\n"]);
    }
  });

  test("strategies choose servers, and highestRandomWeight services, a client's always the same", async () => {
    using a = named("a");
    using b = named("b");
    using c = named("c");
    const all = [a, b, c];
    await using router = await startRouter({
      workers: 1,
      dynamic: dynamic({
        p2c: balancing(all, { strategy: "p2c" }),
        leasttime: balancing(all, { strategy: "leasttime" }),
        hrw: balancing(all, { strategy: "hrw", sticky: { cookie: {} } }),
        tree: {
          highestRandomWeight: { services: [{ name: "a" }, { name: "b", weight: 3 }] },
        },
        a: balancing([a]),
        b: balancing([b]),
      }),
    });
    const { port } = router;
    for (const spread of ["/p2c", "/leasttime"])
      expect(new Set(await texts(port, spread, 60)).size).toBe(3);
    for (const same of ["/hrw", "/tree"])
      expect([same, new Set(await texts(port, same, 10)).size]).toEqual([same, 1]);
    expect((await get(port, "/hrw")).header("set-cookie")).toBeUndefined();
  });

  test("a fallback answers instead of statuses, with the request's body", async () => {
    using main = startUpstream(
      answering(({ target, text }) =>
        target.endsWith("/bad") ? plain("broken", "502 Bad") : plain(`main ${text}`),
      ),
    );
    using spare = startUpstream(answering(({ text }) => plain(`spare ${text}`, "201 Spare")));
    const errors = { status: ["404", "500-599"], maxRequestBodyBytes: 8 };
    await using router = await startRouter({
      workers: 1,
      dynamic: dynamic({
        both: { failover: { service: "main", fallback: "spare", errors } },
        main: balancing([main]),
        spare: balancing([spare]),
      }),
    });
    using client = await router.client();
    const send = async (method: string, target: string, body = "") => {
      const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
      const head = `${method} ${target} HTTP/1.1\r\nHost: a.test\r\n${length}\r\n`;
      const { status, text } = await client.request(head + body);
      return `${status} ${text.trim()}`;
    };
    expect(await send("GET", "/both/good")).toBe("200 main");
    expect(await send("POST", "/both/good", "body")).toBe("200 main body");
    expect(await send("GET", "/both/bad")).toBe("201 spare");
    expect(await send("POST", "/both/bad", "body")).toBe("201 spare body");
    expect(main.requests.map(({ text }) => text)).toEqual(["", "body", "", "body"]);
    using other = await router.client();
    const { status, text } = await other.request(
      "POST /both/good HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\n123456789",
    );
    expect([status, text]).toEqual([413, "Request body too large\n"]);
  });

  test("mirrors hear their share of the requests, bodies too, and their answers are dropped", async () => {
    using main = startUpstream(answering(({ text }) => plain(`main ${text}`)));
    using half = startUpstream(answering(() => plain("mirror", "500 Broken")));
    using never = named("never");
    using bodiless = named("bodiless");
    const mirrored = (mirror: string, percent: number, more: object = {}) => ({
      mirroring: { service: "main", mirrors: [{ name: mirror, percent }], ...more },
    });
    // One count for all workers, whichever of them has a connection.
    await using router = await startRouter({
      dynamic: dynamic({
        half: mirrored("broken", 50),
        never: mirrored("idle", 0),
        small: mirrored("idle", 100, { maxBodySize: 4 }),
        bodiless: mirrored("empty", 100, { mirrorBody: false }),
        main: balancing([main]),
        broken: balancing([half]),
        idle: balancing([never]),
        empty: balancing([bodiless]),
      }),
    });
    const post = async (target: string, body: string) => {
      using client = await router.client();
      const head = `POST ${target} HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n`;
      return (await client.request(head + body)).text;
    };
    for (const body of ["one", "two", "three", "four"])
      expect(await post("/half", body)).toBe(`main ${body}`);
    const heard = (upstream: RecordingUpstream) =>
      upstream.requests.map(({ method, target, text }) => `${method} ${target} ${text}`);
    await waitFor("the mirror to hear two of four", () => half.requests.length >= 2);
    expect(heard(half).sort()).toEqual(["POST /half one", "POST /half three"]);
    expect(await post("/never", "x")).toBe("main x");
    expect(await post("/small", "much too large")).toBe("main much too large");
    expect(await post("/bodiless", "body")).toBe("main body");
    await waitFor("the mirror without bodies", () => bodiless.requests.length > 0);
    expect(heard(bodiless)).toEqual(["POST /bodiless "]);
    expect((await get(router.port, "/half")).text).toBe("main ");
    await waitFor("the mirror of a GET", () => half.requests.length >= 3);
    expect([heard(half).at(-1), heard(never)]).toEqual(["GET /half ", []]);
    expect(await post("/small", "fits")).toBe("main fits");
    await waitFor("the mirror of what fits", () => never.requests.length > 0);
    expect(heard(never)).toEqual(["POST /small fits"]);
  });

  test("sticky cookies have Traefik's name and value and bring a client back", async () => {
    using a = named("a");
    using b = named("b");
    await using router = await startRouter({
      workers: 1,
      dynamic: dynamic({
        shop: balancing([a, b], { sticky: { cookie: {} } }),
        own: balancing([a, b], {
          sticky: {
            cookie: { name: "lb", secure: true, httpOnly: true, sameSite: "lax", maxAge: 60 },
          },
        }),
      }),
    });
    const { port } = router;
    const name = `_${hex("sha1", "_TRAEFIK_BACKEND_shop@file").slice(0, 5)}`;
    const values: Record<string, string> = {};
    for (const upstream of [a, b]) {
      const response = await get(port, "/shop");
      const value = hex("sha256", (response.text === "a" ? a : b).url).slice(0, 16);
      expect(response.header("set-cookie")).toBe(`${name}=${value}; Path=/`);
      values[response.text] = value;
      expect(upstream.errors).toEqual([]);
    }
    expect(Object.keys(values).sort()).toEqual(["a", "b"]);
    for (const server of ["a", "b", "b", "a", "a"]) {
      const cookie = `Cookie: x=1; ${name}=${values[server]}; y=2`;
      const response = await get(port, "/shop", [cookie]);
      expect([response.text, response.header("set-cookie")]).toEqual([server, undefined]);
    }
    expect((await get(port, "/shop", [`Cookie: ${name}=nobody`])).header("set-cookie")).toContain(
      name,
    );
    expect((await get(port, "/own")).header("set-cookie")).toMatch(
      /^lb=[0-9a-f]{16}; Path=\/; Max-Age=60; HttpOnly; Secure; SameSite=Lax$/,
    );
  });
});

describe("health", () => {
  test("a check takes a server out and back; failover and weighted hear of it; none left is 503", async () => {
    let well = true;
    const health = { healthCheck: { path: "/health", interval: "50ms", timeout: "2s" } };
    using checked = startUpstream(
      answering(({ target }) =>
        target === "/health" && !well ? plain("", "500 Sick") : plain("checked"),
      ),
    );
    using spare = named("spare");
    await using router = await startRouter({
      workers: 1,
      static: "log: {level: WARN}",
      dynamic: dynamic({
        pair: balancing([checked, spare], health),
        alone: balancing([checked], health),
        spare: balancing([spare], health),
        failover: { failover: { service: "alone", fallback: "spare" } },
        tree: {
          weighted: { services: [{ name: "alone" }, { name: "spare" }], healthCheck: {} },
        },
      }),
    });
    const { port } = router;
    const both = async (target: string) => new Set(await texts(port, target, 4));
    expect(await both("/pair")).toEqual(new Set(["checked", "spare"]));
    expect(await both("/failover")).toEqual(new Set(["checked"]));
    expect(await both("/tree")).toEqual(new Set(["checked", "spare"]));

    well = false;
    const down = await getUntil(port, "/alone", ({ status }) => status === 503);
    expect(down.text).toBe("no available server\n");
    await getUntil(port, "/failover", ({ text }) => text === "spare");
    await router.program.logged(/down serviceName=pair@file/);
    for (const target of ["/pair", "/failover", "/tree"])
      expect(await both(target)).toEqual(new Set(["spare"]));

    well = true;
    await getUntil(port, "/alone", ({ text }) => text === "checked");
    await getUntil(port, "/failover", ({ text }) => text === "checked");
    for (const target of ["/pair", "/tree"]) {
      await getUntil(port, target, ({ text }) => text === "checked");
      await getUntil(port, target, ({ text }) => text === "spare");
    }
  });

  test("passive checks take a failing server out for their window", async () => {
    using good = named("good");
    let failing = true;
    using bad = startUpstream(answering(() => (failing ? plain("", "500 Bad") : plain("bad"))));
    await using router = await startRouter({
      workers: 1,
      static: "log: {level: WARN}",
      dynamic: dynamic({
        app: balancing([good, bad], {
          passiveHealthCheck: { failureWindow: "2s", maxFailedAttempts: 2 },
        }),
      }),
    });
    const { port } = router;
    const first = await Promise.all(
      Array.from({ length: 6 }, async () => (await get(port, "/app")).status),
    );
    expect(first.filter((status) => status === 500).length).toBeGreaterThanOrEqual(2);
    await router.program.logged("Passive health check: the server is down");
    const seen = bad.requests.length;
    expect(await texts(port, "/app", 4)).toEqual(["good", "good", "good", "good"]);
    expect(bad.requests).toHaveLength(seen);
    failing = false;
    await getUntil(port, "/app", ({ text }) => text === "bad");
  });

  test("a server that refuses is 502, and the others go on", async () => {
    using good = named("good");
    await using router = await startRouter({
      workers: 1,
      dynamic: dynamic({ app: balancing([good, `http://127.0.0.1:${await freePort()}`]) }),
    });
    const answers = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { status, text } = await get(router.port, "/app");
        return `${status} ${text}`;
      }),
    );
    expect(answers.sort()).toEqual(["200 good", "200 good", "502 Bad Gateway", "502 Bad Gateway"]);
  });
});
