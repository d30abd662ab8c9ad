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
  let jobs: Record<string, unknown>[] = [];
  const asked: string[] = [];
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const send = (text: string) => {
    for (const stream of streams) stream.enqueue(new TextEncoder().encode(text));
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      asked.push(pathname + search);
      if (request.headers.get("x-nomad-token") !== "secret")
        return new Response("Permission denied", { status: 403 });
      if (pathname === "/v1/services") {
        const Services = registrations.map(({ ServiceName, Tags }) => ({ ServiceName, Tags }));
        return Response.json(Services.length === 0 ? [] : [{ Namespace: "default", Services }]);
      }
      if (pathname === "/v1/jobs")
        return Response.json(jobs.map(({ ID, JobModifyIndex }) => ({ ID, JobModifyIndex })));
      if (pathname.startsWith("/v1/job/"))
        return Response.json(jobs.find(({ ID }) => `/v1/job/${ID}` === pathname));
      if (pathname === "/v1/event/stream") {
        let own: ReadableStreamDefaultController<Uint8Array>;
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            own = controller;
            streams.add(own);
            own.enqueue(new TextEncoder().encode("{}\n"));
          },
          cancel: () => void streams.delete(own),
        });
        return new Response(body, { headers: { "Content-Type": "application/json" } });
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
    run: (...all: Record<string, unknown>[]) => {
      jobs = all;
    },
    event: (text = '{"Index":7,"Events":[{"Topic":"Service","Type":"ServiceRegistration"}]}\n') =>
      send(text),
    cut: () => {
      for (const stream of streams) stream.close();
      streams.clear();
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

const configured = (address: string, options: object) =>
  staticSchema.parse({
    providers: { nomad: { endpoint: { address, token: "secret" }, ...options } },
  }).providers.nomad!;

test("Nomad's events say when to look, a burst of them once, and a cut is mended", async () => {
  using nomad = startNomad();
  nomad.register(job("1", "web", 80));
  // It would never look by itself.
  const options = configured(nomad.address, { watch: true, refreshInterval: "1h" });
  using running = await runProvider((context) => nomadProviders(options, context)[0]);
  await running.servers("web", "http://10.0.0.5:80");
  expect(nomad.asked[0]).toBe("/v1/event/stream?topic=Service");
  nomad.register(job("1", "web", 80), job("2", "web", 81));
  nomad.event("{}\n");
  nomad.event();
  await running.servers("web", "http://10.0.0.5:80", "http://10.0.0.5:81");
  const looks = () => nomad.asked.filter((path) => path === "/v1/services").length;
  const before = looks();
  nomad.register(job("3", "web", 82));
  for (let i = 0; i < 500; i++) nomad.event();
  await running.servers("web", "http://10.0.0.5:82");
  expect(looks() - before).toBeLessThan(20);
  nomad.cut();
  nomad.register(job("4", "web", 83));
  await running.servers("web", "http://10.0.0.5:83");
});

test("services that are scaled to none are there without servers, where that is asked for", async () => {
  using nomad = startNomad();
  const service = { Name: "asleep", TaskName: "task", Tags: ["traefik.enable=true"] };
  const group = (Count: number, Enabled = true) => ({
    Name: "group",
    Count,
    Scaling: { Enabled },
    Services: [service],
    Tasks: [{ Services: [{ Name: "of-the-task", Tags: [] }] }],
  });
  nomad.run(
    { ID: "a", JobModifyIndex: 5, TaskGroups: [group(0)] },
    {
      ID: "b",
      JobModifyIndex: 6,
      TaskGroups: [{ ...group(0, false), Services: null, Tasks: null }],
    },
  );
  nomad.register(job("1", "awake", 80));
  const options = configured(nomad.address, { allowEmptyServices: true, refreshInterval: "20ms" });
  using running = await runProvider((context) => nomadProviders(options, context)[0]);
  await running.servers("awake", "http://10.0.0.5:80");
  await running.servers("asleep");
  await running.servers("of-the-task");
  // A job that stays the same is asked for once.
  expect(nomad.asked.filter((path) => path === "/v1/job/a")).toHaveLength(1);
  nomad.run({ ID: "a", JobModifyIndex: 7, TaskGroups: [group(1)] });
  nomad.register(job("1", "awake", 80), job("2", "asleep", 81));
  await running.servers("asleep", "http://10.0.0.5:81");
});
