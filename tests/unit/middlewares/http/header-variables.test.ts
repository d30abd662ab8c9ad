import { describe, expect, test } from "bun:test";
import { headers } from "../../../../src/middlewares/http/headers/headers.ts";
import { TLS } from "../../../support/http/make-request.ts";
import { apply, make } from "./apply.ts";

const ALL = {
  "X-A": "{client.ip}:{client.port}|{request.id}|{request.method}|{request.path}",
  "X-B": "{tls.version} {tls.cipher} {tls.sni}|{entryPoint.name}|{router.name}",
  "X-C": "{unknown} {client.ip } {} {constructor} {{client.ip}}",
  "X-D": "{tls.sni}",
};

/** What a server gets of `customRequestHeaders`. */
async function sent(options: object, request: object) {
  const { lazy } = await apply(make(headers, { customRequestHeaders: ALL, ...options }), request);
  return Object.fromEntries(
    Object.keys(ALL).map((name) => [name, lazy.headerList.first(name.toLowerCase())]),
  );
}

const REQUEST = {
  method: "PUT",
  target: "/a%0d%0ab?q",
  headers: [
    ["X-Request-Id", "7"],
    ["X-D", "the client's"],
  ] as const,
};

describe("headers.variables", () => {
  test("stand for what the request has; others stay, and what comes out empty is deleted", async () => {
    expect(await sent({ variables: true }, REQUEST)).toEqual({
      "X-A": "192.0.2.7:4711|7|PUT|/a%0d%0ab",
      "X-B": "|web|",
      "X-C": "{unknown} {client.ip } {} {constructor} {192.0.2.7}",
      "X-D": null,
    });
    const tls = { ...TLS, version: "1.3", cipher: "TLS_X", serverName: "a.test" } as const;
    expect(await sent({ variables: true }, { ...REQUEST, tls })).toMatchObject({
      "X-B": "1.3 TLS_X a.test|web|",
      "X-D": "a.test",
    });
  });

  test("what a client puts into them can't end the field", async () => {
    const tls = { ...TLS, serverName: "a\r\nX-Evil: 1\u0000\u0100" };
    expect((await sent({ variables: true }, { ...REQUEST, tls }))["X-D"]).toBe("aX-Evil: 1");
  });

  test.each([{}, { variables: false }])("are text with %p, as in Traefik", async (options) => {
    expect(await sent(options, REQUEST)).toEqual(ALL);
  });

  test("in responses too", async () => {
    const options = { variables: true, customResponseHeaders: { "X-Who": "{client.ip}" } };
    const { response } = await apply(make(headers, options));
    expect(response.headers.get("x-who")).toBe("192.0.2.7");
  });

  test("with a bad character around them are refused, as without them", () => {
    const options = { variables: true, customRequestHeaders: { "X-A": "a\nX-B: {client.ip}" } };
    expect(() => make(headers, options)).toThrow(TypeError);
  });

  test("Host takes none", () => {
    const options = { variables: true, customRequestHeaders: { host: "{client.ip}" } };
    expect(() => make(headers, options)).toThrow("headers: Host takes no variables");
  });
});
