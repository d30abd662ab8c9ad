import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHttpClient } from "../../../../runtime/node/clients/http-client.ts";
import { durableFiles } from "../../../../runtime/node/engine/durable-files.ts";
import { rsaKey } from "../../../../runtime/node/engine/rsa-key.ts";
import { nodeFiles } from "../../../../runtime/node/files.ts";
import { HttpTokens } from "../../../../src/acme/challenges/http-tokens.ts";
import { OnDemand } from "../../../../src/acme/demand/on-demand.ts";
import { AcmeClient } from "../../../../src/acme/protocol/acme-client.ts";
import {
  AcmeResolver,
  type AcmeResolverOptions,
} from "../../../../src/acme/resolver/acme-resolver.ts";
import { FileStorage } from "../../../../src/acme/storage/file-storage.ts";
import { Key } from "../../../../src/acme/x509/key.ts";
import { createLogger } from "../../../../src/telemetry/logger.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import { testWith } from "../../../support/requires.ts";
import { BusyAuthority } from "../../../support/servers/busy-authority.ts";
import { Pebble } from "../../../support/servers/pebble.ts";
import { PATIENCE, waitFor } from "../../../support/wait-for.ts";

const acmeTest = testWith("pebble", "pebble-challtestsrv");

let pebble: Pebble;
let web: Server;
let directory: string;
const tokens = new HttpTokens();
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  pebble = await Pebble.start();
  web = createServer(async ({ url = "", headers }, response) => {
    const host = headers.host!.replace(/:\d+$/, "");
    const found = await tokens.answer(host, url.split("/").at(-1)!);
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((resolve) => web.listen(pebble.httpPort, "127.0.0.1", resolve));
});

afterAll(async () => {
  web?.close();
  await pebble?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-resolver-"));
});

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(directory, { recursive: true, force: true });
});

const backoff = {
  refused: { first: 50, longest: 50, growth: 1 },
  unreachable: { first: 50, longest: 50, growth: 1 },
};

/** A resolver that runs, on the storage of this test. */
async function start(more: Partial<AcmeResolverOptions> = {}, ca = pebble.ca) {
  const log = new MemoryFile();
  const logger = createLogger({ level: "info", format: "common" }, log);
  const storage = new FileStorage({
    path: join(directory, "acme.json"),
    runtime: { files: nodeFiles, durableFiles, hostname, pid: process.pid },
    logger,
  });
  await storage.open();
  const caServer = more.caServer ?? pebble.url;
  const client = new AcmeClient({
    url: caServer,
    http: nodeHttpClient({ tls: { ca, verify: true } }),
    timeout: 10_000,
    headTimeout: 10_000,
  });
  const resolver = new AcmeResolver({
    resolver: "le",
    email: "",
    emailAddresses: [],
    disableCommonName: false,
    profile: "",
    preferredChain: "",
    certificateTimeout: 10_000,
    keyType: "EC256",
    solvers: async () => ({ "http-01": tokens.solver(0) }),
    runtime: { rsaKey },
    changed: () => {},
    backoff,
    ...more,
    caServer,
    client,
    storage,
    logger,
  });
  resolver.start();
  const stop = async () => {
    resolver.stop();
    await storage.close();
  };
  stops.push(stop);
  const said = () => log.writes.map((bytes) => new TextDecoder().decode(bytes)).join("");
  const certificates = () =>
    resolver.certificates.map(({ certificate }) => new X509Certificate(certificate));
  return { resolver, storage, client, stop, said, certificates };
}

type Started = Awaited<ReturnType<typeof start>>;

const count = ({ resolver, said }: Started, wanted: number) =>
  waitFor(`${wanted} certificates`, () => resolver.certificates.length === wanted, PATIENCE).catch(
    (error: Error) => {
      throw new Error(`${error.message}\n${said()}`);
    },
  );

acmeTest(
  "a certificate is renewed when the authority says so, with its key unless its type changed",
  async () => {
    const first = await start();
    first.resolver.want([["a.test", "b.test"]], []);
    await count(first, 1);
    const [before] = first.certificates();
    await waitFor(
      "it to be stored",
      () => readFileSync(join(directory, "acme.json")).length > 5000,
    );
    await first.stop();
    const { start: window, end } = { start: new Date(0), end: new Date(1) };
    const suggestion = {
      suggestedWindow: { start: window, end },
      explanationURL: "https://why.test",
    };
    await pebble.setRenewalInfo(before.toString(), JSON.stringify(suggestion));

    const second = await start();
    await waitFor(
      "it to be renewed",
      () => second.certificates()[0].serialNumber !== before.serialNumber,
    );
    const [renewed] = second.certificates();
    expect(renewed.subjectAltName).toBe(before.subjectAltName);
    expect(renewed.publicKey.equals(before.publicKey)).toBe(true);
    expect(second.said()).toContain("The authority suggests to renew a certificate now");
    expect(second.said()).not.toContain("Registered");
    // It isn't wanted a second time.
    second.resolver.want([["b.test"], ["a.test", "b.test"]], []);
    expect(second.resolver.states).toHaveLength(1);
    await second.stop();

    await pebble.setRenewalInfo(renewed.toString(), JSON.stringify(suggestion));
    const third = await start({ keyType: "EC384" });
    await waitFor(
      "it to be renewed",
      () => third.certificates()[0].serialNumber !== renewed.serialNumber,
    );
    expect(third.certificates()[0].publicKey.asymmetricKeyDetails?.namedCurve).toBe("secp384r1");
  },
  60_000,
);

acmeTest(
  "an account that was deactivated is replaced, and the order goes on",
  async () => {
    const started = await start({ email: "a@example.com" });
    started.resolver.want([["c.test"]], []);
    await count(started, 1);
    const { account } = started.storage.section("le");
    const key = await Key.readRsa(account!.privateKey);
    const accountUrl = account!.registration!.uri;
    await started.client.post(accountUrl, { key, accountUrl }, { status: "deactivated" });
    started.resolver.want([["d.test"]], []);
    await count(started, 2);
    expect(started.said()).toContain("The authority doesn't know the account any more");
    expect(started.storage.section("le").account!.registration!.uri).not.toBe(accountUrl);
  },
  60_000,
);

acmeTest(
  "an order that fails is tried again, and says why until it succeeds",
  async () => {
    await pebble.failLookups("e.test");
    const started = await start();
    started.resolver.want([["e.test"]], []);
    const { failure } = await waitFor("it to fail twice", () =>
      started.resolver.states.find(({ failure }) => (failure?.tries ?? 0) > 1),
    );
    expect(failure?.error).toContain("e.test: the authority did not accept http-01");
    // What isn't wanted any more isn't tried any more.
    started.resolver.want([["f.test"]], []);
    await waitFor("it to be forgotten", () =>
      started.resolver.states.every(({ names }) => names[0] === "f.test"),
    );
    await pebble.succeedLookups("e.test");
    started.resolver.want([["e.test"], ["f.test"]], []);
    await count(started, 2);
    expect(started.resolver.states.map((state) => state.failure)).toEqual([undefined, undefined]);
  },
  60_000,
);

/** How many requests of a kind were refused, and how many done: Pebble doesn't like one nonce in twenty. */
function outcomes({ seen }: BusyAuthority, matches: RegExp) {
  const those = seen.filter(({ what }) => matches.test(what));
  const done = those.filter(({ status }) => status < 300).length;
  return { done, refused: those.filter(({ refused }) => refused).length };
}

acmeTest(
  "names that clients ask for are ordered once, as many an hour as are allowed, over a restart as well",
  async () => {
    await pebble.failLookups("gone.od.test");
    const asked: string[] = [];
    using hook = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch({ url }) {
        asked.push(new URL(url).searchParams.get("domain")!);
        return new Response(null, { status: url.includes("no") ? 403 : 200 });
      },
    });
    const onDemand = (orderedAt: readonly number[]) => {
      const decides = new OnDemand({
        ask: `http://127.0.0.1:${hook.port}/`,
        perHour: 3,
        http: nodeHttpClient({}),
        logger: createLogger({ level: "error", format: "common" }, new MemoryFile()),
        orderedAt,
      });
      decides.hosts = (host) => host.endsWith(".od.test");
      return decides;
    };
    const slow = { first: 600_000, longest: 600_000, growth: 1 };
    const options = { backoff: { refused: slow, unreachable: slow } };
    const first = await start({ ...options, onDemand: onDemand([]) });
    first.resolver.want([["said.od.test"]], ["*.covered.od.test"]);
    await count(first, 1);
    const ask = (...names: string[]) => {
      for (const name of names) first.resolver.demand(name);
    };
    ask(
      "a.covered.od.test",
      "said.od.test",
      "no.od.test",
      "a.od.test",
      "a.od.test",
      "gone.od.test",
    );
    await count(first, 2);
    await waitFor("the other to fail", () => first.resolver.state.failed === 1);
    // It has to wait, and a new configuration doesn't take it back.
    ask("gone.od.test", "a.od.test");
    first.resolver.want([["said.od.test"]], []);
    expect(asked.sort()).toEqual(["a.od.test", "gone.od.test", "no.od.test"]);
    expect(first.storage.demands("le")).toHaveLength(2);
    await first.stop();

    const notes = JSON.parse(readFileSync(join(directory, "acme.json.failures"), "utf8"));
    const second = await start({ ...options, onDemand: onDemand(notes.le.demands) });
    second.resolver.want([["said.od.test"]], []);
    for (const name of ["gone.od.test", "a.od.test", "b.od.test"]) second.resolver.demand(name);
    await count(second, 3);
    second.resolver.demand("c.od.test");
    expect(asked.slice(3)).toEqual(["b.od.test"]);
    expect(second.resolver.states.map(({ names, failure }) => [names[0], failure?.tries])).toEqual([
      ["said.od.test", undefined],
      ["a.od.test", undefined],
      ["b.od.test", undefined],
      ["gone.od.test", 1],
    ]);
    await pebble.succeedLookups("gone.od.test");
  },
  60_000,
);

acmeTest(
  "an authority without time is left alone until its Retry-After, and served then",
  async () => {
    using busy = new BusyAuthority(pebble);
    // As for every order: one that fails is tried again at once, were it not for the Retry-After.
    const hasty = { first: 1, longest: 1, growth: 1 };
    const options = { caServer: busy.url, backoff: { refused: hasty, unreachable: hasty } };
    // Before there is an account: the directory, and a first nonce.
    busy.refuse({ matches: /^GET \/dir/, status: 503, retryAfter: "1", times: 1 });
    busy.refuse({ matches: /nonce/, status: 429, retryAfter: "1", times: 1 });
    const started = await start(options, busy.ca);
    started.resolver.want([["busy.test"]], []);
    const succeeded = (wanted: number) =>
      waitFor(`${wanted} orders`, () => started.resolver.state.succeeded === wanted);
    await succeeded(1);
    const [directory, , nonce, retried] = busy.seen;
    expect([directory.refused, nonce.refused, retried.refused]).toEqual([true, true, false]);
    expect(busy.seen[1].at - directory.at).toBeGreaterThanOrEqual(995);
    expect(retried.at - nonce.at).toBeGreaterThanOrEqual(995);

    // An account's limit: what is under way is refused, one order looks again, then all others come.
    const newOrder = /order-plz/;
    busy.seen.length = 0;
    busy.refuse({ matches: newOrder, status: 429, retryAfter: "1", times: 13 });
    const names = Array.from({ length: 14 }, (_, i) => [`busy${i}.test`]);
    started.resolver.want([["busy.test"], ...names], []);
    const failing = await waitFor("an order to be refused", () =>
      started.resolver.states.find(({ failure }) => failure !== undefined),
    );
    expect(failing.failure).toMatchObject({ type: "rateLimited" });
    await succeeded(15);
    expect(outcomes(busy, newOrder)).toEqual({ done: 14, refused: 13 });
    const orders = busy.seen.filter(({ what }) => newOrder.test(what));
    // Ten at once and two more before the third refusal; one a second later, and another one after that.
    expect(orders[12].at - orders[11].at).toBeGreaterThanOrEqual(900);
    expect(orders[13].at - orders[12].at).toBeGreaterThanOrEqual(995);
    expect(started.resolver.state).toMatchObject({ succeeded: 15, failed: 15 });

    // In the middle of an order it goes on with that one.
    busy.seen.length = 0;
    busy.refuse({ matches: /finalize/, status: 503, retryAfter: "1", times: 1 });
    busy.refuse({ matches: /authZ|chalZ/, status: 429, retryAfter: "0", times: 1 });
    started.resolver.want([["busy.test"], ...names, ["later.test"]], []);
    await succeeded(16);
    expect(outcomes(busy, newOrder)).toEqual({ done: 1, refused: 0 });
    expect(outcomes(busy, /finalize/)).toEqual({ done: 1, refused: 1 });
    expect(started.resolver.state.failed).toBe(15);
  },
  60_000,
);

test("what Traefik has stored serves without an order, and names that others cover aren't ordered", async () => {
  const file = join(import.meta.dirname, "../storage/traefik-acme.txt");
  const text = readFileSync(file, "utf8");
  writeFileSync(join(directory, "acme.json"), text, { mode: 0o600 });
  const log: string[] = [];
  const http = nodeHttpClient({});
  const server = createServer((request, response) => {
    log.push(request.url!);
    response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const caServer = `http://127.0.0.1:${port}/dir`;
    const started = await start({ caServer });
    started.resolver.want([["b.test", "a.test"], ["c.test"], ["x.d.test"]], ["*.d.test"]);
    expect(started.resolver.states.map(({ names }) => names)).toEqual([
      ["a.test", "b.test"],
      ["c.test"],
    ]);
    // That the authority has renewal information is all that is asked.
    await waitFor("the authority to be asked", () => log.length > 0);
    expect(new Set(log)).toEqual(new Set(["/dir"]));
    await started.stop();
    expect(readFileSync(join(directory, "acme.json"), "utf8")).toBe(text);
  } finally {
    server.close();
    http.close();
  }
});
