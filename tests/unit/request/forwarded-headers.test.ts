import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { removeNamedByConnection } from "../../../src/http/fields/connection-fields.ts";
import { LazyRequest } from "../../../src/http/lazy/lazy-request.ts";
import {
  type ForwardedHeadersOptions,
  forwardedHeaders,
} from "../../../src/request/forwarded-headers.ts";
import { type MadeRequest, makeRequest, TLS } from "../../support/http/make-request.ts";

const DEFAULTS: ForwardedHeadersOptions = {
  insecure: false,
  trustedIPs: [],
  connection: [],
  serverName: "edge-1",
};
const INSECURE = { ...DEFAULTS, insecure: true };

/** The fields that the next handler sees, names in lower case. */
function run(made: MadeRequest, options = DEFAULTS): Record<string, string> {
  const { request, exchange } = makeRequest(made);
  const seen: [string, string][] = [];
  forwardedHeaders(options)((passed) => {
    for (const [name, value] of LazyRequest.of(passed).headerList.entries()) {
      const lower = name.toLowerCase();
      expect(seen.some(([other]) => other === lower)).toBe(false);
      seen.push([lower, value]);
    }
    return new Response();
  })(request, exchange);
  return Object.fromEntries(seen);
}

const MANAGED = [
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Port",
  "X-Forwarded-Proto",
  "X-Forwarded-Server",
  "X-Forwarded-Uri",
  "X-Forwarded-Method",
  "X-Forwarded-Prefix",
  "X-Forwarded-Tls-Client-Cert",
  "X-Forwarded-Tls-Client-Cert-Info",
  "X-Real-Ip",
];
const OWN = {
  "x-real-ip": "192.0.2.7",
  "x-forwarded-proto": "http",
  "x-forwarded-port": "80",
  "x-forwarded-host": "example.com",
  "x-forwarded-server": "edge-1",
};

describe("what an untrusted peer sent", () => {
  test("a typical request gets the five of its own", () => {
    expect(
      run({
        headers: [
          ["Host", "example.com"],
          ["X-Requested-With", "fetch"],
        ],
      }),
    ).toEqual({
      host: "example.com",
      "x-requested-with": "fetch",
      ...OWN,
    });
  });

  for (const name of MANAGED) {
    for (const spelling of [
      name,
      name.toLowerCase(),
      name.toUpperCase(),
      name.replaceAll("-", "_"),
      name.replace("-", "_").toLowerCase(),
    ]) {
      test(`${spelling} goes`, () => {
        const headers = [
          ["Accept", "*/*"],
          [spelling, "forged"],
          [spelling, "twice"],
        ] as const;
        expect(run({ headers })).toEqual({ accept: "*/*", ...OWN });
      });
    }
  }

  test("Forwarded and other X- fields stay", () => {
    const headers = [
      ["Forwarded", "for=1.2.3.4"],
      ["X_Forwarded_Foo", "x"],
      ["X-Forwarded-Ssl", "on"],
    ] as const;
    expect(run({ headers })).toMatchObject({
      forwarded: "for=1.2.3.4",
      x_forwarded_foo: "x",
      "x-forwarded-ssl": "on",
    });
  });

  test("whatever the spelling, no managed value survives", () => {
    const spelling = fc
      .constantFrom(...MANAGED)
      .chain((name) =>
        fc
          .tuple(
            ...[...name].map((c) =>
              c === "-"
                ? fc.constantFrom("-", "_")
                : fc.constantFrom(c.toLowerCase(), c.toUpperCase()),
            ),
          )
          .map((cs) => cs.join("")),
      );
    fc.assert(
      fc.property(spelling, (name) => {
        expect(run({ headers: [[name, "forged"]] })).toEqual(OWN);
      }),
    );
  });
});

describe("what a trusted peer sent", () => {
  const headers = [
    ["X-Forwarded-For", "203.0.113.9"],
    ["X-Forwarded-For", "198.51.100.2"],
    ["X-Forwarded-Proto", "https"],
    ["X-Forwarded-Host", "www.example.org"],
    ["X-Real-Ip", "203.0.113.9"],
    ["X-Forwarded-Server", "edge-0"],
    ["X_Forwarded_For", "gone"],
  ] as const;
  const expected = {
    "x-forwarded-for": "203.0.113.9, 198.51.100.2",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "www.example.org",
    "x-forwarded-port": "443",
    "x-real-ip": "203.0.113.9",
    "x-forwarded-server": "edge-1",
  };
  test("insecure trusts everybody, but not with other spellings", () =>
    expect(run({ headers }, INSECURE)).toEqual(expected));
  test("trustedIPs: inside", () => {
    expect(run({ headers }, { ...DEFAULTS, trustedIPs: ["10.0.0.0/8", "192.0.2.0/24"] })).toEqual(
      expected,
    );
  });
  test("trustedIPs: outside", () => {
    expect(run({ headers }, { ...DEFAULTS, trustedIPs: ["10.0.0.0/8"] })).toEqual(OWN);
  });
  test("trustedIPs that are none stop the start", () => {
    const { request, lazy, exchange } = makeRequest({});
    forwardedHeaders({ ...DEFAULTS, notAppendXForwardedFor: true })(() => new Response())(
      request,
      exchange,
    );
    expect(lazy.forwardPeer).toBe(false);
    expect(() => forwardedHeaders({ ...DEFAULTS, trustedIPs: ["foobar"] })).toThrow('"foobar"');
  });
  test("empty values count as missing", () => {
    const empty = ["X-Real-Ip", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Host"].map(
      (name) => [name, ""] as const,
    );
    expect(run({ headers: empty }, INSECURE)).toEqual(OWN);
  });
});

describe("X-Forwarded-Port", () => {
  const cases: [made: MadeRequest, port: string][] = [
    [{ host: "example.com" }, "80"],
    [{ host: "example.com", tls: TLS }, "443"],
    [{ host: "example.com:8080" }, "8080"],
    [{ host: "example.com:8443", tls: TLS }, "8443"],
    [{ host: "[::1]:81" }, "81"],
    [{ host: "[::1]" }, "80"],
    [{ host: "::1" }, "80"],
    [{ host: "example.com:" }, "80"],
    [{ host: "", tls: TLS }, "443"],
    [{ headers: [["X-Forwarded-Proto", "wss"]] }, "443"],
    [{ headers: [["X-Forwarded-Port", "1234"]], host: "a:1" }, "1234"],
  ];
  for (const [made, port] of cases) {
    test(JSON.stringify(made), () => expect(run(made, INSECURE)["x-forwarded-port"]).toBe(port));
  }
});

describe("X-Forwarded-Proto", () => {
  const webSocket = [
    ["Connection", "keep-alive, Upgrade"],
    ["Upgrade", "WebSocket"],
  ] as const;
  test("http and https", () => {
    expect(run({})["x-forwarded-proto"]).toBe("http");
    expect(run({ tls: TLS })["x-forwarded-proto"]).toBe("https");
  });
  test("ws and wss for a WebSocket handshake", () => {
    expect(run({ headers: webSocket })["x-forwarded-proto"]).toBe("ws");
    expect(run({ headers: webSocket, tls: TLS })).toMatchObject({
      "x-forwarded-proto": "wss",
      "x-forwarded-port": "443",
    });
  });
  test("another upgrade, or one that Connection doesn't name, is none", () => {
    expect(
      run({
        headers: [
          ["Connection", "upgrade"],
          ["Upgrade", "foo"],
        ],
      })["x-forwarded-proto"],
    ).toBe("http");
    expect(run({ headers: [["Upgrade", "websocket"]] })["x-forwarded-proto"]).toBe("http");
  });
});

test("without host and server name there are no such headers", () => {
  const seen = run({ host: "" }, { ...DEFAULTS, serverName: "" });
  expect(Object.keys(seen).sort()).toEqual(["x-forwarded-port", "x-forwarded-proto", "x-real-ip"]);
});

describe("Connection", () => {
  const connection = (
    value: string,
    more: readonly (readonly [string, string])[],
    options = DEFAULTS,
  ) => {
    const seen = run({ headers: [["Connection", value], ...more] }, options);
    for (const name of Object.keys(OWN)) delete seen[name];
    return seen;
  };

  test("names fields that go", () => {
    expect(
      connection("close, X-Foo,,  x-bar , Authorization", [
        ["X-Foo", "1"],
        ["X-Foo", "2"],
        ["X-Bar", "3"],
        ["authorization", "x"],
        ["Accept", "a"],
      ]),
    ).toEqual({ accept: "a" });
  });
  test("names no managed field, in any spelling", () => {
    const seen = run(
      {
        headers: [
          ["Connection", "X-Forwarded-For, x_real_ip, X-Real-Ip"],
          ["X-Forwarded-For", "203.0.113.9"],
          ["X_Real_Ip", "1"],
        ],
      },
      INSECURE,
    );
    expect(seen).toEqual({ ...OWN, "x-forwarded-for": "203.0.113.9" });
  });
  test("names no field that frames or routes the message", () => {
    const more = [
      ["Host", "example.com"],
      ["Content-Length", "0"],
    ] as const;
    expect(connection("Host, Content-Length, Connection", more)).toEqual({
      host: "example.com",
      "content-length": "0",
    });
  });
  test("what forwardedHeaders.connection lists passes through the middlewares, then goes", () => {
    const { request, exchange, lazy } = makeRequest({
      headers: [
        ["Connection", "X-Foo, X-Bar"],
        ["x-foo", "1"],
        ["x-bar", "2"],
      ],
    });
    forwardedHeaders({ ...DEFAULTS, connection: ["X-FOO"] })(() => new Response())(
      request,
      exchange,
    );
    expect(lazy.headerList.first("connection")).toBe("X-Foo");
    expect(lazy.headerList.first("x-foo")).toBe("1");
    expect(lazy.headerList.has("x-bar")).toBe(false);
    removeNamedByConnection(lazy.headerList);
    expect(lazy.headerList.has("x-foo")).toBe(false);
    expect(lazy.headerList.first("x-real-ip")).toBe("192.0.2.7");
  });
  test("Upgrade survives where Connection names it", () => {
    expect(
      connection("keep-alive, upgrade, X-Foo", [
        ["Upgrade", "foo"],
        ["X-Foo", "1"],
        ["Keep-Alive", "5"],
      ]),
    ).toEqual({ connection: "Upgrade", upgrade: "foo" });
    expect(connection("upgrade", [])).toEqual({});
  });
  test("several field lines are one list", () => {
    expect(
      connection("X-Foo", [
        ["Connection", "X-Bar"],
        ["X-Foo", "1"],
        ["X-Bar", "2"],
      ]),
    ).toEqual({});
  });
});
