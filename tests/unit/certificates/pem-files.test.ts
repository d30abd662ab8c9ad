import { describe, expect, test } from "bun:test";
import { namedFiles, type StaticNamingFiles } from "../../../src/certificates/named-files.ts";
import { PemFiles } from "../../../src/certificates/pem-files.ts";
import type { Logger } from "../../../src/core/logger.ts";
import type { Snapshot } from "../../../src/snapshot/snapshot.ts";
import { waitFor } from "../../support/wait-for.ts";
import { fixture } from "../tls/fixture.ts";
import { MemoryFiles } from "../tls/memory-files.ts";

/** Files of which one changes when it has just been read for the first time. */
class ChangingFiles extends MemoryFiles {
  private readonly watchers: (() => void)[] = [];
  private readonly next: ReadonlyMap<string, string>;

  constructor(before: Record<string, string>, next: Record<string, string> = {}) {
    super(before);
    this.next = new Map(Object.entries(next));
  }

  override async read(path: string): Promise<Uint8Array> {
    const bytes = await super.read(path);
    const text = this.next.get(path);
    if (text !== undefined && this.texts.get(path) !== text) {
      this.texts.set(path, text);
      for (const changed of this.watchers) changed();
    }
    return bytes;
  }

  override watch(_?: string, changed?: () => void): never {
    this.watchers.push(changed!);
    return (() => {}) as never;
  }
}

const FIXED = { serversTransport: {}, tcpServersTransport: {} } as StaticNamingFiles;
const naming = (tls: Snapshot["tls"]) => ({
  tls,
  middlewares: {},
  serversTransports: {},
  tcp: { serversTransports: {} },
});
const SNAPSHOT = naming({ certificates: [{ certFile: "/tls/a.pem", keyFile: "/tls/a.key" }] });

function setUp(files: MemoryFiles) {
  const errors: string[] = [];
  let changes = 0;
  const pemFiles = new PemFiles({
    files,
    configuration: FIXED,
    logger: {
      info() {},
      warn() {},
      error: (message: string) => errors.push(message),
    } as never as Logger,
    watch: true,
    changed: () => changes++,
  });
  return { pemFiles, errors, changes: () => changes };
}

describe("PemFiles", () => {
  test("a file that changes behind its first reading is reported as changed", async () => {
    const { pemFiles, changes } = setUp(
      new ChangingFiles(
        { "/tls/a.pem": fixture("ed25519.pem"), "/tls/a.key": fixture("ed25519.key") },
        { "/tls/a.pem": fixture("ec.pem"), "/tls/a.key": fixture("ec.key") },
      ),
    );
    const { pems } = await pemFiles.read(SNAPSHOT);
    expect(pems["/tls/a.pem"]).toEqual({ text: fixture("ed25519.pem") });
    await waitFor("the change", () => changes() === 1);
    const again = await pemFiles.read(SNAPSHOT);
    expect(again.pems["/tls/a.pem"]).toEqual({ text: fixture("ec.pem") });
    pemFiles.stop();
  });

  test("a pair that doesn't fit any more stays what it was until it fits again", async () => {
    const files = new ChangingFiles({
      "/tls/a.pem": fixture("ed25519.pem"),
      "/tls/a.key": fixture("ed25519.key"),
    });
    const { pemFiles, errors } = setUp(files);
    const before = await pemFiles.read(SNAPSHOT);
    files.texts.set("/tls/a.key", fixture("ec.key"));
    expect((await pemFiles.read(SNAPSHOT)).pems).toEqual(before.pems);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toEndWith("; the one that was read before it goes on");
    files.texts.delete("/tls/a.pem");
    expect((await pemFiles.read(SNAPSHOT)).pems).toEqual(before.pems);
    files.texts.set("/tls/a.pem", fixture("ec.pem"));
    expect((await pemFiles.read(SNAPSHOT)).pems).toEqual({
      "/tls/a.pem": { text: fixture("ec.pem") },
      "/tls/a.key": { text: fixture("ec.key") },
    });
    pemFiles.stop();
  });

  test("a file that isn't there is an error in the table; the generated certificate stays the same", async () => {
    const { pemFiles, errors } = setUp(new ChangingFiles({}));
    const first = await pemFiles.read(SNAPSHOT);
    expect(first.pems["/tls/a.pem"]).toEqual({ error: 'there is no file "/tls/a.pem"' });
    expect(errors).toEqual([]);
    const second = await pemFiles.read(SNAPSHOT);
    expect(second.generatedCertificate).toEqual(first.generatedCertificate);
    expect(structuredClone(JSON.parse(JSON.stringify(first)))).toEqual(first);
    pemFiles.stop();
  });
});

test("all files that a configuration names, each once", () => {
  const certificates = [{ certFile: "t.pem", keyFile: "t.key" }];
  const files = namedFiles(
    {
      tls: {
        certificates: [
          ...SNAPSHOT.tls.certificates!,
          { certFile: fixture("ec.pem"), keyFile: fixture("ec.key") },
          { certFile: "b.pem", keyFile: "/tls/a.key", stores: ["other"] },
        ],
        stores: {
          default: { defaultCertificate: { certFile: "b.pem", keyFile: "b.key" } },
          other: { defaultCertificate: { certFile: "unused.pem", keyFile: "unused.key" } },
        },
        options: { default: {}, members: { clientAuth: { caFiles: ["ca.pem", "/tls/a.pem"] } } },
      },
      middlewares: {
        "m@file": {
          forwardAuth: { tls: { ca: "auth.pem", cert: "c.pem", key: "c.key" } } as never,
        },
        "n@file": { chain: {} },
        "o@file": { oidc: { tls: { ca: "issuer.pem" } } as never },
      },
      serversTransports: { "t@file": { rootCAs: ["root.pem"], certificates } as never },
      tcp: { serversTransports: { "u@file": { tls: { rootCAs: ["tcp.pem"] } } as never } },
    },
    {
      serversTransport: { rootCAs: ["fixed.pem"] },
      tcpServersTransport: { tls: { rootCAs: ["fixed-tcp.pem"] } },
    } as never,
  );
  expect(files.sort()).toEqual(
    ["/tls/a.pem", "/tls/a.key", "b.pem", "b.key", "ca.pem", "root.pem", "tcp.pem", "t.pem"]
      .concat("t.key", "fixed.pem", "fixed-tcp.pem", "auth.pem", "c.pem", "c.key", "issuer.pem")
      .sort(),
  );
});
