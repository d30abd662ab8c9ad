import { describe, expect, test } from "bun:test";
import { Exchange, NO_DOWNSTREAM } from "../../../../src/http/exchange.ts";
import type { Handler } from "../../../../src/http/handler.ts";
import { Health } from "../../../../src/services/health/health.ts";
import type { HttpService } from "../../../../src/services/http/http-service.ts";
import { failover } from "../../../../src/services/http/kinds/failover.ts";
import { weighted } from "../../../../src/services/http/kinds/weighted.ts";
import { type GivenChild, makeLoadBalancer, serviceContext } from "./made-services.ts";

const answering =
  (text: string): Handler =>
  () =>
    new Response(text);

async function ask(
  handler: Handler,
  cookie = "",
  exchange = new Exchange(NO_DOWNSTREAM),
): Promise<Response> {
  const request = new Request("http://shop.example/", cookie === "" ? {} : { headers: { cookie } });
  return handler(request, exchange);
}

async function texts(handler: Handler, count: number): Promise<string> {
  let all = "";
  for (let i = 0; i < count; i++) all += await (await ask(handler)).text();
  return all;
}

const servers = (weights: Record<string, number | undefined>) =>
  Object.entries(weights).map(([name, weight]) => ({
    url: `http://${name}/`,
    weight,
    handler: answering(name),
  }));

describe("loadBalancer", () => {
  test("takes servers in turns and notes the service", async () => {
    const service = await makeLoadBalancer({}, servers({ a: undefined, b: 1, c: 0 }), {
      name: "shop@file",
    });
    expect(await texts(service.handler, 4)).toBe("abab");
    const exchange = new Exchange(NO_DOWNSTREAM);
    await ask(service.handler, "", exchange);
    expect(exchange.service).toBe("shop@file");
    expect(service.health).toBeNull();
    service.stop();
  });

  test("answers at once where the server does", async () => {
    const service = await makeLoadBalancer({}, servers({ a: 1, b: 1 }));
    const response = service.handler(new Request("http://x/"), new Exchange(NO_DOWNSTREAM));
    expect(response).toBeInstanceOf(Response);
  });

  test("without a server that may get requests the answer is Traefik's 503", async () => {
    for (const weights of [{}, { a: 0 }, { a: 0, b: 0 }] as Record<string, number>[]) {
      const service = await makeLoadBalancer({}, servers(weights));
      const response = await ask(service.handler);
      expect(response.status).toBe(503);
      expect(await response.text()).toBe("no available server\n");
      expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    }
  });

  test("a cookie keeps a client with its server", async () => {
    const service = await makeLoadBalancer(
      { sticky: { cookie: { name: "lb" } } },
      servers({ a: 1, b: 1, zero: 0 }),
    );
    const first = await ask(service.handler);
    expect(await first.text()).toBe("a");
    const second = await ask(service.handler);
    expect(await second.text()).toBe("b");
    const cookie = second.headers.getSetCookie()[0].split(";")[0];
    for (let i = 0; i < 3; i++) {
      const again = await ask(service.handler, `x=1; ${cookie}`);
      expect(await again.text()).toBe("b");
      expect(again.headers.getSetCookie()).toEqual([]);
    }
    // A cookie that names no server, or one that may get nothing, or an older form of one's name.
    expect((await ask(service.handler, "lb=nothing")).headers.getSetCookie()).toHaveLength(1);
    expect(await (await ask(service.handler, "lb=http://zero/")).text()).not.toBe("zero");
    const older = await ask(service.handler, "lb=http://b/");
    expect(await older.text()).toBe("b");
    expect(older.headers.getSetCookie()[0]).toStartWith(`${cookie};`);
  });
});

describe("weighted", () => {
  const make = async (
    services: readonly GivenChild[],
    options: Omit<Parameters<typeof weighted.create>[0], "services"> = {},
  ) =>
    weighted.create(
      { ...options, services: services.map(({ name, weight }) => ({ name, weight })) },
      serviceContext({ name: "w@file", services }),
      { fingerprint: null },
    );
  const child = (name: string, weight?: number, health: Health | null = null) => ({
    name,
    weight,
    health,
    handler: answering(name),
  });

  test("shares requests by weight", async () => {
    const service = await make([child("a", 3), child("b"), child("c", 0)]);
    expect(await texts(service.handler, 8)).toBe("aaabaaab");
    expect(service.health).toBeNull();
  });

  test("leaves out children that are down and is up while one is", async () => {
    const a = new Health();
    const b = new Health(false);
    const service = await make([child("a", 1, a), child("b", 1, b)], { healthCheck: {} });
    expect(await texts(service.handler, 2)).toBe("aa");
    expect(service.health!.up).toBe(true);
    a.set(false);
    expect(service.health!.up).toBe(false);
    expect((await ask(service.handler)).status).toBe(503);
    b.set(true);
    expect(service.health!.up).toBe(true);
    expect(await texts(service.handler, 2)).toBe("bb");
    service.stop();
    b.set(false);
    expect(service.health!.up).toBe(true);
  });

  test("needs children with health where it has healthCheck, and tells nobody otherwise", async () => {
    await expect(
      make([child("a", 1, new Health()), child("b")], { healthCheck: {} }),
    ).rejects.toThrow("cannot register b as updater for w@file");
    const down = await make([child("a", 1, new Health(false))]);
    expect(await texts(down.handler, 1)).toBe("a");
  });

  test("sticks to a child that is up, and to another when it goes down", async () => {
    const a = new Health();
    const b = new Health();
    const service = await make([child("a", 1, a), child("b", 1, b)], {
      sticky: { cookie: {} },
      healthCheck: {},
    });
    const first = await ask(service.handler);
    const cookie = first.headers.getSetCookie()[0].split(";")[0];
    expect(await (await ask(service.handler, cookie)).text()).toBe("a");
    a.set(false);
    const moved = await ask(service.handler, cookie);
    expect(await moved.text()).toBe("b");
    expect(moved.headers.getSetCookie()).toHaveLength(1);
    b.set(false);
    expect((await ask(service.handler, cookie)).status).toBe(503);
  });
});

describe("failover", () => {
  const make = (
    services: readonly GivenChild[],
    options: { healthCheck?: Record<string, never> } = {},
  ) => {
    const [service, fallback] = services.map(({ name }) => name);
    const context = serviceContext({ name: "f@file", services });
    const inputs = { fingerprint: null };
    return failover.create({ service, fallback, ...options }, context, inputs) as HttpService;
  };
  const child = (name: string, health: Health | null) => ({
    name,
    health,
    handler: answering(name),
  });

  test("asks the fallback only while the service is down", async () => {
    const main = new Health();
    const service = make([child("main", main), child("spare", null)]);
    expect(await texts(service.handler, 1)).toBe("main");
    main.set(false);
    expect(await texts(service.handler, 1)).toBe("spare");
    main.set(true);
    expect(await texts(service.handler, 1)).toBe("main");
    expect(service.health).toBeNull();
  });

  test("with healthCheck it is up while one of the two is", async () => {
    const main = new Health();
    const spare = new Health();
    const service = make([child("main", main), child("spare", spare)], { healthCheck: {} });
    main.set(false);
    expect(service.health!.up).toBe(true);
    spare.set(false);
    expect(service.health!.up).toBe(false);
    const response = await ask(service.handler);
    expect(response.status).toBe(503);
    expect(await response.text()).toBe("Service Unavailable\n");
    service.stop();
    spare.set(true);
    expect(service.health!.up).toBe(false);
  });

  test("needs a service that can be down", () => {
    const up = new Health();
    expect(() => make([child("main", null), child("spare", null)])).toThrow(
      "cannot register main as updater for f@file",
    );
    expect(() => make([child("main", up), child("spare", null)], { healthCheck: {} })).toThrow(
      "cannot register spare as updater for f@file",
    );
  });
});
