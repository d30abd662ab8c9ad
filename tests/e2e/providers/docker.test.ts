import { describe, expect } from "bun:test";
import { get } from "../../support/http/get.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { DOCKER_IMAGE, serve, startDocker } from "../../support/servers/docker-server.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { UnixRelay } from "../../support/sockets/unix-relay.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("dockerd", "docker", "busybox");

/** An engine takes seconds to start, and starts several times. Milliseconds. */
const LONG = 180_000;

const FILE = "http: {routers: {file: {rule: Path(`/file`), service: whoami@internal}}}\n";

const routerWith = (provider: string) => startRouter({ dynamic: FILE, providers: `  ${provider}` });

const host = (router: Router, name: string) =>
  get(router.port, "/", [`Host: ${name}`]).then(
    ({ status, body }) => `${status} ${new TextDecoder().decode(body).trim()}`,
  );
const answers = (router: Router, name: string, expected: string) =>
  waitFor(`${name} to answer ${expected}`, async () => (await host(router, name)) === expected);

const port = (name: string, value: number) =>
  `traefik.http.services.${name}.loadbalancer.server.port=${value}`;

describe("the Docker provider", () => {
  test(
    "follows containers from their start to their end",
    async () => {
      await using engine = await startDocker();
      await using router = await routerWith(
        `docker: {endpoint: "unix://${engine.socket}", exposedByDefault: false}`,
      );
      const [first, second] = [await freePort(), await freePort()];
      await engine.run("my_app", first, "traefik.enable=true", port("app", first));
      await answers(router, "my-app", "200 my_app");
      await engine.run("hidden", second, port("hidden", second));
      await engine.run(
        "ruled",
        await freePort(),
        "traefik.enable=true",
        "traefik.http.routers.r.rule=Host(`ruled.test`) || Host(`also.test`)",
        "traefik.http.routers.r.entrypoints=web",
        port("ruled", second),
      );
      await answers(router, "ruled.test", "200 hidden");
      expect(await host(router, "hidden")).toStartWith("404");

      // A wrong label costs its container alone.
      await engine.run(
        "wrong",
        await freePort(),
        "traefik.enable=true",
        "traefik.http.routers.w.rulle=x",
        port("w", 1),
      );
      await router.program.logged(/container=wrong.*unknown key .*rulle/);
      expect(await host(router, "my-app")).toBe("200 my_app");

      await engine.docker("rm", "--force", "my_app");
      await waitFor("my-app to be gone", async () =>
        (await host(router, "my-app")).startsWith("404"),
      );
      expect(await host(router, "ruled.test")).toBe("200 hidden");
    },
    LONG,
  );

  test(
    "starts without an engine, and keeps what it had while the engine is away",
    async () => {
      await using engine = await startDocker();
      using relay = new UnixRelay(`${engine.socket}.relay`, engine.socket);
      const value = await freePort();
      const rule = "traefik.http.routers.a.rule=Host(`a.test`)";
      await engine.run("app", value, port("app", value), rule);
      await using router = await routerWith(`docker: {endpoint: "unix://${relay.path}"}`);
      expect((await get(router.port, "/file")).status).toBe(200);
      await router.program.logged("the connection to the Docker engine");
      await relay.open();
      await answers(router, "a.test", "200 app");

      relay.cut();
      await router.program.logged(/(Lost[\s\S]*){2}/);
      expect(await host(router, "a.test")).toBe("200 app");
      // What happens meanwhile is found out afterwards.
      const other = await freePort();
      await engine.run("other", other, port("other", other));
      await relay.open();
      await answers(router, "other", "200 other");
      expect(await host(router, "a.test")).toBe("200 app");
      expect(await router.program.stop()).toBe(0);
    },
    LONG,
  );
});

describe("the Swarm provider", () => {
  test(
    "follows services and their tasks",
    async () => {
      await using engine = await startDocker();
      await engine.docker(
        "swarm",
        "init",
        "--advertise-addr",
        "127.0.0.1",
        "--listen-addr",
        `127.0.0.1:${await freePort()}`,
      );
      await using router = await routerWith(
        `swarm: {endpoint: "unix://${engine.socket}", refreshSeconds: 1}`,
      );
      const value = await freePort();
      await engine.docker(
        ...["service", "create", "--detach", "--name", "web", "--network", "host"],
        ...[
          "--label",
          "traefik.http.routers.web.rule=Host(`web.test`)",
          "--label",
          port("web", value),
        ],
        DOCKER_IMAGE,
        ...serve("task", value),
      );
      await answers(router, "web.test", "200 task");
      await engine.docker("service", "rm", "web");
      await waitFor("web.test to be gone", async () =>
        (await host(router, "web.test")).startsWith("404"),
      );
    },
    LONG,
  );
});
