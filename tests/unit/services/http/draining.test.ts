import { expect, test } from "bun:test";
import { Exchange, NO_DOWNSTREAM } from "../../../../src/http/exchange.ts";
import { LazyResponse } from "../../../../src/http/lazy/lazy-response.ts";
import { type Draining, HealthVerdicts } from "../../../../src/services/health/health-verdicts.ts";
import { makeLoadBalancer } from "./made-services.ts";

const server = (name: string) => ({ url: `http://${name}`, handler: () => new Response(name) });
const STICKY = { sticky: { cookie: { name: "s" } } };

async function scene(options: object) {
  const verdicts = new HealthVerdicts();
  const make = () => makeLoadBalancer(options, [server("a"), server("b")], { verdicts });
  let service = await make();
  return {
    drain: (name: string, draining: Draining) =>
      verdicts.tell([
        { kind: "http", service: "s@file", server: `http://${name}`, up: true, draining },
      ]),
    check: (name: string, up: boolean) =>
      verdicts.tell([{ kind: "http", service: "s@file", server: `http://${name}`, up }]),
    async remake() {
      const before = service;
      service = await make();
      before.stop();
    },
    health: () => service.health?.up,
    /** The answer's status and text, and the cookie's value that it sets. */
    async get(cookie?: string) {
      const headers = cookie === undefined ? undefined : { cookie: `s=${cookie}` };
      const request = new Request("http://x/", { headers });
      const response = LazyResponse.of(await service.handler(request, new Exchange(NO_DOWNSTREAM)));
      const set = /^s=([^;]*)/.exec(response.headerList.first("set-cookie") ?? "")?.[1];
      return { text: await response.text(), status: response.status, set };
    },
  };
}

test("a server that drains gets no new requests, over a reload too, until that ends", async () => {
  const { drain, get, remake } = await scene({});
  drain("a", "new");
  for (let i = 0; i < 4; i++) expect((await get()).text).toBe("b");
  await remake();
  for (let i = 0; i < 4; i++) expect((await get()).text).toBe("b");
  drain("b", "new");
  expect((await get()).status).toBe(503);
  drain("a", "no");
  drain("b", "no");
  await remake();
  const texts = [(await get()).text, (await get()).text];
  expect(texts.sort()).toEqual(["a", "b"]);
});

test("requests with its sticky cookie still go there, unless all are refused, or it is down", async () => {
  const { drain, check, get } = await scene({ ...STICKY, healthCheck: { path: "/" } });
  let cookie: string | undefined;
  for (let i = 0; i < 2; i++) {
    const { text, set } = await get();
    if (text === "a") cookie = set;
  }
  drain("a", "new");
  expect(await get(cookie)).toEqual({ text: "a", status: 200, set: undefined });
  expect((await get()).text).toBe("b");
  check("a", false);
  expect((await get(cookie)).text).toBe("b");
  check("a", true);
  expect((await get(cookie)).text).toBe("a");
  expect((await get()).text).toBe("b");
  drain("a", "all");
  const moved = await get(cookie);
  expect([moved.text, moved.set === undefined]).toEqual(["b", false]);
});

test("a service with nothing but draining servers is down for its parents", async () => {
  const { drain, health } = await scene({ healthCheck: { path: "/" } });
  drain("a", "new");
  expect(health()).toBeTrue();
  drain("b", "new");
  expect(health()).toBeFalse();
  drain("a", "no");
  expect(health()).toBeTrue();
});
