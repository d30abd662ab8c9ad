import { expect, test } from "bun:test";
import type { Handler } from "../../../src/http/handler.ts";
import { sniCheck } from "../../../src/request/sni-check.ts";
import { makeRequest, TLS } from "../../support/http/make-request.ts";

const served: Handler = () => new Response("served");

test("the options of the handshake are the router's: the request goes on", async () => {
  const { request, exchange } = makeRequest({ tls: TLS });
  expect((await sniCheck("default")(served)(request, exchange)).status).toBe(200);
});

test("other options: 421, as Traefik words it", async () => {
  const { request, exchange } = makeRequest({ tls: TLS });
  const response = await sniCheck("mutual@file")(served)(request, exchange);
  expect(response.status).toBe(421);
  expect(await response.text()).toBe("Misdirected Request\n");
});

test("options of the handshake that ask for less than the present ones of that name: 421", async () => {
  const { request, exchange } = makeRequest({ tls: TLS });
  const tlsOptions = { name: "default", inForce: false };
  Object.assign(exchange.downstream, { tlsOptions });
  expect((await sniCheck("default")(served)(request, exchange)).status).toBe(421);
});

test("without TLS there is nothing to compare", async () => {
  const { request, exchange } = makeRequest({});
  expect((await sniCheck("mutual@file")(served)(request, exchange)).status).toBe(200);
});
