import { expect, test } from "bun:test";
import { FLAVOUR } from "../../support/flavour.ts";
import { launchProgram, type Program, startProgram } from "../../support/program.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { startUdpServer, UdpPeer } from "../../support/sockets/udp-peer.ts";
import { waitFor } from "../../support/wait-for.ts";

/** A session that no client uses while a test runs must not end. */
const LONG = "60s";

interface UdpRouterOptions {
  readonly dynamic: string;
  readonly timeout?: string;
  /** Further lines of the entrypoint, indented by four spaces. */
  readonly entryPoint?: string;
  /** Further top-level YAML of the static configuration. */
  readonly static?: string;
}

/** Sluice with one UDP entrypoint `dns` of 127.0.0.1. */
async function startUdpRouter(options: UdpRouterOptions): Promise<[Program, number]> {
  const port = await freePort();
  const program = await startProgram({
    args: ["--configFile=sluice.yml"],
    files: {
      "sluice.yml": [
        "entryPoints:",
        "  dns:",
        `    address: "127.0.0.1:${port}/udp"`,
        `    udp: {timeout: ${options.timeout ?? LONG}}`,
        options.entryPoint ?? "",
        "providers:",
        "  providersThrottleDuration: 0s",
        "  file: {filename: dynamic.yml, watch: true}",
        "log: {level: DEBUG}",
        options.static ?? "",
        "",
      ].join("\n"),
      "dynamic.yml": options.dynamic,
    },
  });
  try {
    await program.logged("Sluice is ready");
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return [program, port];
}

/** Dynamic YAML: everything goes to the servers of one load balancer. */
const forwardingTo = (...servers: (UdpPeer | string)[]) =>
  [
    "udp:",
    "  routers:",
    "    all: {entryPoints: [dns], service: backend}",
    "  services:",
    "    backend:",
    "      loadBalancer:",
    "        servers:",
    ...servers.map(
      (server) =>
        `          - address: "${typeof server === "string" ? server : `127.0.0.1:${server.port}`}"`,
    ),
    "",
  ].join("\n");

test("a datagram goes to a server, and its answers come back from the entrypoint", async () => {
  using server = await startUdpServer("server");
  const [program, port] = await startUdpRouter({ dynamic: forwardingTo(server) });
  await using _ = program;
  using client = await UdpPeer.bind();
  expect(await client.ask("hello", port)).toBe("server hello");
  expect(client.received[0].from.port).toBe(port);
  expect(client.received[0].from.address).toBe("127.0.0.1");
  expect(server.received[0].from.port).not.toBe(client.port);
  await program.logged(`127.0.0.1:${port}/udp`);
});

test("the server may say as much as it likes, and when it likes", async () => {
  using server = await UdpPeer.bind();
  const [program, port] = await startUdpRouter({ dynamic: forwardingTo(server) });
  await using _ = program;
  using client = await UdpPeer.bind();
  client.send("go", port);
  await server.hears(1);
  const session = server.received[0].from.port;
  const answers = Array.from({ length: 10 }, (_, i) => `answer ${i}`);
  for (const answer of answers) server.send(answer, session);
  expect(await client.hears(10)).toEqual(answers);
  // What others send to the session's socket is not for the client.
  using stranger = await UdpPeer.bind();
  stranger.send("spoofed", session);
  server.send("later", session);
  expect((await client.hears(11))[10]).toBe("later");
});

test("clients have sessions of their own, and servers take turns over sessions, not datagrams", async () => {
  using a = await startUdpServer("a");
  using b = await startUdpServer("b");
  const [program, port] = await startUdpRouter({ dynamic: forwardingTo(a, b) });
  await using _ = program;
  using one = await UdpPeer.bind();
  using two = await UdpPeer.bind();
  using three = await UdpPeer.bind();
  for (let i = 0; i < 5; i++) {
    expect(await one.ask(`one ${i}`, port)).toBe(`a one ${i}`);
    expect(await two.ask(`two ${i}`, port)).toBe(`b two ${i}`);
    expect(await three.ask(`three ${i}`, port)).toBe(`a three ${i}`);
  }
  expect(a.senders.size).toBe(2);
  expect(b.senders.size).toBe(1);
});

test("a session ends when nobody has said anything for the timeout", async () => {
  using a = await startUdpServer("a");
  using b = await startUdpServer("b");
  const [program, port] = await startUdpRouter({
    dynamic: forwardingTo(a, b),
    timeout: "1s",
  });
  await using _ = program;
  const idle = program.sockets();
  using client = await UdpPeer.bind();
  expect(await client.ask("1", port)).toBe("a 1");
  expect(program.sockets()).toBe(idle + 1);
  await waitFor("the session's socket to be closed", () => program.sockets() === idle);
  expect(await client.ask("2", port)).toBe("b 2");
});

test("weighted services share the sessions by weight", async () => {
  using a = await startUdpServer("a");
  using b = await startUdpServer("b");
  const dynamic = [
    "udp:",
    "  routers:",
    "    all: {service: shared}",
    "  services:",
    "    shared:",
    "      weighted:",
    "        services:",
    "          - {name: three, weight: 3}",
    "          - {name: one, weight: 1}",
    `    three: {loadBalancer: {servers: [{address: "127.0.0.1:${a.port}"}]}}`,
    `    one: {loadBalancer: {servers: [{address: "localhost:${b.port}"}]}}`,
    "",
  ].join("\n");
  const [program, port] = await startUdpRouter({ dynamic });
  await using _ = program;
  const answers: string[] = [];
  for (let i = 0; i < 16; i++) {
    using client = await UdpPeer.bind();
    answers.push(await client.ask("x", port));
  }
  expect(answers.filter((answer) => answer === "a x")).toHaveLength(12);
  expect(answers.filter((answer) => answer === "b x")).toHaveLength(4);
});

test("the largest and the smallest datagram pass whole, both ways", async () => {
  using server = await UdpPeer.bind();
  server.onDatagram = (bytes, from) => server.send(bytes, from.port);
  const [program, port] = await startUdpRouter({ dynamic: forwardingTo(server) });
  await using _ = program;
  using client = await UdpPeer.bind();
  const large = Uint8Array.from({ length: 65_507 }, (_, i) => (i * 31) ^ (i >> 8));
  client.send(large, port);
  await client.hears(1);
  expect(Bun.hash(client.received[0].bytes)).toBe(Bun.hash(large));
  client.send(new Uint8Array(0), port);
  await client.hears(2);
  expect(client.received[1].bytes).toHaveLength(0);
});

test("datagrams of a burst keep their order, those before the session's socket is open as well", async () => {
  using server = await UdpPeer.bind();
  const [program, port] = await startUdpRouter({ dynamic: forwardingTo(server) });
  await using _ = program;
  using client = await UdpPeer.bind();
  const burst = Array.from({ length: 12 }, (_, i) => `${i}`);
  for (const text of burst) client.send(text, port);
  expect(await server.hears(12)).toEqual(burst);
  expect(server.senders.size).toBe(1);
});

test("a reload is for new sessions; those that there are go on with their server", async () => {
  using a = await startUdpServer("a");
  using b = await startUdpServer("b");
  const [program, port] = await startUdpRouter({ dynamic: forwardingTo(a) });
  await using _ = program;
  using before = await UdpPeer.bind();
  expect(await before.ask("1", port)).toBe("a 1");
  await program.write("dynamic.yml", forwardingTo(b));
  await waitFor("new sessions to reach the new server", async () => {
    using client = await UdpPeer.bind();
    return (await client.ask("x", port)) === "b x";
  });
  expect(await before.ask("2", port)).toBe("a 2");
  expect(await before.ask("3", port)).toBe("a 3");
});

test("a router that is gone takes no new sessions, and one that comes back does", async () => {
  using server = await startUdpServer("a");
  const [program, port] = await startUdpRouter({ dynamic: forwardingTo(server) });
  await using _ = program;
  using before = await UdpPeer.bind();
  expect(await before.ask("1", port)).toBe("a 1");
  await program.write("dynamic.yml", forwardingTo(server).replace(/ {2}routers:\n.*\n/, ""));
  await program.logged(/Configuration loaded.*version=2 routers=0/);
  using after = await UdpPeer.bind();
  after.send("lost", port);
  expect(await before.ask("2", port)).toBe("a 2");
  expect(server.texts).toEqual(["1", "2"]);
  await program.write("dynamic.yml", forwardingTo(server));
  await waitFor("the router to be back", () => {
    after.send("here", port);
    return after.received.length > 0;
  });
  expect(after.texts[0]).toBe("a here");
});

test("a server without an address ends the session, and the client's next one goes to the next server", async () => {
  using there = await startUdpServer("there");
  const [program, port] = await startUdpRouter({
    dynamic: forwardingTo("nowhere.invalid:53", there),
  });
  await using _ = program;
  using client = await UdpPeer.bind();
  client.send("lost", port);
  await program.logged(/Error while dialing a UDP server.*nowhere\.invalid:53/);
  expect(await client.ask("x", port)).toBe("there x");
  expect(there.texts).toEqual(["x"]);
});

test("a server that refuses ends the session likewise", async () => {
  using there = await startUdpServer("there");
  const gone = await UdpPeer.bind();
  gone.close();
  const [program, port] = await startUdpRouter({ dynamic: forwardingTo(gone, there) });
  await using _ = program;
  using client = await UdpPeer.bind();
  client.send("lost", port);
  if (FLAVOUR === "deno") {
    // Deno 2.9 says nothing of refusals: the session goes on, and another client's meets the other server.
    using other = await UdpPeer.bind();
    expect(await other.ask("x", port)).toBe("there x");
    return;
  }
  await program.logged(/Error while handling a UDP session/);
  expect(await client.ask("x", port)).toBe("there x");
});

test("SIGTERM: sessions go on within the grace time, new ones are not taken, exit 0", async () => {
  using server = await startUdpServer("a");
  const [program, port] = await startUdpRouter({
    dynamic: forwardingTo(server),
    timeout: "3s",
    entryPoint: "    transport: {lifeCycle: {graceTimeOut: 20s}}",
  });
  await using _ = program;
  using client = await UdpPeer.bind();
  using late = await UdpPeer.bind();
  expect(await client.ask("1", port)).toBe("a 1");
  program.signal("SIGTERM");
  await program.logged("Shutting down");
  late.send("too late", port);
  expect(await client.ask("2", port)).toBe("a 2");
  // Silent from now on: the session ends, and with it the program.
  expect(await program.exited()).toBe(0);
  expect(late.texts).toEqual([]);
  expect(server.texts).toEqual(["1", "2"]);
});

test("too many sessions: who is new is refused, who is there stays", async () => {
  using server = await startUdpServer("a");
  const port = await freePort();
  await using program = await startProgram({
    args: [
      `--entryPoints.dns.address=127.0.0.1:${port}/UDP`,
      "--entryPoints.dns.udp.timeout=60s",
      "--entryPoints.dns.udp.maxSessions=2",
      "--providers.file.filename=dynamic.yml",
      "--log.level=WARN",
    ],
    files: { "dynamic.yml": forwardingTo(server) },
  });
  using one = await UdpPeer.bind();
  await waitFor("the router to listen", async () => {
    one.send("x", port);
    await Bun.sleep(20);
    return one.received.length > 0;
  });
  using two = await UdpPeer.bind();
  using three = await UdpPeer.bind();
  expect(await two.ask("2", port)).toBe("a 2");
  three.send("3", port);
  await program.logged(/Too many UDP sessions.*dns/);
  expect(await two.ask("4", port)).toBe("a 4");
  expect(three.texts).toEqual([]);
  expect(server.texts).not.toContain("3");
});

test("TCP and UDP share a port number", async () => {
  using server = await startUdpServer("a");
  const port = await freePort();
  await using _ = await startProgram({
    args: [
      `--entryPoints.dns.address=127.0.0.1:${port}/udp`,
      `--entryPoints.web.address=127.0.0.1:${port}`,
      "--ping.entryPoint=web",
      "--providers.file.filename=dynamic.yml",
    ],
    files: { "dynamic.yml": forwardingTo(server) },
    ports: [port],
  });
  expect(await (await fetch(`http://127.0.0.1:${port}/ping`)).text()).toBe("OK");
  using client = await UdpPeer.bind();
  expect(await client.ask("x", port)).toBe("a x");
});

test("a port in use stops the start, with its address", async () => {
  using taken = await UdpPeer.bind();
  await using program = launchProgram({
    args: [`--entryPoints.dns.address=127.0.0.1:${taken.port}/udp`],
  });
  expect(await program.exited()).toBe(1);
  expect(program.log).toContain(`127.0.0.1:${taken.port}: address already in use (EADDRINUSE)`);
});

test("static mistakes stop the start and name the key", async () => {
  await using program = launchProgram({
    args: ["--configFile=sluice.yml"],
    files: {
      "sluice.yml": "entryPoints:\n  dns:\n    address: ':53/udp'\n    udp:\n      timeout: 0s\n",
    },
  });
  expect(await program.exited()).toBe(1);
  expect(program.log).toContain(
    "sluice.yml:5:7: entryPoints.dns.udp.timeout: expected a duration above 0, found 0",
  );
});

test("dynamic mistakes are told with their key, and the rest serves", async () => {
  using server = await startUdpServer("a");
  const dynamic = [
    forwardingTo(server).trimEnd(),
    '    broken: {loadBalancer: {servers: [{address: "127.0.0.1"}]}}',
    "    round: {weighted: {services: [{name: round}]}}",
    "",
  ].join("\n");
  const [program, port] = await startUdpRouter({ dynamic });
  await using _ = program;
  using client = await UdpPeer.bind();
  expect(await client.ask("x", port)).toBe("a x");
  await program.logged(
    /udp\.services\.broken\.loadBalancer\.servers\.0\.address: expected an address such as .*, found \\?"127\.0\.0\.1\\?"/,
  );
  await program.logged(/UDP service .*round@file.*recursion/);
});

test("HTTP routers don't see UDP entrypoints, nor UDP routers those of TCP", async () => {
  using server = await startUdpServer("a");
  const web = await freePort();
  const dynamic = [
    "http:",
    "  routers:",
    "    wrong: {rule: PathPrefix(`/`), service: noop@internal, entryPoints: [dns]}",
    forwardingTo(server).replace(
      "  services:",
      "    wrong: {service: backend, entryPoints: [web]}\n  services:",
    ),
  ].join("\n");
  const [program, port] = await startUdpRouter({
    dynamic,
    entryPoint: `  web:\n    address: "127.0.0.1:${web}"`,
  });
  await using _ = program;
  await program.logged('entryPoint "dns" does not exist');
  await program.logged('entryPoint "web" does not exist');
  using client = await UdpPeer.bind();
  expect(await client.ask("x", port)).toBe("a x");
});
