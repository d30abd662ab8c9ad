import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runtime } from "../../../src/net/runtime.ts";
import type { KeyPair, ServerTlsOptions } from "../../../src/net/tls.ts";
import type { Case } from "../case.ts";
import { Probe, within } from "../probe.ts";
import { CLIENT, ROOT, STRANGER } from "./tls-fixtures.ts";
import { type Outcome, SERVER_OPTIONS, TlsListener } from "./tls-probe.ts";

const VERSIONS = ["-tls1_2", "-tls1_3"];
const VERIFYING = { clientAuth: "require-and-verify", clientCAs: [ROOT] } as const;

/** Sessions that go on in another connection; openssl is the client. */
export const TLS_SESSION_CASES: Case[] = [
  {
    name: "TLS: sessions are resumed within a context",
    async run(runtime) {
      await using openssl = await Openssl.start();
      for (const version of VERSIONS) {
        for (const options of [{}, { ...VERIFYING }]) {
          using server = await serve(runtime, options);
          const first = await openssl.connect(server, version, { keyPair: CLIENT, save: "a" });
          assert.deepEqual([first.resumed, first.outcome instanceof Probe], [false, true]);
          const second = await openssl.connect(server, version, { keyPair: CLIENT, resume: "a" });
          assert.deepEqual([second.resumed, second.outcome instanceof Probe], [true, true]);
        }
      }
    },
  },
  {
    name: "TLS: a session opens no other context that asks more of its clients",
    async run(runtime) {
      await using openssl = await Openssl.start();
      for (const version of VERSIONS) {
        using anybody = await serve(runtime, { clientAuth: "none" });
        using unverified = await serve(runtime, { clientAuth: "require-any" });
        using strict = await serve(runtime, VERIFYING);
        await openssl.connect(anybody, version, { save: "anonymous" });
        await openssl.connect(unverified, version, { keyPair: STRANGER, save: "stranger" });
        for (const resume of ["anonymous", "stranger"]) {
          for (const keyPair of [undefined, STRANGER]) {
            const { outcome } = await openssl.connect(strict, version, { keyPair, resume });
            assert.ok(outcome instanceof Error, `${resume}, ${version}`);
          }
        }
      }
    },
  },
  {
    name: "TLS: without session tickets nothing is resumed, or that is refused by name",
    async run(runtime) {
      const options = { sessionTickets: false };
      if (runtime.name === "deno") {
        assert.throws(
          () => runtime.serverTls({ ...SERVER_OPTIONS, ...options }),
          /sessionTickets false is not supported on Deno/,
        );
        return;
      }
      await using openssl = await Openssl.start();
      for (const version of VERSIONS) {
        using server = await serve(runtime, options);
        await openssl.connect(server, version, { save: "a" });
        const { resumed, outcome } = await openssl.connect(server, version, { resume: "a" });
        assert.equal(resumed, false);
        assert.ok(outcome instanceof Probe);
      }
    },
  },
  {
    name: "TLS: openssl as a client: half-closed connections and names",
    async run(runtime) {
      await using openssl = await Openssl.start();
      for (const version of VERSIONS) {
        using server = await serve(runtime, { alpn: ["h2", "http/1.1"] });
        const { outcome } = await openssl.connect(server, version, { alpn: "ftp,http/1.1" });
        assert.ok(outcome instanceof Probe);
        const { tls } = outcome.connection;
        assert.deepEqual(
          [tls?.version, tls?.serverName, tls?.alpn],
          [version === "-tls1_2" ? "1.2" : "1.3", "server.test", "http/1.1"],
        );
        assert.equal(outcome.error, undefined);
      }
    },
  },
];

async function serve(runtime: Runtime, options: Partial<ServerTlsOptions>): Promise<TlsListener> {
  const context = runtime.serverTls({ ...SERVER_OPTIONS, ...options });
  const listener = await TlsListener.start(runtime, context);
  listener.onSecured = (probe) => {
    // The greeting comes behind the tickets: a client that has it has them.
    probe.send("welcome\n");
    probe.end = () => probe.connection.close();
  };
  return listener;
}

interface Visit {
  readonly keyPair?: KeyPair;
  readonly alpn?: string;
  /** A session's name, to be kept for later. */
  readonly save?: string;
  readonly resume?: string;
}

/** `openssl s_client`, with a directory of its own. */
class Openssl {
  private readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async start(): Promise<Openssl> {
    return new Openssl(await mkdtemp(join(tmpdir(), "sluice-tls-")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true });
  }

  /** Connects, waits for the server's greeting or for the end, and leaves. */
  async connect(
    server: TlsListener,
    version: string,
    { keyPair, alpn, save, resume }: Visit,
  ): Promise<{ resumed: boolean; outcome: Outcome }> {
    const args = ["s_client", "-connect", `127.0.0.1:${server.port}`, version];
    args.push("-servername", "server.test");
    if (alpn !== undefined) args.push("-alpn", alpn);
    if (save !== undefined) args.push("-sess_out", this.path(save));
    if (resume !== undefined) args.push("-sess_in", this.path(resume));
    if (keyPair !== undefined) {
      await writeFile(this.path("pair"), keyPair.certificate + keyPair.privateKey);
      args.push("-cert", this.path("pair"), "-key", this.path("pair"));
    }
    const child = spawn("openssl", args, { stdio: ["pipe", "pipe", "ignore"] });
    let output = "";
    const gone = Promise.withResolvers<void>();
    child.on("error", gone.reject);
    child.on("close", () => gone.resolve());
    child.stdin.on("error", () => {});
    child.stdout.on("data", (chunk: Uint8Array) => {
      output += new TextDecoder().decode(chunk);
      if (output.includes("welcome\n")) child.stdin.end();
    });
    try {
      const outcome = await server.next();
      await within("openssl to leave", gone.promise);
      if (save !== undefined) await readFile(this.path(save));
      return { resumed: output.includes("\nReused, TLS"), outcome };
    } finally {
      child.kill();
    }
  }

  private path(name: string): string {
    return join(this.directory, name);
  }
}
