import { expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { launchProgram } from "../../support/program.ts";
import { forwardingTo, type Router, startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain, sendingThenStalling } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const GET = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";

const refusesConnections = (router: Router) =>
  waitFor("new connections to be refused", async () => {
    try {
      (await RawClient.connect(router.port)).reset();
      return false;
    } catch {
      return true;
    }
  });

test("SIGTERM: what is in flight finishes, idle connections close, new ones are refused, exit 0", async () => {
  const gate = Promise.withResolvers<void>();
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await gate.promise;
    await connection.send(plain("late"));
    connection.close();
  });
  await using router = await startRouter({
    dynamic: forwardingTo(upstream.url).replace(
      "  services:",
      "    quick: {rule: Host(`quick.test`), service: whoami@internal, priority: 99}\n  services:",
    ),
  });
  using idle = await router.client();
  using fresh = await router.client();
  using busy = await router.client();
  expect((await idle.request(GET.replace("app", "quick"))).status).toBe(200);
  await busy.send(GET);
  await waitFor("the upstream to be asked", () => upstream.requests.length === 1);
  router.program.signal("SIGTERM");
  expect(await idle.ended()).toBe("fin");
  expect(await fresh.ended()).toBe("fin");
  await refusesConnections(router);
  expect(router.program.exitCode).toBeNull();
  gate.resolve();
  const response = await busy.response();
  expect([response.text, response.header("connection")]).toEqual(["late", "close"]);
  expect(await router.program.exited()).toBe(0);
});

test("a body on its way, up and down, arrives whole", async () => {
  using upstream = startUpstream(async (connection) => {
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";
    await connection.readUntil("\r\n\r\n");
    await connection.send(head);
    await connection.readUntil("end");
    await connection.send("4\r\nlast\r\n0\r\n\r\n");
    connection.close();
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await router.client();
  await client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n",
  );
  await client.readUntil("first");
  router.program.signal("SIGTERM");
  await refusesConnections(router);
  await client.send("3\r\nend\r\n0\r\n\r\n");
  await client.readUntil("last\r\n0\r\n\r\n");
  expect(await router.program.exited()).toBe(0);
});

test("requestAcceptGraceTimeout: it goes on serving, and ping says that the end is near", async () => {
  await using router = await startRouter({
    web: "    transport: {lifeCycle: {requestAcceptGraceTimeout: 1500ms}}",
    static: "ping: {entryPoint: web, terminatingStatusCode: 418}",
    dynamic: "http: {routers: {all: {rule: PathPrefix(`/`), service: whoami@internal}}}",
  });
  expect((await get(router.port, "/ping")).status).toBe(200);
  router.program.signal("SIGTERM");
  await waitFor("ping to say so", async () => (await get(router.port, "/ping")).status === 418);
  expect((await get(router.port, "/")).status).toBe(200);
  expect(await router.program.exited()).toBe(0);
});

for (const workers of [1, 2]) {
  test(`requestAcceptGraceTimeout is each entrypoint's own, with ${workers} workers`, async () => {
    const other = await freePort();
    await using router = await startRouter({
      workers,
      web: "    transport: {lifeCycle: {requestAcceptGraceTimeout: 3s}}",
      entryPoints: { other },
      dynamic: "http: {routers: {all: {rule: PathPrefix(`/`), service: whoami@internal}}}",
    });
    expect((await get(other, "/")).status).toBe(200);
    router.program.signal("SIGTERM");
    await waitFor("the other one to stop accepting", () =>
      get(other, "/").then(
        () => false,
        () => true,
      ),
    );
    expect(router.program.exitCode).toBeNull();
    expect((await get(router.port, "/")).status).toBe(200);
    expect(await router.program.exited()).toBe(0);
  });
}

test("graceTimeOut cuts what doesn't finish", async () => {
  using upstream = startUpstream(
    sendingThenStalling("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
  );
  await using router = await startRouter({
    web: "    transport: {lifeCycle: {graceTimeOut: 200ms}}",
    dynamic: forwardingTo(upstream.url),
  });
  using client = await router.client();
  await client.send(GET);
  await client.readUntil("half");
  expect(await router.program.stop()).toBe(0);
  expect(await client.ended()).toBe("reset");
});

test("a port in use: a clear error and 1, without waiting for any grace", async () => {
  using upstream = startUpstream(answering(plain("")));
  const free = await freePort();
  await using program = launchProgram({
    args: ["--configFile=s.yml"],
    files: {
      "s.yml": [
        "entryPoints:",
        `  first: {address: "127.0.0.1:${free}"}`,
        `  second: {address: "127.0.0.1:${upstream.port}",`,
        "    transport: {lifeCycle: {requestAcceptGraceTimeout: 10m, graceTimeOut: 10m}}}",
        "",
      ].join("\n"),
    },
  });
  expect(await program.exited()).toBe(1);
  expect(program.stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${upstream.port}`));
  expect(program.stderr).toStartWith('entrypoint "second": ');
  expect(program.stderr).toMatch(/in use/i);
  expect(program.stderr).not.toMatch(/^\s+at /m);
});
