import { expect, test } from "bun:test";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import { nomadProviders } from "../../../../src/providers/nomad/nomad-factory.ts";
import { runProvider } from "../provider-scene.ts";

interface Registration {
  ID: string;
  ServiceName: string;
  Address: string;
  Port: number;
  Tags: string[];
}

/** Stands for Nomad's API as its documentation has it ("Services"): no server can be had for the tests. */
function startNomad() {
  let registrations: Registration[] = [];
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      asked.push(pathname + search);
      if (request.headers.get("x-nomad-token") !== "secret")
        return new Response("Permission denied", { status: 403 });
      if (pathname === "/v1/services") {
        const Services = registrations.map(({ ServiceName, Tags }) => ({ ServiceName, Tags }));
        return Response.json(Services.length === 0 ? [] : [{ Namespace: "default", Services }]);
      }
      const name = decodeURIComponent(pathname.replace("/v1/service/", ""));
      return Response.json(registrations.filter(({ ServiceName }) => ServiceName === name));
    },
  });
  return {
    asked,
    address: server.url.origin,
    register: (...all: Registration[]) => {
      registrations = all;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}

const job = (ID: string, ServiceName: string, Port: number, ...Tags: string[]) => ({
  ID,
  ServiceName,
  Address: "10.0.0.5",
  Port,
  Tags,
});

test("Nomad's services are followed, by their tags", async () => {
  using nomad = startNomad();
  nomad.register(job("1", "web_app", 80, "traefik.enable=true"), job("2", "other", 81));
  const { providers } = staticSchema.parse({
    providers: {
      nomad: {
        endpoint: { address: nomad.address, token: "secret", region: "eu" },
        exposedByDefault: false,
        refreshInterval: "50ms",
        namespaces: ["dev"],
      },
    },
  });
  using running = await runProvider((context) => {
    const [provider] = nomadProviders(providers.nomad!, context);
    expect(provider.name).toBe("nomad-dev");
    return provider;
  });
  await running.servers("web-app", "http://10.0.0.5:80");
  expect(Object.keys(running.configuration?.http?.services ?? {})).toEqual(["web-app"]);
  expect(nomad.asked).toContain("/v1/services?namespace=dev&region=eu");
  nomad.register(
    job("1", "web_app", 80, "traefik.enable=true"),
    job("3", "web_app", 82, "traefik.enable=true"),
    job("4", "bad", 83, "traefik.enable=true", "traefik.http.routers.x.rulle=y"),
  );
  await running.servers("web-app", "http://10.0.0.5:80", "http://10.0.0.5:82");
  expect(running.lines.join()).toContain('unknown key "rulle"');
});
