import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { makeCertificate } from "../../support/certificates.ts";
import { servers, type TcpGiven, TcpScene } from "./tcp-scene.ts";

/** A scene whose router has service "s@file". */
async function scene(given: TcpGiven, files?: Record<string, string>): Promise<TcpScene> {
  const made = new TcpScene(files);
  await made.compile({ routers: { "r@file": {} }, ...given });
  return made;
}

describe("servers", () => {
  test("take turns", async () => {
    const made = await scene({
      services: { "s@file": servers("192.0.2.1:80", "[2001:db8::1]:81", "db.test:82") },
    });
    expect(made.targets(4)).toEqual([
      "192.0.2.1 80",
      "2001:db8::1 81",
      "db.test 82",
      "192.0.2.1 80",
    ]);
  });

  test("have the serversTransport of their provider, or of the one it names", async () => {
    const made = await scene({
      services: {
        "s@file": { loadBalancer: { ...servers("a.test:1").loadBalancer, serversTransport: "t" } },
      },
      serversTransports: { "t@file": { proxyProtocol: { version: 1 } }, "t@http": {} },
    });
    const header = () => made.connect().dial.options.preface;
    expect(new TextDecoder().decode(header())).toStartWith("PROXY TCP4 192.0.2.7 ");
    await made.compile({
      routers: { "r@file": {} },
      services: {
        "s@file": {
          loadBalancer: { ...servers("a.test:1").loadBalancer, serversTransport: "t@http" },
        },
      },
      serversTransports: { "t@file": { proxyProtocol: { version: 1 } }, "t@http": {} },
    });
    expect(header()).toBeUndefined();
  });

  test("have their service's own proxyProtocol only where no serversTransport is named, as with Traefik", async () => {
    const loadBalancer = { ...servers("a.test:1").loadBalancer, proxyProtocol: { version: 2 } };
    const own = await scene({ services: { "s@file": { loadBalancer } } });
    expect(own.connect().dial.options.preface).toHaveLength(28);
    const named = await scene({
      services: { "s@file": { loadBalancer: { ...loadBalancer, serversTransport: "t" } } },
      serversTransports: { "t@file": {} },
    });
    expect(named.connect().dial.options.preface).toBeUndefined();
  });
});

test("the default transport is for those that name none, or name it", async () => {
  const made = new TcpScene();
  made.defaultTransport = { proxyProtocol: { version: 2 }, tls: { insecureSkipVerify: true } };
  const secured = { servers: [{ address: "a.test:1", tls: true }] };
  for (const loadBalancer of [
    secured,
    { ...secured, serversTransport: "default@internal" },
    { ...secured, serversTransport: "own" },
  ]) {
    await made.compile({
      routers: { "r@file": {} },
      services: { "s@file": { loadBalancer } },
      serversTransports: { "own@file": {} },
    });
    expect(made.connect().dial.options.tls).toBeDefined();
  }
  expect(made.problems).toEqual({});
  expect(made.contexts.map(({ verify }) => verify)).toEqual([false, false, true]);
});

describe("TLS to servers", () => {
  const ca = makeCertificate({ name: "CA", ca: true });
  const client = makeCertificate({ name: "client", issuer: ca });
  const other = makeCertificate({ name: "other", issuer: ca });
  const files = { "ca.pem": ca.certificate, "c.pem": client.certificate, "c.key": client.key };
  const service = { loadBalancer: { servers: [{ address: "db.test:1", tls: true }] } };
  const named = { "s@file": { loadBalancer: { ...service.loadBalancer, serversTransport: "t" } } };
  const withTls = (tls: object): TcpGiven => ({
    services: named,
    serversTransports: { "t@file": { tls } },
  });

  test("checks the server's own name against the system's authorities where nothing is said", async () => {
    const made = await scene({ services: { "s@file": service } });
    expect(made.connect().dial.options.tls).toEqual({
      context: { role: "client" },
      serverName: "db.test",
    });
    expect(made.contexts).toEqual([
      { rootCAs: undefined, keyPair: undefined, verify: true, peerUri: undefined, alpn: [] },
    ]);
  });

  test("has the transport's keys", async () => {
    const made = await scene(
      withTls({
        serverName: "name.test",
        rootCAs: ["ca.pem"],
        certificates: [{ certFile: "c.pem", keyFile: "c.key" }],
      }),
      files,
    );
    expect(made.connect().dial.options.tls?.serverName).toBe("name.test");
    const [{ rootCAs, keyPair, verify }] = made.contexts;
    expect([rootCAs, verify]).toEqual([[ca.certificate], true]);
    expect(keyPair?.certificate).toBe(client.certificate);
  });

  test("insecureSkipVerify takes any certificate, unless a URI is demanded of it", async () => {
    const any = await scene(withTls({ insecureSkipVerify: true }));
    expect(any.contexts[0].verify).toBe(false);
    const some = await scene(withTls({ insecureSkipVerify: true, peerCertURI: "spiffe://a/b" }));
    expect(some.contexts[0]).toMatchObject({ verify: true, peerUri: "spiffe://a/b" });
  });

  test("is only of those that have it", async () => {
    const made = await scene({
      services: {
        "s@file": {
          loadBalancer: { servers: [{ address: "a.test:1" }, { address: "b.test:1", tls: true }] },
        },
      },
    });
    expect(made.connect().dial.options.tls).toBeUndefined();
    expect(made.connect().dial.options.tls?.serverName).toBe("b.test");
  });

  test("files that can't be used disable the service that needs them, by name", async () => {
    const broken: [object, string][] = [
      [{ rootCAs: ["gone.pem"] }, 'serversTransport: rootCAs[0]: there is no file "gone.pem"'],
      [{ rootCAs: ["ca.pem", "c.key"] }, "serversTransport: rootCAs[1]: expected certificates"],
      [
        { certificates: [{ certFile: "c.pem", keyFile: "ca.pem" }] },
        "serversTransport: certificates[0]: expected a private key",
      ],
    ];
    for (const [tls, message] of broken) {
      const made = await scene(withTls(tls), files);
      expect(made.problems["tcpService s@file"]).toContain(message);
      expect(made.problems["tcpRouter r@file"]).toContain(message);
      // No server is spoken TLS to with such a transport: nothing is read.
      const plain = await scene(
        {
          services: {
            "s@file": {
              loadBalancer: { ...servers("a.test:1").loadBalancer, serversTransport: "t" },
            },
          },
          serversTransports: { "t@file": { tls } },
        },
        files,
      );
      expect(plain.problems).toEqual({});
    }
  });

  test("a file with another content makes another service on the next reload", async () => {
    const given = {
      routers: { "r@file": {} },
      ...withTls({ certificates: [{ certFile: "c.pem", keyFile: "c.key" }] }),
    };
    const made = await scene(given, files);
    const before = made.graph!.services.get("s@file");
    await made.compile(given);
    expect(made.graph!.services.get("s@file")).toBe(before!);
    expect(made.contexts).toHaveLength(1);
    made.files.texts.set("c.pem", other.certificate);
    made.files.texts.set("c.key", other.key);
    await made.compile(given);
    expect(made.graph!.services.get("s@file")).not.toBe(before!);
    expect(made.contexts[1].keyPair?.certificate).toBe(other.certificate);
  });
});

describe("weighted services", () => {
  test("share connections out, in services of their own provider and of others", async () => {
    const made = await scene({
      services: {
        "s@file": { weighted: { services: [{ name: "a", weight: 3 }, { name: "b@http" }] } },
        "a@file": servers("a.test:1", "aa.test:1"),
        "b@http": servers("b.test:1"),
      },
    });
    const given = made.targets(8).sort();
    expect(given).toEqual([
      ...Array(3).fill("a.test 1"),
      ...Array(3).fill("aa.test 1"),
      "b.test 1",
      "b.test 1",
    ]);
  });

  test("that contain themselves, or what is wrong, are wrong, and leave the rest", async () => {
    const made = await scene({
      routers: { "r@file": { service: "good@file" } },
      services: {
        "none@file": {},
        "both@file": { ...servers("a.test:1"), weighted: { services: [] } },
        "round@file": { weighted: { services: [{ name: "about" }] } },
        "about@file": { weighted: { services: [{ name: "round" }] } },
        "lost@file": { weighted: { services: [{ name: "good" }, { name: "nowhere" }] } },
        "transport@file": {
          loadBalancer: { ...servers("a.test:1").loadBalancer, serversTransport: "nowhere" },
        },
        "good@file": servers("a.test:1"),
      },
    });
    const round = 'TCP service "round@file": recursion: round@file -> about@file -> round@file';
    expect(made.problems).toEqual({
      "tcpService none@file": 'TCP service "none@file": expected exactly one type, found none',
      "tcpService both@file":
        'TCP service "both@file": expected exactly one type, found loadBalancer, weighted',
      "tcpService round@file": round,
      "tcpService about@file": round,
      "tcpService lost@file": 'the TCP service "nowhere@file" does not exist',
      "tcpService transport@file": 'the TCP serversTransport "nowhere@file" does not exist',
    });
    expect(made.targets(1)).toEqual(["a.test 1"]);
  });
});

describe("a reload", () => {
  test("that doesn't change a service leaves it its turn; one that changes a child doesn't", async () => {
    const services = {
      "s@file": { weighted: { services: [{ name: "a" }] } },
      "a@file": servers("a.test:1", "b.test:1"),
    };
    const made = await scene({ services });
    expect(made.targets(1)).toEqual(["a.test 1"]);
    await made.compile({
      routers: { "r@file": {} },
      services: { ...services, "x@file": servers("x.test:1") },
    });
    expect(made.targets(1)).toEqual(["b.test 1"]);
    await made.compile({
      routers: { "r@file": {} },
      services: { ...services, "a@file": servers("c.test:1", "d.test:1") },
    });
    expect(made.targets(2)).toEqual(["c.test 1", "d.test 1"]);
  });
});

describe("health checks", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const checked = (...addresses: string[]) => ({
    loadBalancer: {
      servers: addresses.map((address) => ({ address })),
      healthCheck: { interval: "10s", timeout: "1s" },
    },
  });

  /** Answers all dials that have come since the last call: those to these hosts with a failure. */
  function answerer(made: TcpScene) {
    let seen = 0;
    return async (...down: string[]) => {
      jest.advanceTimersByTime(10_000);
      const dials = made.dialler.dials.slice(seen);
      for (const dial of dials) {
        if (down.includes(dial.options.hostname)) dial.fails();
        else dial.connects();
      }
      for (let i = 0; i < 10; i++) await Promise.resolve();
      seen = made.dialler.dials.length;
      return dials.length;
    };
  }

  test("take servers out, and parents that ask for it out of their parents", async () => {
    const made = await scene({
      services: {
        "s@file": {
          weighted: { services: [{ name: "a" }, { name: "b" }], healthCheck: {} },
        },
        "a@file": checked("a.test:1", "aa.test:1"),
        "b@file": checked("b.test:1"),
      },
    });
    const check = answerer(made);
    expect(await check("a.test")).toBe(3);
    expect(made.targets(4).sort()).toEqual(["aa.test 1", "aa.test 1", "b.test 1", "b.test 1"]);
    await check("a.test", "aa.test");
    expect(made.targets(2)).toEqual(["b.test 1", "b.test 1"]);
    await check("a.test", "aa.test", "b.test");
    expect(made.targets(1)).toEqual(["nobody"]);
    await check("a.test", "aa.test");
    expect(made.targets(1)).toEqual(["b.test 1"]);
  });

  test("a parent whose child nobody checks is wrong", async () => {
    const made = await scene({
      services: {
        "s@file": { weighted: { services: [{ name: "a" }, { name: "b" }], healthCheck: {} } },
        "a@file": checked("a.test:1"),
        "b@file": servers("b.test:1"),
      },
    });
    expect(made.problems["tcpService s@file"]).toBe(
      "cannot register b as updater for s@file: healthCheck not enabled in config for this service",
    );
  });

  test("outlast a reload that doesn't change the service, and end with one that does", async () => {
    const services = { "s@file": checked("a.test:1", "b.test:1") };
    const made = await scene({ services });
    const check = answerer(made);
    await check("a.test");
    await made.compile({ routers: { "r@file": {} }, services });
    expect(made.targets(2)).toEqual(["b.test 1", "b.test 1"]);
    await check("a.test");
    await made.compile({ routers: { "r@file": {} }, services: { "s@file": checked("c.test:1") } });
    const before = made.dialler.dials.length;
    jest.advanceTimersByTime(10_000);
    const later = made.dialler.dials.slice(before).map(({ options }) => options.hostname);
    expect(later).toEqual(["c.test"]);
  });

  test("a parent that is made anew knows which child is down already", async () => {
    const services = (weight: number) => ({
      "s@file": { weighted: { services: [{ name: "a", weight }, { name: "b" }], healthCheck: {} } },
      "a@file": checked("a.test:1"),
      "b@file": checked("b.test:1"),
    });
    const made = await scene({ services: services(1) });
    await answerer(made)("a.test");
    await made.compile({ routers: { "r@file": {} }, services: services(5) });
    expect(made.targets(3)).toEqual(["b.test 1", "b.test 1", "b.test 1"]);
  });
});
