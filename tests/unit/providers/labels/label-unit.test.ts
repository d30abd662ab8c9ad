import { describe, expect, test } from "bun:test";
import { type LabelUnit, unitConfiguration } from "../../../../src/providers/labels/label-unit.ts";

function unit(labels: Record<string, string>, changes: Partial<LabelUnit> = {}): LabelUnit {
  return {
    name: "my-app",
    labels,
    places: (port = "80") => [{ host: "10.0.0.2", port }],
    defaultRule: () => "Host(`my-app`)",
    ...changes,
  };
}

const configure = (labels: Record<string, string>, changes?: Partial<LabelUnit>) =>
  unitConfiguration(unit(labels, changes));

const P = "traefik.http.services.s.loadbalancer";

describe("a unit's configuration", () => {
  test("without labels is one router with the default rule and one service", () => {
    const { http, tcp } = configure({}).configuration;
    expect(http?.routers).toEqual({ "my-app": { rule: "Host(`my-app`)", service: "my-app" } });
    expect(http?.services?.["my-app"].loadBalancer?.servers).toEqual([
      { url: "http://10.0.0.2:80", preservePath: false },
    ]);
    expect(tcp).toBeUndefined();
  });

  test("has the port, the scheme and the weight that labels name", () => {
    const { http } = configure({
      [`${P}.server.port`]: "8443",
      [`${P}.server.scheme`]: "https",
      [`${P}.server.weight`]: "3",
      [`${P}.sticky.cookie.name`]: "c",
    }).configuration;
    const balancer = http?.services?.["s"].loadBalancer;
    expect(balancer?.servers).toEqual([
      { url: "https://10.0.0.2:8443", weight: 3, preservePath: false },
    ]);
    expect(balancer?.sticky).toEqual({ cookie: { name: "c" } });
    expect(http?.routers?.["my-app"].service).toBe("s");
  });

  test("has brackets around an IPv6 address", () => {
    const { http } = configure(
      {},
      { places: () => [{ host: "fd00::2", port: "80" }] },
    ).configuration;
    expect(http?.services?.["my-app"].loadBalancer?.servers?.[0].url).toBe("http://[fd00::2]:80");
  });

  test("takes a server's url instead of an address", () => {
    const places = () => {
      throw new Error("asked for an address");
    };
    const { http } = configure({ [`${P}.server.url`]: "http://there:1" }, { places }).configuration;
    expect(http?.services?.["s"].loadBalancer?.servers?.[0].url).toBe("http://there:1");
  });

  test("is for TCP alone where its labels are", () => {
    const { http, tcp } = configure({
      "traefik.tcp.routers.db.rule": "HostSNI(`*`)",
      "traefik.tcp.services.db.loadbalancer.server.port": "5432",
    }).configuration;
    expect(http).toEqual({});
    expect(tcp?.routers?.["db"].service).toBe("db");
    expect(tcp?.services?.["db"].loadBalancer?.servers).toEqual([
      expect.objectContaining({ address: "10.0.0.2:5432" }),
    ]);
  });

  test("is for UDP where its labels are, with the only service", () => {
    const { udp } = configure({ "traefik.udp.routers.dns.entrypoints": "dns" }).configuration;
    expect(udp?.routers?.["dns"]).toEqual({ entryPoints: ["dns"], service: "my-app" });
    expect(udp?.services?.["my-app"].loadBalancer?.servers).toEqual([{ address: "10.0.0.2:80" }]);
  });

  test("may have no servers", () => {
    const { http } = configure({}, { places: () => [] }).configuration;
    expect(http?.services?.["my-app"].loadBalancer?.servers).toEqual([]);
  });

  const leftOut: [string, Record<string, string>, string][] = [
    [
      "a router with the choice of several services",
      {
        "traefik.http.routers.r.rule": "Path(`/`)",
        "traefik.http.services.a.loadbalancer.server.port": "1",
        "traefik.http.services.b.loadbalancer.server.port": "2",
      },
      'the router "r" is left out: it names none of the services a, b',
    ],
    [
      "a router of TCP without a rule",
      { "traefik.tcp.routers.r.entrypoints": "db" },
      'the router "r" is left out: it has no rule',
    ],
  ];
  test.each(leftOut)("leaves out %s, and says so", (_, labels, problem) => {
    const { configuration, problems } = configure(labels);
    expect(problems).toEqual([problem]);
    expect({ ...configuration.http?.routers, ...configuration.tcp?.routers }).toEqual({});
  });

  test("has no router where there are several services and no router", () => {
    const { configuration, problems } = configure({
      "traefik.http.services.a.loadbalancer.server.port": "1",
      "traefik.http.services.b.loadbalancer.server.port": "2",
    });
    expect(configuration.http?.routers).toEqual({});
    expect(Object.keys(configuration.http?.services ?? {})).toEqual(["a", "b"]);
    expect(problems[0]).toContain("several services (a, b)");
  });

  const refused: [string, Record<string, string>, string][] = [
    [
      "an unknown key",
      { "traefik.http.routers.r.rulle": "x" },
      'traefik.http.routers.r.rulle: http.routers.r.rulle: unknown key "rulle", did you mean "rule"?',
    ],
    [
      "a value of the wrong kind",
      { [`${P}.passhostheader`]: "perhaps" },
      "traefik.http.services.s.loadbalancer.passhostheader",
    ],
    ["servers of others", { [`${P}.servers[0].url`]: "http://x" }, 'expected "server"'],
    [
      "code from a file",
      { "traefik.http.services.s.handler.module": "/etc/passwd" },
      "labels have no such key",
    ],
    [
      "code from a file, as a plugin",
      { "traefik.http.middlewares.m.plugin.x.module": "/etc/passwd" },
      "a plugin's module is taken from the file provider only",
    ],
    [
      "a url beside a port",
      { [`${P}.server.url`]: "http://x", [`${P}.server.port`]: "1" },
      "excludes its scheme and port",
    ],
  ];
  test.each(refused)("%s is refused", (_, labels, message) => {
    expect(() => configure(labels)).toThrow(message);
  });
});
