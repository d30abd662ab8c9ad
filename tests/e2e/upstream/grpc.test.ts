import { expect } from "bun:test";
import { join } from "node:path";
import { ROOT } from "../../../scripts/paths.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { curl } from "../../support/curl.ts";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("curl", "node", "openssl");
const PEERS = join(ROOT, "tests/support/grpc");

const ca = makeCertificate({ name: "Sluice Test CA", ca: true });
const front = makeCertificate({ names: ["DNS:grpc.test"], issuer: ca });
const back = makeCertificate({ names: ["DNS:backend.test"], issuer: ca });
const FILES = {
  "ca.pem": ca.certificate,
  "front.pem": front.certificate,
  "front.key": front.key,
  "back.pem": back.certificate,
  "back.key": back.key,
};

const EXPECTED = {
  unary: {
    first: "yes",
    last: "too",
    bytes: "0001feff",
    response: {
      echo: { hello: "world" },
      metadata: expect.objectContaining({ "x-asked": "indeed" }),
    },
  },
  large: 3_000_000,
  collect: { sum: 500_500, messages: 1000 },
  count: { messages: 2000, last: 1999 },
  chat: Array.from({ length: 50 }, (_, i) => (i + 1) * 2),
  trailersOnly: {
    messages: 0,
    error: {
      code: 5,
      details: "nothing here: ünïcode",
      metadata: expect.objectContaining({ "x-why": "because" }),
    },
  },
  failsBehind: { messages: 3, error: expect.objectContaining({ code: 5 }) },
  deadline: 4,
  cancelled: 1,
  parallel: 200,
  cancellations: 2,
};

async function startServer(env: Record<string, string> = {}) {
  const process = Bun.spawn(["node", join(PEERS, "server.mjs")], {
    env: { PATH: globalThis.process.env["PATH"] ?? "", ...env },
    stdout: "pipe",
    stderr: "inherit",
  });
  let output = "";
  void (async () => {
    for await (const chunk of process.stdout) output += new TextDecoder().decode(chunk);
  })();
  const port = await waitFor("the server's port", () => Number(output) || undefined);
  return {
    port,
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.exited;
    },
  };
}

async function callEverything(...args: string[]): Promise<unknown> {
  const process = Bun.spawn(["node", join(PEERS, "client.mjs"), ...args], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
  ]);
  await process.exited;
  if (output === "") throw new Error(errors);
  return JSON.parse(output);
}

test("every kind of call, h2c to h2c: real clients and servers see each other as if nothing were between", async () => {
  await using server = await startServer();
  await using router = await startRouter({
    dynamic: `http:
  routers:
    all: { rule: "PathPrefix(\`/sluice.test.Echo/\`)", service: echo }
  services:
    echo:
      loadBalancer:
        servers: [{ url: "h2c://127.0.0.1:${server.port}" }]
`,
  });
  expect(await callEverything(`127.0.0.1:${router.port}`)).toEqual(EXPECTED);
}, 60_000);

test("the same with TLS on both sides, the backend's certificate checked", async () => {
  await using router = await startRouter({
    files: FILES,
    dynamic: "http: {}\n",
  });
  const at = (name: string) => `${router.program.directory}/${name}`;
  await using server = await startServer({ GRPC_CERT: at("back.pem"), GRPC_KEY: at("back.key") });
  await router.reconfigure(`http:
  routers:
    all: { rule: "Host(\`grpc.test\`)", service: echo, tls: {} }
  services:
    echo:
      loadBalancer:
        serversTransport: backend
        servers: [{ url: "https://127.0.0.1:${server.port}" }]
  serversTransports:
    backend: { serverName: backend.test, rootCAs: [ca.pem] }
tls:
  certificates: [{ certFile: front.pem, keyFile: front.key }]
`);
  await waitFor("the new configuration", async () => {
    const { status } = await curl(`https://grpc.test:${router.port}/`, "-k");
    return status !== 404 && status !== 0;
  });
  const seen = await callEverything(`127.0.0.1:${router.port}`, at("ca.pem"), "grpc.test");
  expect(seen).toEqual(EXPECTED);
}, 60_000);
