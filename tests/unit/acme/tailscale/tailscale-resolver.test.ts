import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHttpClient } from "../../../../runtime/node/clients/http-client.ts";
import { TailscaleResolver } from "../../../../src/acme/tailscale/tailscale-resolver.ts";
import { createLogger } from "../../../../src/telemetry/logger.ts";
import { makeCertificate } from "../../../support/certificates.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import { waitFor } from "../../../support/wait-for.ts";

let directory: string;
let daemon: Server;
let asked: string[];
let failing = 0;

/** Answers as the daemon's local API does. */
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "sluice-tailscale-"));
  asked = [];
  daemon = createServer(({ url = "", headers }, response) => {
    asked.push(url);
    const name = /^\/localapi\/v0\/cert\/([^?]+)\?type=pair$/.exec(url)?.[1];
    if (failing-- > 0 || name === undefined || headers.host !== "local-tailscaled.sock") {
      response.writeHead(500).end("your Tailscale account does not support getting TLS certs\n");
      return;
    }
    const { certificate, key } = makeCertificate({ name, names: [`DNS:${name}`], days: 90 });
    response.end(`${key}${certificate}`);
  });
  await new Promise<void>((resolve) => daemon.listen(join(directory, "socket"), resolve));
});

afterEach(() => {
  daemon.close();
  rmSync(directory, { recursive: true, force: true });
});

test("certificates are fetched from the daemon, again after a failure, and dropped", async () => {
  failing = 1;
  const log = new MemoryFile();
  let changes = 0;
  const pause = { first: 20, longest: 20, growth: 1 };
  const resolver = new TailscaleResolver({
    name: "ts",
    http: nodeHttpClient({ socketPath: join(directory, "socket") }),
    logger: createLogger({ level: "info", format: "common" }, log),
    changed: () => changes++,
    backoff: { refused: pause, unreachable: pause },
  });
  const said = () => log.writes.map((bytes) => new TextDecoder().decode(bytes)).join("");
  try {
    resolver.start();
    resolver.want([["a.tail.ts.net", "b.tail.ts.net"], ["c.example.com"]]);
    await waitFor("both certificates", () => resolver.certificates.length === 2);
    expect(said()).toContain("the daemon answered 500: your Tailscale account does not support");
    expect(said()).toMatch(/expected a name such as machine\.tailnet\.ts\.net, found .*c\.example/);
    expect(resolver.certificates.map(({ main }) => main).sort()).toEqual([
      "a.tail.ts.net",
      "b.tail.ts.net",
    ]);
    expect(resolver.states.map(({ facts }) => facts?.names)).toEqual([
      ["a.tail.ts.net"],
      ["b.tail.ts.net"],
    ]);
    const before = asked.length;
    resolver.want([["b.tail.ts.net"]]);
    expect(resolver.certificates.map(({ main }) => main)).toEqual(["b.tail.ts.net"]);
    expect(changes).toBe(3);
    expect(asked.length).toBe(before);
  } finally {
    resolver.stop();
  }
});
