import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bunRuntime } from "../../../runtime/bun/bun-runtime.ts";
import { toolPath } from "../../../scripts/tool-path.ts";
import { askDnsServer } from "../../../src/net/dns/dns-client.ts";
import { CLASS, type DnsMessage, encodeQuery, TYPE } from "../../../src/net/dns/dns-message.ts";
import { freePort } from "../sockets/free-port.ts";
import { ServerProcess } from "./server-process.ts";

/** The base64 of all keys' secret; a key's name is its algorithm's with ".key" behind it. */
export const KNOT_SECRET = "c2x1aWNlLXRlc3RzLXNpZ24tdGhlaXItdXBkYXRlcyE=";
export const KNOT_ALGORITHMS = ["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"] as const;

const ZONE = "$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\n* A 127.0.0.1\n";

/** Knot DNS: a real authoritative server with zones that take updates. */
export interface KnotServer extends AsyncDisposable {
  readonly port: number;
  readonly directory: string;
  ask(name: string, type: number): Promise<DnsMessage>;
  /** The TXT records of a name, sorted. */
  texts(name: string): Promise<string[]>;
}

/** Zones by their names, and who may change them: those with a key, all of this machine, or none. */
export async function startKnot(
  zones: Readonly<Record<string, "signed" | "all" | "none">>,
): Promise<KnotServer> {
  const port = await freePort();
  const server = new ServerProcess((directory) => [
    toolPath("knotd")!,
    "-c",
    join(directory, "knot.conf"),
  ]);
  const { directory } = server;
  mkdirSync(join(directory, "run"));
  for (const zone of Object.keys(zones)) writeFileSync(join(directory, `${zone}.zone`), ZONE);
  const keys = KNOT_ALGORITHMS.map(
    (algorithm) =>
      `  - id: ${algorithm}.key\n    algorithm: ${algorithm}\n    secret: ${KNOT_SECRET}`,
  );
  const configuration = [
    `server:\n    listen: 127.0.0.1@${port}\n    rundir: ${directory}/run`,
    `database:\n    storage: ${directory}/run`,
    `key:\n${keys.join("\n")}`,
    `acl:\n  - id: signed\n    key: [${KNOT_ALGORITHMS.map((name) => `${name}.key`).join(", ")}]\n    action: update`,
    "  - id: all\n    address: 127.0.0.1\n    action: update",
    "zone:",
    ...Object.entries(zones).map(
      ([zone, who]) =>
        `  - domain: ${zone}\n    storage: ${directory}\n    file: ${zone}.zone${who === "none" ? "" : `\n    acl: ${who}`}`,
    ),
  ];
  writeFileSync(join(directory, "knot.conf"), `${configuration.join("\n")}\n`);
  const ask = async (name: string, type: number) => {
    const query = encodeQuery(1, { name, type, class: CLASS.IN }, false);
    const place = { hostname: "127.0.0.1", port };
    const options = { timeout: 1000, signal: new AbortController().signal };
    return (await askDnsServer(bunRuntime(), place, query, options)).message;
  };
  const [first] = Object.keys(zones);
  await server.start(async () => (await ask(`${first}.`, TYPE.SOA)).answers.length > 0);
  return {
    port,
    directory,
    ask,
    texts: async (name) =>
      (await ask(name, TYPE.TXT)).answers.map(({ texts }) => texts.join("")).sort(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
