import { expect } from "bun:test";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { type Program, startProgram } from "../../support/program.ts";
import { testWith } from "../../support/requires.ts";
import { Pebble } from "../../support/servers/pebble.ts";
import { startRedis } from "../../support/servers/store-servers.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { PATIENCE, waitFor } from "../../support/wait-for.ts";

const test = testWith("pebble", "pebble-challtestsrv", "redis-server");

/** Deno takes ten seconds for an account's key where others have the processors too. */
const LONG = 3 * PATIENCE;

/** The serial number of what is shown for a name, where that is a certificate for it alone. */
function serialOf(port: number, servername: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", servername, rejectUnauthorized: false };
    const socket = connect(options, () => {
      const { subjectAltName, serialNumber } = new X509Certificate(socket.getPeerCertificate().raw);
      socket.destroy();
      resolve(subjectAltName === `DNS:${servername}` ? serialNumber : undefined);
    });
    socket.on("error", reject);
  });
}

const routers = (names: readonly string[]) =>
  `http: {routers: {${names
    .map((name) => {
      const rule = `Host(\`${name}\`)`;
      return `${name.split(".")[0]}: {rule: "${rule}", service: whoami@internal, tls: {certResolver: le}}`;
    })
    .join(", ")}}}\n`;

test("two instances with one store: one orders, both answer and serve, the other one takes over", async () => {
  await using pebble = await Pebble.start();
  await using redis = await startRedis(["--requirepass", "secret", "--notify-keyspace-events", ""]);
  const names = Array.from({ length: 6 }, (_, i) => `n${i}.test`);
  const start = async (tlsPort: number) =>
    startProgram({
      args: ["--configFile=traefik.yml"],
      files: {
        "traefik.yml": `entryPoints:
  web: { address: "127.0.0.1:${pebble.httpPort}", reusePort: true }
  websecure: { address: "127.0.0.1:${tlsPort}" }
providers: { providersThrottleDuration: 100ms, file: { filename: dynamic.yml } }
core: { workers: 1 }
log: { level: INFO }
certificatesResolvers:
  le:
    acme:
      caServer: ${pebble.url}
      caCertificates: [ca.pem]
      keyType: EC256
      httpChallenge: { entryPoint: web }
      store: { redis: { endpoints: ["127.0.0.1:${redis.port}"], password: secret } }
`,
        "dynamic.yml": routers(names),
        "ca.pem": pebble.ca,
      },
      ports: [tlsPort],
    });
  const [firstPort, secondPort] = [await freePort(), await freePort()];
  await using first = await start(firstPort);
  await using second = await start(secondPort);
  const both = (name: string) =>
    waitFor(
      `both to serve ${name}`,
      async () => {
        const [one, two] = [await serialOf(firstPort, name), await serialOf(secondPort, name)];
        return one !== undefined && one === two;
      },
      LONG,
    );
  for (const name of names) await both(name);
  const orders = ({ log }: Program) => log.split("Obtained a certificate").length - 1;
  expect([orders(first), orders(second)]).toEqual([6, 0]);
  // Half of the authority's connections came to the second one.
  expect(first.log + second.log).not.toContain("Unable to obtain");

  expect(await first.stop()).toBe(0);
  await second.logged("This instance orders certificates from now on", LONG);
  writeFileSync(join(second.directory, "dynamic.yml"), routers([...names, "later.test"]));
  const later = () => serialOf(secondPort, "later.test");
  await waitFor("a certificate for later.test", later, LONG);
  expect(orders(second)).toBe(1);
  expect(second.log).not.toContain("Registered an ACME account");
}, 120_000);
