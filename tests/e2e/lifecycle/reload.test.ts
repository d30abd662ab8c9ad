import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { get, getUntil } from "../../support/http/get.ts";
import { startWebSocketPeer } from "../../support/http/websocket-peer.ts";
import { forwardingTo, type Router, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { within } from "../../support/wait-for.ts";

/** Reloads follow each other as fast as they come. */
const FAST = "  providersThrottleDuration: 0s\nlog: {level: INFO}";

/** YAML: everything is answered by whoami, with `version` in a header. */
const answeringAs = (version: string, router = "all") =>
  [
    "http:",
    "  routers:",
    `    ${router}: {rule: PathPrefix(\`/\`), service: whoami@internal, middlewares: [${router}]}`,
    "  middlewares:",
    `    ${router}: {headers: {customResponseHeaders: {X-Version: "${version}"}}}`,
    "",
  ].join("\n");

const serves = (router: Router, version: string, target = "/") =>
  getUntil(router.port, target, (response) => response.header("x-version") === version);

const named = (name: string) => startUpstream(answering(plain(name)));

test("a file: written in place, replaced by rename, deleted and there again", async () => {
  await using router = await startRouter({ static: FAST, dynamic: answeringAs("one") });
  const path = join(router.program.directory, "dynamic.yml");
  await serves(router, "one");
  writeFileSync(path, answeringAs("two"));
  await serves(router, "two");
  await router.reconfigure(answeringAs("three"));
  await serves(router, "three");
  rmSync(path);
  await router.program.logged(/Cannot read the file provider's configuration.*ENOENT/);
  await serves(router, "three");
  writeFileSync(path, answeringAs("four"));
  await serves(router, "four");
});

test("a symbolic link exchanged as Kubernetes does", async () => {
  await using router = await startRouter({
    static: FAST,
    provider: "    filename: mount/dynamic.yml",
    dynamic: "",
    files: { "mount/..one/dynamic.yml": answeringAs("one"), "mount/dynamic.yml": "" },
    prepare(directory) {
      const mount = join(directory, "mount");
      symlinkSync("..one", join(mount, "..data"));
      rmSync(join(mount, "dynamic.yml"));
      symlinkSync("..data/dynamic.yml", join(mount, "dynamic.yml"));
    },
  });
  const mount = join(router.program.directory, "mount");
  await serves(router, "one");
  for (const version of ["two", "three"]) {
    mkdirSync(join(mount, `..${version}`));
    writeFileSync(join(mount, `..${version}`, "dynamic.yml"), answeringAs(version));
    symlinkSync(`..${version}`, join(mount, "..data_tmp"));
    renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
    await serves(router, version);
  }
});

test("a directory: nested, in three languages, with a name that two files define", async () => {
  const routers = (name: string, rule: string) => ({
    [name]: { rule, service: "whoami@internal", middlewares: [name] },
  });
  const middlewares = (name: string) => ({
    [name]: { headers: { customResponseHeaders: { "X-Version": name } } },
  });
  const json = (name: string, rule: string) =>
    JSON.stringify({ http: { routers: routers(name, rule), middlewares: middlewares(name) } });
  const toml = [
    "[http.routers.toml]",
    "rule = 'Path(`/toml`)'",
    'service = "whoami@internal"',
    'middlewares = ["json"]',
    "",
  ].join("\n");
  await using router = await startRouter({
    static: FAST,
    provider: "    directory: conf",
    dynamic: "",
    files: {
      "conf/a.yml": answeringAs("first", "both").replace("/", "/both"),
      "conf/b.yaml": answeringAs("second", "both").replace("/", "/both"),
      "conf/deep/er/c.json": json("json", "Path(`/json`)"),
      "conf/deep/d.toml": toml,
      "conf/readme.md": "not a configuration",
      "conf/.hidden/e.yml": "not: [a configuration",
    },
  });
  const { program } = router;
  await serves(router, "json", "/json");
  await serves(router, "json", "/toml");
  await serves(router, "first", "/both");
  await program.logged(/WRN .*http\.routers\.both is defined in conf\/a\.yml and in conf\/b\.yaml/);
  // A new directory, a file in it, a changed one, a deleted one.
  await program.write("conf/new/f.json", json("new", "Path(`/new`)"));
  await serves(router, "new", "/new");
  await program.write("conf/new/f.json", json("newer", "Path(`/new`)"));
  await serves(router, "newer", "/new");
  rmSync(join(program.directory, "conf/a.yml"));
  await serves(router, "second", "/both");
  rmSync(join(program.directory, "conf/deep"), { recursive: true });
  await getUntil(router.port, "/json", ({ status }) => status === 404);
  // The last file of all takes what is left along.
  for (const name of readdirSync(join(program.directory, "conf")))
    rmSync(join(program.directory, "conf", name), { recursive: true });
  await getUntil(router.port, "/both", ({ status }) => status === 404);
});

test("a broken file keeps the last good configuration, an emptied one clears it, a removed router is gone", async () => {
  await using router = await startRouter({ static: FAST, dynamic: answeringAs("one") });
  const { program, port } = router;
  await router.reconfigure("http: [\n");
  await program.logged(/ERR dynamic\.yml:\d+:\d+: /);
  await serves(router, "one");
  await serves(router, "one");
  for (const empty of ["http: {}\n", ""]) {
    await router.reconfigure(empty);
    await getUntil(port, "/", ({ status }) => status === 404);
    await router.reconfigure(answeringAs("one"));
    await serves(router, "one");
  }
  rmSync(join(program.directory, "dynamic.yml"));
  await program.logged("Cannot read the file provider's configuration");
  await serves(router, "one");
  await router.reconfigure(answeringAs("two").replace("(`/`)", "(`/new`)"));
  await serves(router, "two", "/new");
  await getUntil(port, "/", ({ status }) => status === 404);
  // An element with a mistake is left out; what is right serves.
  await router.reconfigure(`${answeringAs("three")}  routerz: {}\n`);
  await serves(router, "three");
  await program.logged('unknown key "routerz", did you mean "routers"?');
});

test("100 reloads under load: no request fails, connections and balancers stay", async () => {
  using a = named("a");
  using b = named("b");
  await using router = await startRouter({ workers: 1, static: FAST, dynamic: "http: {}" });
  const both = forwardingTo(a.url, b.url);
  const version = (n: number) =>
    `${both}\n  middlewares: {m: {headers: {customResponseHeaders: {X-Version: "${n}"}}}}`.replace(
      "      service: backend",
      "      service: backend\n      middlewares: [m]",
    );
  await router.reconfigure(version(0));
  await serves(router, "0");

  const CLIENTS = 8;
  const request = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
  let done = false;
  const work = Array.from({ length: CLIENTS }, async () => {
    using client = await router.client();
    const answers: string[] = [];
    while (!done) {
      const { status, text } = await client.request(request);
      answers.push(`${status} ${text}`);
    }
    return answers;
  });
  for (let n = 1; n <= 100; n++) {
    await router.reconfigure(version(n));
    await serves(router, String(n));
  }
  done = true;
  const answers = (await within("the clients to end", Promise.all(work))).flat();
  const count = (answer: string) => answers.filter((other) => other === answer).length;
  expect(count("200 a") + count("200 b")).toBe(answers.length);
  expect(answers.length).toBeGreaterThan(100);
  // One position for all reloads: had it been reset each time, the shares would differ.
  const difference = a.requests.length - b.requests.length;
  expect(Math.abs(difference)).toBeLessThanOrEqual(1);
  // Never more connections than requests at a time: the load's and the watching one.
  for (const upstream of [a, b]) {
    expect(upstream.connections.length).toBeLessThanOrEqual(CLIENTS + 1);
    expect(upstream.open).toBe(upstream.connections.length);
    expect(upstream.errors).toEqual([]);
  }
});

test("a changed service lets go of its old connections, an unchanged one beside it keeps its own", async () => {
  using kept = named("kept");
  using old = named("old");
  using next = named("next");
  const dynamic = (url: string) =>
    JSON.stringify({
      http: {
        routers: {
          kept: { rule: "Path(`/kept`)", service: "kept" },
          other: { rule: "Path(`/other`)", service: "other" },
        },
        services: {
          kept: { loadBalancer: { servers: [{ url: kept.url }] } },
          other: { loadBalancer: { servers: [{ url }] } },
        },
      },
    });
  await using router = await startRouter({
    workers: 1,
    static: FAST,
    dynamic: dynamic(old.url),
  });
  await get(router.port, "/kept");
  expect((await get(router.port, "/other")).text).toBe("old");
  await router.reconfigure(dynamic(next.url));
  await getUntil(router.port, "/other", ({ text }) => text === "next");
  await old.connections[0].ended();
  await get(router.port, "/kept");
  expect([kept.connections.length, kept.open]).toEqual([1, 1]);
});

test("a WebSocket and a download live through a reload that takes their router away", async () => {
  const gate = Promise.withResolvers<void>();
  using slow = startUpstream(async (connection) => {
    await connection.request();
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegin");
    await gate.promise;
    await connection.send("--end");
    connection.close();
  });
  using peer = startWebSocketPeer();
  const dynamic = JSON.stringify({
    http: {
      routers: {
        slow: { rule: "Path(`/slow`)", service: "slow" },
        socket: { rule: "Path(`/socket`)", service: "socket" },
      },
      services: {
        slow: { loadBalancer: { servers: [{ url: slow.url }] } },
        socket: { loadBalancer: { servers: [{ url: peer.url }] } },
      },
    },
  });
  await using router = await startRouter({ static: FAST, dynamic });
  const socket = new WebSocket(`ws://127.0.0.1:${router.port}/socket`);
  const heard: string[] = [];
  let wake = () => {};
  socket.onmessage = ({ data }) => {
    heard.push(String(data));
    wake();
  };
  const echo = async (text: string) => {
    const arrived = new Promise<void>((resolve) => (wake = resolve));
    socket.send(text);
    await within(`the echo of ${text}`, arrived);
  };
  await within("the WebSocket to open", new Promise((resolve) => (socket.onopen = resolve)));
  await echo("before");
  using client = await router.client();
  await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.readUntil("begin");

  await router.reconfigure(answeringAs("after").replace("(`/`)", "(`/after`)"));
  await serves(router, "after", "/after");
  await getUntil(router.port, "/slow", ({ status }) => status === 404);
  await echo("after");
  gate.resolve();
  await client.readUntil("--end");
  expect(heard).toEqual(["before", "after"]);
  socket.close();
});
