import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { FLAVOUR } from "../../support/flavour.ts";
import { get, getUntil } from "../../support/http/get.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { exchange } from "../../support/sockets/raw-client.ts";
import { waitFor } from "../../support/wait-for.ts";

const MODULE = `
const kept = [];
export default {
  websocket: { message: (socket, text) => void socket.send("echo " + text) },
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    switch (pathname.split("/").at(-1)) {
      case "loop": for (;;);
      case "exit": process.exit(3);
      case "throw": setTimeout(() => { throw new Error("thrown on purpose"); }, 1); break;
      case "hog": for (let i = 0; i < 12; i++) kept.push(new Uint8Array(50_000_000).fill(1)); break;
      case "never":
        request.signal.addEventListener("abort", () => console.log("the signal was aborted"));
        return new Promise(() => {});
      case "echo": return new Response(request.body);
      case "socket": {
        if (!globalThis.Deno) return env.upgrade(request) ? undefined : new Response("none", { status: 400 });
        const { socket, response } = Deno.upgradeWebSocket(request);
        socket.onmessage = ({ data }) => socket.send("echo " + data);
        return response;
      }
      case "env": {
        let all;
        try { all = { ...process.env }; } catch (error) { all = error.name; }
        return Response.json({ all, env, client: env.requestIP(request).address, headers: [...request.headers.keys()] });
      }
    }
    return new Response(String(process.pid));
  },
};
`;

const service = (name: string, more: string) => `
    ${name}:
      handler: { module: ./${name}.js, isolation: process, env: { GREETING: hello, TOKEN: "{env:SLUICE_TEST_TOKEN}" }${more} }`;

const dynamic = (services: Readonly<Record<string, string>>) => `
http:
  routers:
    whoami: { rule: Path(\`/whoami\`), service: whoami@internal }
${Object.keys(services)
  .map((name) => `    ${name}: { rule: PathPrefix(\`/${name}/\`), service: ${name} }`)
  .join("\n")}
  services:${Object.entries(services)
    .map(([name, more]) => service(name, more))
    .join("")}
`;

const start = (
  services: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
) =>
  startRouter({
    dynamic: dynamic(services),
    files: {
      ...Object.fromEntries(Object.keys(services).map((name) => [`${name}.js`, MODULE])),
      ...files,
    },
    env: { SLUICE_TEST_TOKEN: "s3cret", SLUICE_TEST_OWN: "the router's own" },
    static: "log: { level: INFO }",
  });

/** Asks until it is told to stop; the answers' statuses, counted. */
function meanwhile({ port }: Router, path: string): () => Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let over = false;
  const one = async () => {
    while (!over) {
      const { status } = await get(port, path);
      counts[status] = (counts[status] ?? 0) + 1;
      await Bun.sleep(5);
    }
  };
  const all = Promise.all([one(), one()]);
  return async () => {
    over = true;
    await all;
    return counts;
  };
}

const post = (port: number, path: string, body = "") =>
  exchange(
    port,
    `POST ${path} HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    "POST",
  );

/** False for one that has ended, whether its end was asked for or not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

test("what a function does to its process does nothing to the others", async () => {
  await using router = await start(
    {
      fn: "",
      timed: ", limits: { requestTimeout: 1s }",
      pair: ", limits: { instances: 2, unresponsive: 2s }",
      hog: ", limits: { memory: 400MiB }",
      slow: "",
      crash: "",
    },
    {
      "slow.js": `await new Promise((resolve) => setTimeout(resolve, 1000)); ${MODULE}`,
      "crash.js": "console.log('here I am'); process.exit(7);",
    },
  );
  const { port, program } = router;
  const stop = meanwhile(router, "/whoami");
  // Slow to start: its requests wait for it.
  const slow = get(port, "/slow/pid");

  const pid = Number((await getUntil(port, "/fn/pid", ({ status }) => status === 200)).text);
  const seen = JSON.parse((await get(port, "/fn/env", ["Sluice-Client: ping"])).text);
  const variables = { GREETING: "hello", TOKEN: "s3cret" };
  expect(seen).toMatchObject({ env: variables, client: "127.0.0.1" });
  expect(seen.all).toEqual(FLAVOUR === "deno" ? "NotCapable" : variables);
  expect(seen.headers).not.toContain("sluice-client");
  const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
  expect(environment).not.toContain("the router's own");
  expect(socketsOf(pid).filter((socket) => socketsOf(program.pid).includes(socket))).toEqual([]);
  expect((await post(port, "/fn/echo", "a body")).text).toBe("a body");
  expect(await echoed(port, "/fn/socket")).toBe("echo hello");

  // Two at once: they are two instances.
  const [first, second] = await Promise.all([get(port, "/pair/pid"), get(port, "/pair/pid")]);
  expect(first.status + second.status).toBe(400);
  const looping = post(port, "/pair/loop");
  const hogging = get(port, "/hog/hog");

  expect((await get(port, "/timed/never")).status).toBe(504);
  await program.logged("the signal was aborted");

  expect((await post(port, "/fn/exit")).status).toBe(503);
  const next = Number((await get(port, "/fn/pid")).text);
  expect(next).not.toBe(pid);
  expect((await get(port, "/fn/throw")).status).toBe(200);
  await program.logged(/thrown on purpose.*serviceName=fn@file/);
  await getUntil(port, "/fn/pid", ({ status, text }) => status === 200 && Number(text) !== next);

  const flood = await Promise.all(Array.from({ length: 200 }, () => get(port, "/pair/pid")));
  expect(flood.every(({ status }) => status === 200)).toBe(true);
  // Its body may have been seen: nothing may send it again.
  expect((await looping).status).toBe(503);
  await program.logged(/serviceName=pair@file.*it has not answered for/);
  await hogging;
  await program.logged(/serviceName=hog@file.*bytes of memory/);

  await program.logged(/ends again and again.*crash@file.*exit code 7/);
  expect((await slow).status).toBe(200);
  const others = await stop();
  expect(Object.keys(others)).toEqual(["200"]);
  expect(program.log.match(/ends again and again.*crash@file/g)).toHaveLength(1);
});

test("a reload and the end under load fail no request, and leave nothing behind", async () => {
  const source = (version: string) =>
    `export default { async fetch(request) {
      if (request.url.endsWith("/wait")) await new Promise((resolve) => setTimeout(resolve, 300));
      return new Response("${version} " + process.pid); } };`;
  await using router = await start({ fn: "" }, { "fn.js": source("v1") });
  const { port, program } = router;
  const before = await getUntil(port, "/fn/a", ({ text }) => text.startsWith("v1"));
  const stop = meanwhile(router, "/fn/wait");
  await program.write("fn.js", source("v2"));
  const after = await getUntil(port, "/fn/a", ({ text }) => text.startsWith("v2"));
  const [old, pid] = [before, after].map(({ text }) => Number(text.split(" ")[1]));
  await waitFor("the old instance to go", () => !isAlive(old));
  await program.write("fn.js", "nothing of (this can be read");
  await program.logged(/fn\.js.*goes on as it last worked/);
  expect(Object.keys(await stop())).toEqual(["200"]);

  const directory = socketDirectory(pid);
  const last = get(port, "/fn/wait");
  await Bun.sleep(50);
  expect(await program.stop()).toBe(0);
  expect((await last).text).toStartWith("v2");
  expect([isAlive(pid), existsSync(directory)]).toEqual([false, false]);
});

test("a function in a loop ends with the router, though that ends without a word", async () => {
  await using router = await start({ fn: "" });
  const { port, program } = router;
  const pid = Number((await getUntil(port, "/fn/pid", ({ status }) => status === 200)).text);
  const directory = socketDirectory(pid);
  const loop = get(port, "/fn/loop").catch(() => {});
  await Bun.sleep(50);
  program.kill();
  await loop;
  await waitFor("the process to end", () => !isAlive(pid));
  await waitFor("its directory to go", () => !existsSync(directory));
});

test("permissions hold on Deno, and are refused elsewhere", async () => {
  const module = `export default { fetch() {
    const tried = (what) => { try { what(); return "yes"; } catch (error) { return error.name; } };
    return Response.json([
      tried(() => Deno.readTextFileSync(${JSON.stringify("/etc/hostname")})),
      tried(() => Deno.readTextFileSync(${JSON.stringify("/etc/passwd")})),
      tried(() => Deno.env.get("GREETING")),
    ]); } };`;
  await using router = await start(
    { fn: ", permissions: { read: [/etc/hostname] }" },
    { "fn.js": module },
  );
  const { port, program } = router;
  if (FLAVOUR !== "deno") {
    await program.logged(/handler\.permissions: Bun has no permissions.*serviceName=fn@file/);
    expect((await get(port, "/fn/a")).status).not.toBe(200);
    return;
  }
  const answer = await getUntil(port, "/fn/a", ({ status }) => status === 200);
  expect(JSON.parse(answer.text)).toEqual(["yes", "NotCapable", "NotCapable"]);
});

/** The answer to "hello" on a WebSocket. */
function echoed(port: number, path: string): Promise<unknown> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  return new Promise((resolve, reject) => {
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => {
      resolve(data);
      socket.close();
    };
    socket.onerror = reject;
  });
}

/** The sockets that a process has open, by their inodes. */
function socketsOf(pid: number): string[] {
  const descriptors = readdirSync(`/proc/${pid}/fd`).map((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    } catch {
      return "";
    }
  });
  return descriptors.filter((target) => target.startsWith("socket:"));
}

/** The directory in which a function's process listens. */
function socketDirectory(pid: number): string {
  const own = socketsOf(pid);
  for (const name of readdirSync("/tmp").filter((entry) => /^sluice-[A-Za-z0-9]{6}$/.test(entry))) {
    const directory = `/tmp/${name}`;
    const sockets = readFileSync("/proc/net/unix", "latin1")
      .split("\n")
      .filter((line) => line.includes(`${directory}/`))
      .map((line) => line.trim().split(/\s+/)[6]);
    if (sockets.some((inode) => own.includes(`socket:[${inode}]`))) return directory;
  }
  throw new Error(`process ${pid} listens nowhere`);
}
