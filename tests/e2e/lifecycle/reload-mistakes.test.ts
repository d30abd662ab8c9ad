import { expect, test } from "bun:test";
import { get, getUntil } from "../../support/http/get.ts";
import { startProgram } from "../../support/program.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { greeter } from "../../support/sockets/tcp-scene.ts";
import { startUdpServer, UdpPeer } from "../../support/sockets/udp-peer.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";

const FAST = "  providersThrottleDuration: 0s\nlog: {level: INFO}";
const GOES_ON = /goes on as it last worked/;

const start = (dynamic: string) => startRouter({ static: FAST, dynamic });

/** The elements of a configuration with one router that has a service and a middleware of its own. */
interface Parts {
  readonly rule?: string;
  readonly service?: string;
  readonly middleware?: string;
  readonly more?: string;
}

const http = (url: string, parts: Parts) =>
  [
    "http:",
    "  routers:",
    `    r: {rule: ${parts.rule ?? "PathPrefix(`/`)"}, service: s, middlewares: [m]}`,
    ...(parts.more === undefined ? [] : [parts.more]),
    "  services:",
    `    s: ${parts.service ?? `{loadBalancer: {servers: [{url: "${url}"}]}}`}`,
    "  middlewares:",
    `    m: ${parts.middleware ?? "{headers: {customResponseHeaders: {X-Marked: yes}}}"}`,
    "",
  ].join("\n");

const marked = async (router: Router, target = "/") => {
  const { status, text, header } = await get(router.port, target);
  return `${status} ${text} ${header("x-marked")}`;
};

const mistakes: [what: string, parts: Parts, said: RegExp][] = [
  ["an unknown key of a service", { service: "{loadBalancer: {sevrers: []}}" }, /unknown key/],
  ["an unusable URL", { service: "{loadBalancer: {servers: [{url: 'ftp://x'}]}}" }, /scheme/],
  ["a child that is missing", { service: "{weighted: {services: [{name: x}]}}" }, /"x@file"/],
  ["a broken middleware", { middleware: "{headers: {}}" }, /no option is set/],
  ["an unknown middleware", { middleware: "{haeders: {}}" }, /unknown key/],
  ["a rule's syntax", { rule: "PathPrefix(`/`" }, /expected/],
];

test.each(mistakes)("%s at a reload takes nothing down, and is said", async (_, parts, said) => {
  await using upstream = startUpstream(answering(plain("up")));
  await using router = await start(http(upstream.url, {}));
  expect(await marked(router)).toBe("200 up yes");
  await router.reconfigure(http(upstream.url, parts));
  await router.program.logged(GOES_ON);
  expect(router.program.log).toMatch(said);
  expect(await marked(router)).toBe("200 up yes");
  // What is right in the same configuration is in force at once.
  const more = "    n: {rule: PathPrefix(`/new`), service: whoami@internal}";
  await router.reconfigure(http(upstream.url, { ...parts, more }));
  await getUntil(router.port, "/new", ({ text }) => text.includes("Hostname"));
  expect(await marked(router)).toBe("200 up yes");
  // Right again, it changes; removed, it is gone.
  const right = "{headers: {customResponseHeaders: {X-Marked: again}}}";
  await router.reconfigure(http(upstream.url, { middleware: right }));
  await getUntil(router.port, "/", ({ header }) => header("x-marked") === "again");
  await router.reconfigure("http: {routers: {o: {rule: Path(`/o`), service: whoami@internal}}}\n");
  await getUntil(router.port, "/", ({ status }) => status === 404);
});

test("a mistake at the start disables its element alone", async () => {
  await using upstream = startUpstream(answering(plain("up")));
  const more = "    n: {rule: PathPrefix(`/new`), service: whoami@internal}";
  await using router = await start(http(upstream.url, { middleware: "{headers: {}}", more }));
  expect((await get(router.port, "/")).status).toBe(404);
  expect((await get(router.port, "/new")).status).toBe(200);
});

test("a router that an entrypoint's model splits goes on as well", async () => {
  await using upstream = startUpstream(answering(plain("up")));
  const other = await freePort();
  const model = "    http: {middlewares: [m@file]}";
  await using router = await startRouter({
    static: FAST,
    web: model,
    entryPoints: { other: [other, model] },
    dynamic: http(upstream.url, {}),
  });
  await router.reconfigure(http(upstream.url, {}).replace("rule:", "rul:"));
  await router.program.logged(GOES_ON);
  for (const port of [router.port, other]) expect((await get(port, "/")).text).toBe("up");
});

test("TCP: a router whose service has a mistake now goes on", async () => {
  using server = greeter("hello");
  const address = `{loadBalancer: {servers: [{address: "127.0.0.1:${server.port}"}]}}`;
  const tcp = (service: string, rule = "HostSNI(`*`)") =>
    `tcp:\n  routers:\n    r: {rule: ${rule}, service: s}\n  services:\n    s: ${service}\n`;
  await using router = await start(tcp(address));
  const greeting = async () => {
    using client = await RawClient.connect(router.port);
    return await client.readUntil("hello\n");
  };
  expect(await greeting()).toBe("hello\n");
  await router.reconfigure(tcp("{loadBalancer: {servers: [{address: nonsense}]}}"));
  await router.program.logged(/nonsense.*state="goes on as it last worked"/);
  expect(await greeting()).toBe("hello\n");
  await router.reconfigure(tcp(address, "HostSNI(`*`"));
  await router.program.logged(/expected .* of the rule.*state="goes on as it last worked"/);
  expect(await greeting()).toBe("hello\n");
});

test("UDP: a router whose service has a mistake now goes on", async () => {
  using server = await startUdpServer("dns");
  const port = await freePort();
  const udp = (service: string) =>
    `udp:\n  routers:\n    r: {entryPoints: [dns], service: s}\n  services:\n    s: ${service}\n`;
  const address = `{loadBalancer: {servers: [{address: "127.0.0.1:${server.port}"}]}}`;
  await using program = await startProgram({
    args: ["--configFile=sluice.yml"],
    files: {
      "sluice.yml": [
        `entryPoints: {dns: {address: "127.0.0.1:${port}/udp"}}`,
        "providers:",
        "  file: {filename: dynamic.yml}",
        FAST,
        "",
      ].join("\n"),
      "dynamic.yml": udp(address),
    },
  });
  await program.logged("Sluice is ready");
  using client = await UdpPeer.bind();
  expect(await client.ask("1", port)).toBe("dns 1");
  await program.write("dynamic.yml", udp("{loadBalancer: {servers: [{address: nonsense}]}}"));
  await program.logged(/nonsense.*state="goes on as it last worked"/);
  using other = await UdpPeer.bind();
  expect(await other.ask("2", port)).toBe("dns 2");
});
