import { expect } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import type { DnsRecord } from "../../../src/acme/dns/dns-record.ts";
import { rfc2136 } from "../../../src/acme/dns/own/rfc2136.ts";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";
import { KNOT_SECRET, startKnot } from "../../support/servers/knot-server.ts";
import { Pebble } from "../../support/servers/pebble.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { waitFor } from "../../support/wait-for.ts";
import { ApiDouble, dnsContext, NEVER } from "../../unit/acme/dns/api-double.ts";

const test = testWith("pebble", "pebble-challtestsrv", "knotd", "curl");

/** The names of the certificate that a client gets, or why it doesn't trust it. */
function certificateOf(port: number, servername: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, servername, ca, rejectUnauthorized: false });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const { authorized, authorizationError } = socket;
      resolve(
        authorized ? socket.getPeerCertificate().subjectaltname! : String(authorizationError),
      );
      socket.destroy();
    });
  });
}

test("certificates come by records that a server, a program and updates make, and these go again", async () => {
  await using knot = await startKnot({ "dns.test": "signed" });
  await using pebble = await Pebble.start({ dns: `127.0.0.1:${knot.port}` });
  const server = `127.0.0.1:${knot.port}`;
  const update = {
    RFC2136_NAMESERVER: server,
    RFC2136_TSIG_KEY: "hmac-sha256.key",
    RFC2136_TSIG_ALGORITHM: "hmac-sha256",
    RFC2136_TSIG_SECRET: KNOT_SECRET,
  };
  // What the user's own server does is to update Knot; the program asks it to.
  const asked: string[] = [];
  using hook = new ApiDouble(async ({ path, json, query }) => {
    const { fqdn, value } = { ...query, ...(json as object) } as unknown as DnsRecord;
    asked.push(`${path} ${fqdn}`);
    const updater = await rfc2136(dnsContext(hook, update));
    const record = { fqdn, value, domain: "", token: "", keyAuthorization: "" };
    await updater[path.endsWith("/present") ? "present" : "cleanUp"](record, NEVER);
    return new Response("done");
  });
  const port = await freePort();
  const resolver = (provider: string) =>
    `  ${provider}: { acme: { email: me@dns.test, caServer: "${pebble.url}", caCertificates: [ca.pem], keyType: EC256, storage: acme.json, dnsChallenge: { provider: ${provider}, resolvers: ["${server}"], propagation: { disableANSChecks: true, requireAllRNS: true } } } }`;
  const route = (name: string, tls: string) =>
    `    ${name}: { rule: Host(\`${name}.dns.test\`), service: whoami@internal, tls: ${tls} }`;
  await using router = await startRouter({
    entryPoints: { websecure: port },
    dynamic: [
      "http:",
      "  routers:",
      route("exec", "{ certResolver: exec }"),
      route("httpreq", "{ certResolver: httpreq }"),
      route(
        "wild",
        '{ certResolver: rfc2136, domains: [{ main: "*.wild.dns.test", sans: [wild.dns.test] }] }',
      ),
    ].join("\n"),
    static: ["certificatesResolvers:", ...["exec", "httpreq", "rfc2136"].map(resolver)].join("\n"),
    files: {
      "ca.pem": pebble.ca,
      hook: `#!/bin/sh\nexec curl -sf -G "${hook.url}/exec/$1" -d "fqdn=$2" -d "value=$3"\n`,
    },
    prepare: (directory) => chmodSync(join(directory, "hook"), 0o755),
    env: {
      ...update,
      EXEC_PATH: "./hook",
      EXEC_POLLING_INTERVAL: "1",
      HTTPREQ_ENDPOINT: `${hook.url}/httpreq`,
      HTTPREQ_POLLING_INTERVAL: "1",
      RFC2136_POLLING_INTERVAL: "1",
    },
  });
  const root = await pebble.root();
  const served = (name: string, names: string) =>
    waitFor(
      `${name} to have a certificate`,
      async () => {
        // A handshake costs the router more than the test.
        await Bun.sleep(200);
        return (await certificateOf(port, name, root)) === names;
      },
      60_000,
    );
  await served("exec.dns.test", "DNS:exec.dns.test");
  await served("httpreq.dns.test", "DNS:httpreq.dns.test");
  await served("a.wild.dns.test", "DNS:*.wild.dns.test, DNS:wild.dns.test");
  for (const name of ["exec", "httpreq", "wild"])
    await waitFor(
      "the records to be gone",
      async () => (await knot.texts(`_acme-challenge.${name}.dns.test.`)).length === 0,
    );
  expect(asked.toSorted()).toEqual([
    "/exec/cleanup _acme-challenge.exec.dns.test.",
    "/exec/present _acme-challenge.exec.dns.test.",
    "/httpreq/cleanup _acme-challenge.httpreq.dns.test.",
    "/httpreq/present _acme-challenge.httpreq.dns.test.",
  ]);
  const stored = readFileSync(join(router.program.directory, "acme.json"), "utf8");
  expect(Object.keys(JSON.parse(stored) as object).toSorted()).toEqual([
    "exec",
    "httpreq",
    "rfc2136",
  ]);
  expect(router.program.log).not.toContain(KNOT_SECRET);
}, 120_000);
