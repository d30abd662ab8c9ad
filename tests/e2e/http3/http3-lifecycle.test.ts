import { expect } from "bun:test";
import { patternBytes } from "../../support/http3-client.ts";
import {
  HTTP3_WHOAMI,
  http3Files,
  http3Suite,
  securely,
  startHttp3Router,
} from "../../support/http3-scene.ts";
import { startProgram } from "../../support/program.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { UdpPeer } from "../../support/sockets/udp-peer.ts";
import { plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const { test, startClient } = http3Suite();

test("idleTimeout closes a connection on which nothing happens", async () => {
  await using router = await startHttp3Router({
    dynamic: HTTP3_WHOAMI,
    web: "    transport: {respondingTimeouts: {idleTimeout: 1s}}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  expect((await connection.ask()).status).toBe(200);
  await connection.closed();
  const silent = await client.connect(router.port);
  await silent.closed();
});

test("keepAliveMaxRequests: a connection ends behind its last request", async () => {
  await using router = await startHttp3Router({
    dynamic: HTTP3_WHOAMI,
    web: "    transport: {keepAliveMaxRequests: 3}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  for (let i = 0; i < 3; i++) expect((await connection.ask()).status).toBe(200);
  expect((await connection.ask()).event).toBe("failed");
  await connection.closed();
  expect((await (await client.connect(router.port)).ask()).status).toBe(200);
});

test("SIGTERM: what is in flight finishes, up and down, idle connections close, new ones are not taken", async () => {
  const gate = Promise.withResolvers<void>();
  const body = patternBytes(2 * 1024 * 1024);
  using upstream = startUpstream(async (connection) => {
    const request = await connection.request();
    await gate.promise;
    await connection.send(request?.method === "POST" ? plain(request.text) : plain(body));
  });
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const idle = await client.connect(router.port);
  const busy = await client.connect(router.port);
  const download = busy.send();
  await waitFor("the download to be asked for", () => upstream.requests.length === 1);
  const upload = busy.send({ method: "POST", body: "be", holdBody: true, rest: "gun" });
  await upstream.connection(1);
  router.program.signal("SIGTERM");
  await idle.closed();
  expect((await busy.ask()).event).toBe("failed");
  expect(router.program.exitCode).toBeNull();
  upload.proceed();
  await waitFor("the upload", () => upstream.requests.length === 2);
  gate.resolve();
  const downloaded = await download.answer();
  expect([downloaded.event, downloaded.length]).toEqual(["end", body.length]);
  expect((await upload.answer()).body).toBe("begun");
  expect(await router.program.exited()).toBe(0);
});

test("SIGTERM: a request that is on its way on an idle connection is answered", async () => {
  await using router = await startHttp3Router({ dynamic: HTTP3_WHOAMI });
  await using client = startClient();
  const idle = await client.connect(router.port);
  expect((await idle.ask()).status).toBe(200);
  router.program.signal("SIGTERM");
  await waitFor("the shutdown to begin", () =>
    RawClient.connect(router.port).then(
      (probe) => {
        probe.reset();
        return false;
      },
      () => true,
    ),
  );
  expect((await idle.ask()).status).toBe(200);
  await idle.closed();
  expect(await router.program.exited()).toBe(0);
});

test("graceTimeOut cuts what doesn't finish", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.ended();
  });
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    web: "    transport: {lifeCycle: {graceTimeOut: 300ms}}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const call = connection.send();
  await waitFor("the request", () => upstream.requests.length === 1);
  expect(await router.program.stop()).toBe(0);
  expect((await call.answer()).event).toBe("failed");
});

test("a router that is killed and started again on its port serves new connections", async () => {
  const port = await freePort();
  const start = () =>
    startProgram({
      args: [
        `--entryPoints.web.address=127.0.0.1:${port}`,
        "--entryPoints.web.http3=true",
        "--providers.file.filename=dynamic.yml",
      ],
      files: { "dynamic.yml": HTTP3_WHOAMI, ...http3Files() },
      ports: [port],
    });
  await using client = startClient();
  for (const ending of ["SIGTERM", "SIGKILL", "SIGTERM"]) {
    const program = await start();
    const connection = await client.connect(port);
    expect((await connection.ask()).status).toBe(200);
    if (ending === "SIGTERM") {
      expect(await program.stop()).toBe(0);
      await connection.closed();
    }
    await program[Symbol.asyncDispose]();
  }
});

test("a UDP port in use stops the start with a clear error", async () => {
  using taken = await UdpPeer.bind();
  const program = await startProgram({
    args: [`--entryPoints.web.address=127.0.0.1:${taken.port}`, "--entryPoints.web.http3=true"],
  });
  await using _ = program;
  expect(await program.exited()).toBe(1);
  expect(program.stderr).toContain("EADDRINUSE");
  expect(program.stderr).toContain(String(taken.port));
});
