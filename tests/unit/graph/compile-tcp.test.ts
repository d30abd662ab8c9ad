import { describe, expect, test } from "bun:test";
import { servers, TcpScene } from "./tcp-scene.ts";

const passthrough = { passthrough: true, options: "default" };

describe("routers", () => {
  test("are those of their entrypoints, with TLS and without", async () => {
    const scene = new TcpScene();
    await scene.compile({
      routers: {
        "plain@file": { entryPoints: ["web", "other"] },
        "named@file": { rule: "HostSNI(`a.test`)", tls: passthrough },
      },
      services: { "s@file": servers("192.0.2.1:80") },
    });
    expect(scene.problems).toEqual({});
    expect(scene.graph?.routerCount).toBe(2);
    expect(scene.connect("web").router).toBe("plain@file");
    expect(scene.connect("other").router).toBe("plain@file");
    expect(scene.connect("web", "a.test").router).toBe("named@file");
    expect(scene.connect("web", "b.test").router).toBeUndefined();
    expect(scene.connect("other", "a.test").router).toBeUndefined();
  });

  test("with what is wrong are left out, and nobody else is", async () => {
    const scene = new TcpScene();
    scene.tlsProblems["broken@file"] = "the TLS options are broken";
    await scene.compile({
      routers: {
        "good@file": {},
        "unnamed@file": { service: "none@file" },
        "half@file": { rule: "HostSNI(`a.test`" },
        "http@file": { rule: "Host(`a.test`)" },
        "range@file": { rule: "ClientIP(`nonsense`)" },
        "expression@file": { rule: "HostSNIRegexp(`(`)" },
        "sni@file": { rule: "HostSNI(`a.test`)" },
        "list@file": { middlewares: ["missing@file"] },
        "broken-list@file": { middlewares: ["empty@file"] },
      },
      services: { "s@file": servers("192.0.2.1:80") },
      middlewares: { "empty@file": {} },
    });
    expect(scene.problems).toEqual({
      "tcpMiddleware empty@file":
        'TCP middleware "empty@file": expected exactly one kind, found none',
      "tcpRouter unnamed@file": 'the TCP service "none@file" does not exist',
      "tcpRouter half@file": expect.stringContaining(
        "expected , or ), found the end at column 17",
      ) as never,
      "tcpRouter http@file": expect.stringContaining('unknown matcher "Host"') as never,
      "tcpRouter range@file": expect.stringContaining("no IP address or CIDR range") as never,
      "tcpRouter expression@file": expect.stringContaining("missing closing )") as never,
      "tcpRouter sni@file":
        "the rule HostSNI(`a.test`) has a HostSNI matcher, but there is no TLS on the router",
      "tcpRouter list@file": 'the TCP middleware "missing@file" does not exist',
      "tcpRouter broken-list@file":
        'TCP middleware "empty@file": expected exactly one kind, found none',
    });
    expect(scene.graph?.routerCount).toBe(1);
    expect(scene.connect().router).toBe("good@file");
  });

  test("without TLS may say HostSNI(`*`), and of several names the first counts, as with Traefik", async () => {
    const scene = new TcpScene();
    await scene.compile({
      routers: {
        "any@file": { rule: "ClientIP(`192.0.2.0/24`) && HostSNI(`*`)" },
        "first@file": { rule: "HostSNI(`*`) || HostSNI(`a.test`)", entryPoints: ["other"] },
        "second@file": { rule: "HostSNI(`a.test`) || HostSNI(`*`)" },
        "expression@file": { rule: "HostSNIRegexp(`^$`)" },
      },
      services: { "s@file": servers("192.0.2.1:80") },
    });
    expect(Object.keys(scene.problems)).toEqual(["tcpRouter second@file"]);
    expect(scene.connect("other").router).toBe("first@file");
    expect(scene.connect().router).toBe("any@file");
    expect(scene.connect("web", null, "198.51.100.1").router).toBe("expression@file");
  });

  test("whose TLS options can't be used keep their connections from others", async () => {
    const scene = new TcpScene();
    scene.tlsProblems["broken@file"] = "no such options";
    await scene.compile({
      routers: {
        "broken@file": {
          rule: "HostSNI(`a.test`)",
          tls: { passthrough: false, options: "broken@file" },
        },
        // No options are asked for where TLS is passed through.
        "through@file": {
          rule: "HostSNI(`b.test`)",
          tls: { passthrough: true, options: "broken@file" },
        },
        "all@file": { tls: { passthrough: false, options: "default" } },
      },
      services: { "s@file": servers("192.0.2.1:80") },
    });
    expect(scene.problems).toEqual({ "tcpRouter broken@file": "no such options" });
    expect(scene.connect("web", "a.test").router).toBe("broken@file");
    expect(scene.connect("web", "b.test").router).toBe("through@file");
    expect(scene.connect("web", "c.test").router).toBe("all@file");
  });

  test("of the same name in two providers are two, and the provider's precedence decides", async () => {
    const scene = new TcpScene();
    await scene.compile({
      routers: {
        "r@http": { providerRank: 1, service: "s@http" },
        "r@file": { providerRank: 0 },
      },
      services: { "s@file": servers("192.0.2.1:80"), "s@http": servers("192.0.2.2:80") },
    });
    expect(scene.graph?.routerCount).toBe(2);
    expect(scene.targets(2)).toEqual(["192.0.2.1 80", "192.0.2.1 80"]);
  });
});

describe("middlewares", () => {
  test("are passed in the router's order", async () => {
    const scene = new TcpScene();
    await scene.compile({
      routers: { "r@file": { middlewares: ["list@file", "few@file"] } },
      services: { "s@file": servers("192.0.2.1:80") },
      middlewares: {
        "list@file": { ipAllowList: { sourceRange: ["192.0.2.0/24"] } },
        "few@file": { inFlightConn: { amount: 1 } },
      },
    });
    // Who isn't let in doesn't count.
    expect(scene.connect("web", null, "198.51.100.1").dial).toBeUndefined();
    const first = scene.connect();
    expect(first.dial).toBeDefined();
    const second = scene.connect();
    expect(second.dial).toBeUndefined();
    expect(second.accepted.connection.calls).toEqual(["close"]);
  });

  test("count for each router alone, and go on over a reload that doesn't change them", async () => {
    const scene = new TcpScene();
    const given = (amount: number) => ({
      routers: {
        "a@file": { middlewares: ["few@file"] },
        "b@file": { middlewares: ["few@file"], entryPoints: ["other"] },
      },
      services: { "s@file": servers("192.0.2.1:80") },
      middlewares: { "few@file": { inFlightConn: { amount } } },
    });
    await scene.compile(given(1));
    expect(scene.connect("web").dial).toBeDefined();
    expect(scene.connect("other").dial).toBeDefined();
    expect(scene.connect("web").dial).toBeUndefined();
    await scene.compile(given(1));
    expect(scene.connect("web").dial).toBeUndefined();
    await scene.compile(given(2));
    expect(scene.connect("web").dial).toBeDefined();
  });

  test("give room back when the server can't be reached, and when the client goes first", async () => {
    const scene = new TcpScene();
    await scene.compile({
      routers: { "r@file": { middlewares: ["few@file"] } },
      services: { "s@file": servers("192.0.2.1:80") },
      middlewares: { "few@file": { inFlightConn: { amount: 1 } } },
    });
    const ends = [
      ({ dial }: ReturnType<TcpScene["connect"]>) => dial.fails(),
      ({ accepted }: ReturnType<TcpScene["connect"]>) => accepted.connection.fail(),
      ({ accepted }: ReturnType<TcpScene["connect"]>) => accepted.cut(),
      ({ accepted, dial }: ReturnType<TcpScene["connect"]>) => {
        dial.connects().handler.end();
        accepted.connection.handler.end();
      },
      ({ dial }: ReturnType<TcpScene["connect"]>) => dial.connects().fail(new Error("reset")),
      ({ accepted, dial }: ReturnType<TcpScene["connect"]>) => {
        dial.connects();
        accepted.connection.fail(new Error("reset"));
      },
      ({ accepted, dial }: ReturnType<TcpScene["connect"]>) => {
        dial.connects();
        accepted.cut();
      },
    ];
    for (const end of ends) {
      const connection = scene.connect();
      expect(connection.dial).toBeDefined();
      end(connection);
      await Promise.resolve();
      expect(connection.accepted.over).toBe(1);
    }
    expect(scene.connect().dial).toBeDefined();
  });

  test("give room back where no server is up", async () => {
    const scene = new TcpScene();
    await scene.compile({
      routers: { "r@file": { middlewares: ["few@file"] } },
      services: { "s@file": servers() },
      middlewares: { "few@file": { inFlightConn: { amount: 1 } } },
    });
    for (let i = 0; i < 3; i++) expect(scene.connect().accepted.over).toBe(1);
  });
});
