import { describe, expect, test } from "bun:test";
import type { Logger, LogLevel } from "../../../../src/core/logger.ts";
import {
  type ContainerOptions,
  ContainerUnits,
} from "../../../../src/providers/docker/container-units.ts";
import {
  type ContainerInspection,
  containerFrom,
} from "../../../../src/providers/docker/docker-container.ts";
import { labelConstraint } from "../../../../src/providers/labels/constraint.ts";

/** A container as the engine describes it, running in one network. */
function inspection(
  name: string,
  labels: Record<string, string> = {},
  changes: Partial<ContainerInspection> = {},
): ContainerInspection {
  return {
    Id: `${name}-0123456789abcdef`,
    Name: `/${name}`,
    State: { Status: "running", Running: true },
    Config: { Labels: labels },
    HostConfig: { NetworkMode: "web" },
    NetworkSettings: {
      Networks: { web: { IPAddress: "172.18.0.2" } },
      Ports: { "8080/tcp": null, "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "32768" }] },
    },
    ...changes,
  };
}

/** Units, and what they logged. */
function scene(options: Partial<ContainerOptions> = {}) {
  const lines: string[] = [];
  const log =
    (level: LogLevel) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      lines.push(
        `${level} ${message}${fields["error"] === undefined ? "" : `: ${fields["error"]}`}`,
      );
    };
  const logger = {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    with: () => logger,
  } as unknown as Logger;
  const units = new ContainerUnits(
    {
      provider: "docker",
      exposedByDefault: true,
      allowEmptyServices: false,
      useBindPortIP: false,
      network: "",
      constraint: labelConstraint(""),
      defaultRule: ({ Name }) => `Host(\`${Name}\`)`,
      ...options,
    },
    logger,
  );
  const configure = (...inspections: ContainerInspection[]) => {
    const containers = inspections.map(containerFrom);
    return units.configuration(new Map(containers.map((one) => [one.id, one])), "10.9.8.7");
  };
  const servers = (...inspections: ContainerInspection[]) =>
    Object.fromEntries(
      Object.entries(configure(...inspections).http?.services ?? {}).map(([name, service]) => [
        name,
        service.loadBalancer?.servers?.map(({ url }) => url),
      ]),
    );
  return { configure, servers, lines };
}

const PORT = "traefik.http.services.s.loadbalancer.server.port";

describe("a container", () => {
  test("is a service at its lowest exposed port, and a router by its name", () => {
    const { configure, servers } = scene();
    expect(servers(inspection("my_app"))).toEqual({ "my-app": ["http://172.18.0.2:80"] });
    expect(configure(inspection("my_app")).http?.routers).toEqual({
      "my-app": { rule: "Host(`my-app`)", service: "my-app" },
    });
  });

  test("made by compose has its service's and its project's name", () => {
    const labels = { "com.docker.compose.project": "shop", "com.docker.compose.service": "web" };
    expect(scene().servers(inspection("shop-web-1", labels))).toEqual({
      "web-shop": ["http://172.18.0.2:80"],
    });
  });

  test("has the address of the network that its label or the provider names", () => {
    const networks = {
      NetworkSettings: {
        Networks: { a: { IPAddress: "10.0.0.1" }, b: { IPAddress: "10.0.0.2" } },
        Ports: { "80/tcp": null },
      },
    };
    const address = (labels: Record<string, string>, network: string) =>
      Object.values(scene({ network }).servers(inspection("x", labels, networks)));
    expect(address({}, "")).toEqual([["http://10.0.0.1:80"]]);
    expect(address({}, "b")).toEqual([["http://10.0.0.2:80"]]);
    expect(address({ "traefik.docker.network": "a" }, "b")).toEqual([["http://10.0.0.1:80"]]);
  });

  test("that is not in the named network is served in another, with a warning", () => {
    const { servers, lines } = scene({ network: "none" });
    expect(servers(inspection("x"))).toEqual({ x: ["http://172.18.0.2:80"] });
    expect(lines[0]).toContain('it is not in the network "none" (it is in web)');
  });

  test("in the host's network has the host's address", () => {
    const host = {
      HostConfig: { NetworkMode: "host" },
      NetworkSettings: { Networks: { host: {} } },
    };
    expect(scene().servers(inspection("x", { [PORT]: "9000" }, host))).toEqual({
      s: ["http://10.9.8.7:9000"],
    });
  });

  test("that shares another one's network has its address", () => {
    const shares = {
      HostConfig: { NetworkMode: "container:base-0123456789abcdef" },
      NetworkSettings: {},
    };
    const { servers } = scene();
    expect(servers(inspection("base"), inspection("x", { [PORT]: "9000" }, shares))["s"]).toEqual([
      "http://172.18.0.2:9000",
    ]);
  });

  test("that shares another one's network follows it to another address", () => {
    const shares = { HostConfig: { NetworkMode: "container:base" }, NetworkSettings: {} };
    const moved = { NetworkSettings: { Networks: { web: { IPAddress: "172.18.0.77" } } } };
    const { servers } = scene();
    const sharing = inspection("x", { [PORT]: "9000" }, shares);
    expect(servers(inspection("base"), sharing)["s"]).toEqual(["http://172.18.0.2:9000"]);
    expect(servers(inspection("base", {}, moved), sharing)["s"]).toEqual([
      "http://172.18.0.77:9000",
    ]);
  });

  test("with useBindPortIP has the host's address and port, if the binding has one", () => {
    const bound = (HostIp: string) => ({
      NetworkSettings: {
        Networks: { web: { IPAddress: "172.18.0.2" } },
        Ports: { "80/tcp": [{ HostIp, HostPort: "32768" }] },
      },
    });
    const { servers } = scene({ useBindPortIP: true });
    expect(servers(inspection("x", {}, bound("127.0.0.1")))).toEqual({
      x: ["http://127.0.0.1:32768"],
    });
    expect(servers(inspection("x", {}, bound("0.0.0.0")))).toEqual({ x: ["http://172.18.0.2:80"] });
  });

  const leftOut: [string, ContainerInspection, Partial<ContainerOptions>, string][] = [
    ["disabled by its label", inspection("x", { "traefik.enable": "false" }), {}, ""],
    ["not enabled where nothing is exposed", inspection("x"), { exposedByDefault: false }, ""],
    [
      "outside the constraints",
      inspection("x"),
      { constraint: labelConstraint("Label(`a`, `b`)") },
      "debug Left out by the provider's constraints",
    ],
    ["stopped", inspection("x", {}, { State: { Status: "exited", Running: false } }), {}, ""],
    [
      "starting",
      inspection("x", {}, { State: { Running: true, Health: { Status: "starting" } } }),
      {},
      "debug Left out: it is not healthy",
    ],
    [
      "without a port",
      inspection("x", {}, { NetworkSettings: { Networks: { web: { IPAddress: "1.2.3.4" } } } }),
      {},
      "port is missing",
    ],
    [
      "without an address",
      inspection("x", { [PORT]: "80" }, { NetworkSettings: { Networks: { none: {} } } }),
      {},
      "unable to find the IP address",
    ],
    [
      "with a wrong label",
      inspection("x", { "traefik.http.routers.r.rulle": "y" }),
      {},
      'unknown key "rulle", did you mean "rule"?',
    ],
    [
      "with a switch that is none",
      inspection("x", { "traefik.enable": "perhaps" }),
      {},
      'traefik.enable: expected true or false, found "perhaps"',
    ],
  ];
  test.each(leftOut)("%s is left out alone", (_, container, options, said) => {
    const { servers, lines } = scene(options);
    const other = inspection("other", { "traefik.enable": "true", a: "b" });
    expect(servers(container, other)).toEqual({ other: ["http://172.18.0.2:80"] });
    expect(lines.join("\n")).toContain(said);
  });

  test("that is not healthy stays without servers where empty services are allowed", () => {
    const sick = { State: { Running: true, Health: { Status: "unhealthy" } } };
    expect(scene({ allowEmptyServices: true }).servers(inspection("x", {}, sick))).toEqual({
      x: [],
    });
  });

  test("that is stopped stays without servers where its label says so", () => {
    const stopped = { State: { Status: "exited", Running: false } };
    const labels = { "traefik.docker.allownonrunning": "true" };
    expect(scene().servers(inspection("x", labels, stopped))).toEqual({ x: [] });
  });

  test("is complained about once, until it changes", () => {
    const { configure, lines } = scene();
    const wrong = inspection("x", { "traefik.http.routers.r.rulle": "y" });
    configure(wrong);
    configure(wrong, inspection("y"));
    expect(lines).toHaveLength(1);
    configure(inspection("x", { "traefik.http.routers.r.ruule": "y" }));
    expect(lines).toHaveLength(2);
  });
});
