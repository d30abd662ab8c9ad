import { afterAll, beforeAll, expect } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { API_SCHEMAS } from "../../../src/api/document/schemas.ts";
import { command, FLAVOUR } from "../../support/flavour.ts";
import { launchProgram, type Program, startProgram } from "../../support/program.ts";
import { testWith } from "../../support/requires.ts";
import { Pebble } from "../../support/servers/pebble.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { PATIENCE, waitFor } from "../../support/wait-for.ts";

const test = testWith("pebble", "pebble-challtestsrv");
/** A TLS library that can't show the certificates of TLS-ALPN-01. */
const withoutTlsAlpn = FLAVOUR === "deno";

let pebble: Pebble;

beforeAll(async () => {
  pebble = await Pebble.start();
});

afterAll(() => pebble?.[Symbol.asyncDispose]());

/** The certificate that a server shows for a name. */
function shown(port: number, servername: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", servername, rejectUnauthorized: false };
    const socket = connect(options, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new X509Certificate(raw));
    });
    socket.on("error", reject);
  });
}

/** Deno takes ten seconds for an account's key where others have the processors too. */
const LONG = 3 * PATIENCE;

/** Waits until a name is served with a certificate for exactly these names. */
const issuedFor = (port: number, name: string, ...names: readonly string[]) =>
  waitFor(
    `a certificate for ${name}`,
    async () => {
      const certificate = await shown(port, name);
      const expected = names.map((each) => `DNS:${each}`).join(", ");
      return certificate.subjectAltName === expected ? certificate : undefined;
    },
    LONG,
  );

const resolver = (more: string) => `    acme:
      email: a@example.com
      caServer: ${pebble.url}
      caCertificates: [ca.pem]
      keyType: EC256
${more}`;

const ENTRY_POINTS = () => `entryPoints:
  web:
    address: "127.0.0.1:${pebble.httpPort}"
    http: { redirections: { entryPoint: { to: websecure } } }
  websecure:
    address: "127.0.0.1:${pebble.tlsPort}"
providers: { providersThrottleDuration: 100ms, file: { filename: dynamic.yml } }
log: { level: DEBUG }
`;

const http = () => resolver("      httpChallenge: { entryPoint: web }\n");

const DYNAMIC = `http:
  routers:
    names:
      rule: Host(\`a.test\`) || Host(\`B.test\`)
      service: whoami@internal
      tls: { certResolver: le }
    domains:
      rule: PathPrefix(\`/domains\`)
      service: whoami@internal
      tls:
        certResolver: le
        domains: [{ main: c.test, sans: [d.test] }]
    demanded:
      rule: HostRegexp(\`^[a-z]+\\.od\\.test$\`)
      service: whoami@internal
      tls: { certResolver: le }
    nowhere:
      rule: Host(\`nowhere.test\`)
      service: whoami@internal
      tls: { certResolver: other }
tls:
  stores:
    default:
      defaultGeneratedCert: { resolver: le, domain: { main: default.test } }
`;

interface AcmeJson {
  readonly [resolver: string]: {
    readonly Account: { readonly Email: string; readonly Registration: { readonly uri: string } };
    readonly Certificates: readonly {
      readonly domain: { readonly main: string; readonly sans?: readonly string[] };
      readonly Store: string;
    }[];
  };
}

const stored = (program: Program) =>
  JSON.parse(readFileSync(join(program.directory, "acme.json"), "utf8")) as AcmeJson;

/** Allows certificates for names that begin with "good". */
function onDemandHook() {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ url }) {
      const name = new URL(url).searchParams.get("domain") ?? "";
      asked.push(name);
      return new Response(null, { status: name.startsWith("good") ? 200 : 403 });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/allowed`,
    asked,
    [Symbol.dispose]: () => server.stop(true),
  };
}

test("HTTP-01 past a redirection, for rules, domains, the default store and on demand; kept over a restart", async () => {
  using hook = onDemandHook();
  const onDemand = `      onDemand: { ask: "${hook.url}", perHour: 2 }\n`;
  const files = {
    "traefik.yml": `${ENTRY_POINTS()}certificatesResolvers:\n  le:\n${http()}${onDemand}`,
    "dynamic.yml": DYNAMIC,
    "ca.pem": pebble.ca,
  };
  const ports = [pebble.httpPort, pebble.tlsPort];
  const args = ["--configFile=traefik.yml"];
  const serials: string[] = [];
  let json = "";
  {
    await using program = await startProgram({ args, files, ports });
    const a = await issuedFor(pebble.tlsPort, "a.test", "a.test", "b.test");
    expect(a.issuer).toContain("Pebble");
    const c = await issuedFor(pebble.tlsPort, "d.test", "c.test", "d.test");
    const fallback = await issuedFor(pebble.tlsPort, "whatever.test", "default.test");
    // Handshakes don't wait for what they ask for: they get the default one.
    for (const name of ["good.od.test", "bad.od.test", "good.elsewhere.test"])
      expect((await shown(pebble.tlsPort, name)).serialNumber).toBe(fallback.serialNumber);
    const demanded = await issuedFor(pebble.tlsPort, "good.od.test", "good.od.test");
    serials.push(a.serialNumber, c.serialNumber, fallback.serialNumber, demanded.serialNumber);
    await waitFor("the hook to be asked", () => hook.asked.length > 1);
    expect(hook.asked.sort()).toEqual(["bad.od.test", "good.od.test"]);
    // What isn't a challenge of ours is an empty 404, and the rest is redirected.
    const web = `http://127.0.0.1:${pebble.httpPort}`;
    const missing = await fetch(`${web}/.well-known/acme-challenge/nothing`, {
      redirect: "manual",
    });
    expect([missing.status, await missing.text()]).toEqual([404, ""]);
    expect((await fetch(`${web}/other`, { redirect: "manual" })).status).toBe(301);
    await program.logged("Router uses a nonexistent certificate resolver");
    await waitFor("all to be stored", () => stored(program)["le"].Certificates.length === 4);
    expect(statSync(join(program.directory, "acme.json")).mode & 0o777).toBe(0o600);
    expect(stored(program)["le"].Account.Email).toBe("a@example.com");
    expect(await program.stop()).toBe(0);
    json = readFileSync(join(program.directory, "acme.json"), "utf8");
  }
  await using program = await startProgram({
    args,
    ports,
    files,
    prepare: (directory) => writeSecret(join(directory, "acme.json"), json),
  });
  const names = ["b.test", "c.test", "whatever.test", "good.od.test"];
  const again = await Promise.all(names.map((name) => shown(pebble.tlsPort, name)));
  expect(again.map(({ serialNumber }) => serialNumber)).toEqual(serials);
  expect(await program.stop()).toBe(0);
  expect(program.log).not.toContain("Obtained a certificate");
  expect(readFileSync(join(program.directory, "acme.json"), "utf8")).toBe(json);
}, 120_000);

test("TLS-ALPN-01 is answered before all routers; a second resolver has its place in the file", async () => {
  const tls = resolver("      tlsChallenge: {}\n");
  const files = {
    "traefik.yml": `${ENTRY_POINTS()}certificatesResolvers:\n  le:\n${http()}  alpn:\n${tls}`,
    "dynamic.yml": `tcp:
  routers:
    all: { rule: "HostSNI(\`*\`)", service: nowhere, tls: { passthrough: true } }
  services:
    nowhere: { loadBalancer: { servers: [{ address: "127.0.0.1:${await freePort()}" }] } }
http:
  routers:
    one: { rule: "Host(\`e.test\`)", service: whoami@internal, tls: { certResolver: alpn } }
    two: { rule: "Host(\`f.test\`)", service: whoami@internal, tls: { certResolver: le } }
`,
    "ca.pem": pebble.ca,
  };
  const args = ["--configFile=traefik.yml"];
  if (withoutTlsAlpn) {
    await using program = launchProgram({ args, files });
    expect(await program.exited()).toBe(1);
    expect(program.log).toContain("certificatesResolvers.alpn.acme.tlsChallenge: this runtime's");
    return;
  }
  await using program = await startProgram({ args, files, ports: [pebble.tlsPort] });
  await issuedFor(pebble.tlsPort, "e.test", "e.test");
  await issuedFor(pebble.tlsPort, "f.test", "f.test");
  await waitFor("both to be stored", () =>
    ["le", "alpn"].every((name) => stored(program)[name]?.Certificates?.length === 1),
  );
  expect(Object.keys(stored(program))).toEqual(["alpn", "le"]);
}, 120_000);

/** What lego calls httpreq: has the authority's DNS server have a record, or not any more. */
function httpreqServer(authority: Pebble) {
  const seen: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const path = new URL(request.url).pathname;
      const { fqdn, value } = (await request.json()) as { fqdn: string; value: string };
      seen.push(`${path} ${fqdn}`);
      if (path === "/present") await authority.setTxt(fqdn, value);
      else await authority.clearTxt(fqdn);
      return new Response();
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    seen,
    [Symbol.dispose]: () => server.stop(true),
  };
}

test("an authority that is down at the start, and one that refuses; DNS-01", async () => {
  await using late = await Pebble.prepare();
  using dns = httpreqServer(late);
  const files = {
    "traefik.yml": `entryPoints:
  web: { address: "127.0.0.1:${late.httpPort}" }
  websecure: { address: "127.0.0.1:${late.tlsPort}" }
providers: { providersThrottleDuration: 100ms, file: { filename: dynamic.yml } }
api: {}
metrics: { prometheus: { manualRouting: true } }
certificatesResolvers:
  le:
    acme:
      caServer: ${late.url}
      caCertificates: [ca.pem]
      keyType: EC256
      httpChallenge: { entryPoint: web }
  dns:
    acme:
      caServer: ${late.url}
      caCertificates: [ca.pem]
      keyType: EC256
      dnsChallenge:
        provider: httpreq
        resolvers: ["127.0.0.1:${late.dnsPort}"]
        propagation: { disableANSChecks: true, requireAllRNS: true }
`,
    "dynamic.yml": `http:
  routers:
    api: { rule: "PathPrefix(\`/api\`)", entryPoints: [web], service: api@internal }
    metrics: { rule: "Path(\`/metrics\`)", entryPoints: [web], service: prometheus@internal }
    wild: { rule: "Host(\`*.wild.test\`)", service: whoami@internal, tls: { certResolver: dns } }
    good: { rule: "Host(\`late.test\`)", service: whoami@internal, tls: { certResolver: le } }
    bad: { rule: "Host(\`blocked.test\`)", service: whoami@internal, tls: { certResolver: le } }
`,
    "ca.pem": late.ca,
  };
  const args = ["--configFile=traefik.yml"];
  const env = { HTTPREQ_ENDPOINT: dns.url };
  await using program = await startProgram({ args, files, env, ports: [late.tlsPort] });
  // Nothing waits for the authority.
  expect((await shown(late.tlsPort, "late.test")).subject).toBe("CN=TRAEFIK DEFAULT CERT");
  await program.logged(/Unable to obtain ACME certificate for domains.*late\.test/);
  await late.run();
  await issuedFor(late.tlsPort, "late.test", "late.test");
  await issuedFor(late.tlsPort, "a.wild.test", "*.wild.test");
  expect(dns.seen).toEqual([
    "/present _acme-challenge.wild.test.",
    "/cleanup _acme-challenge.wild.test.",
  ]);
  await program.logged(/Unable to obtain.*blocked\.test.*rejectedIdentifier/, LONG);
  expect((await shown(late.tlsPort, "blocked.test")).subject).toBe("CN=TRAEFIK DEFAULT CERT");
  await showsFailure(`http://127.0.0.1:${late.httpPort}`);
  // Another process tells of both.
  const { PATH = "", HOME = "", DENO_DIR } = process.env;
  const listing = await waitFor(
    "the list of certificates",
    async () => {
      const { stdout, exitCode } = Bun.spawnSync([...command(), "certificates", "traefik.yml"], {
        cwd: program.directory,
        env: { PATH, HOME, DENO_DIR: DENO_DIR ?? join(HOME, ".cache/deno"), NO_COLOR: "1" },
      });
      const text = stdout.toString();
      // Pebble chooses one of its profiles where none is asked for: how long it lasts is open.
      const listed = /^\S+ {2}\d+ (?:days|hours) +le +late\.test$/m.test(text);
      return exitCode === 1 && listed ? text : undefined;
    },
    LONG,
  );
  expect(listing).toMatch(
    /^- +not there yet +le +blocked\.test\n {4}failed \S+.*, last at .*rejectedIdentifier/m,
  );
}, 120_000);

/** The API and Prometheus say why "blocked.test" isn't there. */
async function showsFailure(web: string): Promise<void> {
  // What is served is stored a moment later, and its order is done then.
  await waitFor("the order to be done", async () => {
    const all = (await (await fetch(`${web}/api/resolvers`)).json()) as unknown[];
    const { name, status, succeeded } = API_SCHEMAS.Resolver.parse(all[0]);
    return name === "dns" && status === "enabled" && succeeded === 1;
  });
  const one = await (await fetch(`${web}/api/resolvers/le`)).json();
  const { certificates } = API_SCHEMAS.Resolver.parse(one);
  expect(certificates.find(({ names }) => names[0] === "blocked.test")).toEqual({
    names: ["blocked.test"],
    failure: {
      error: expect.stringContaining("rejectedIdentifier"),
      errorType: "rejectedIdentifier",
      failures: expect.any(Number),
      lastFailure: expect.any(String),
      nextAttempt: expect.any(String),
    },
  });
  const [certificate] = (await (await fetch(`${web}/api/certificates?search=late`)).json()) as [
    unknown,
  ];
  expect(API_SCHEMAS.Certificate.parse(certificate)).toMatchObject({
    resolver: "le",
    renewAt: expect.any(String),
  });
  const metrics = await (await fetch(`${web}/metrics`)).text();
  expect(metrics).toContain(
    'sluice_acme_failing_certificates{error="rejectedIdentifier",resolver="le"} 1\n',
  );
  expect(metrics).toMatch(/^sluice_acme_next_attempt_timestamp_seconds\{resolver="le"\} \d{10}$/m);
}

test("a storage that others can read, or that can't be read, switches its resolver off", async () => {
  const files = {
    "traefik.yml": `${ENTRY_POINTS()}certificatesResolvers:
  le:
${http()}  broken:
${resolver("      storage: broken.json\n      httpChallenge: { entryPoint: web }\n")}`,
    "dynamic.yml": DYNAMIC.replace("certResolver: other", "certResolver: broken"),
    "ca.pem": pebble.ca,
    "acme.json": "{}",
  };
  await using program = await startProgram({
    args: ["--configFile=traefik.yml"],
    files,
    ports: [pebble.tlsPort],
    prepare: (directory) => writeSecret(join(directory, "broken.json"), '{"broken": 1'),
  });
  await program.logged(/permissions 6[0-9]{2} for acme\.json are too open, please use 600/);
  await program.logged(/broken\.json can't be read/);
  expect((await shown(pebble.tlsPort, "a.test")).subject).toBe("CN=TRAEFIK DEFAULT CERT");
  expect(await program.stop()).toBe(0);
  expect(readFileSync(join(program.directory, "broken.json"), "utf8")).toBe('{"broken": 1');
});

function writeSecret(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
}
