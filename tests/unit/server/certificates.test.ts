import { expect, test } from "bun:test";
import type { TlsConfiguration } from "../../../src/config/dynamic/tls.ts";
import type { Logger } from "../../../src/core/logger.ts";
import { Certificates } from "../../../src/server/certificates.ts";
import { certificateFiles } from "../../../src/tls/certificate-files.ts";
import type { TlsManager } from "../../../src/tls/tls-manager.ts";
import { waitFor } from "../../support/wait-for.ts";
import { fixture } from "../tls/fixture.ts";
import { MemoryFiles } from "../tls/memory-files.ts";

/** Files of which one changes when it has just been read for the first time. */
class ChangingFiles extends MemoryFiles {
  private readonly watchers: (() => void)[] = [];
  private readonly next: ReadonlyMap<string, string>;

  constructor(before: Record<string, string>, next: Record<string, string>) {
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

const CONFIGURATION: TlsConfiguration = {
  certificates: [{ certFile: "/tls/a.pem", keyFile: "/tls/a.key" }],
};

test("a file that changes behind its first reading is read again", async () => {
  const files = new ChangingFiles(
    { "/tls/a.pem": fixture("ed25519.pem"), "/tls/a.key": fixture("ed25519.key") },
    { "/tls/a.pem": fixture("ec.pem"), "/tls/a.key": fixture("ec.key") },
  );
  const changed: TlsManager[] = [];
  const certificates = new Certificates({
    runtime: { files, serverTls: () => ({ role: "server" }) },
    logger: { info() {}, warn() {}, error() {} } as unknown as Logger,
    changed: () => changed.push(certificates.current),
  });
  const first = await certificates.load({ configuration: CONFIGURATION, invalidOptions: {} });
  expect(certificates.current).toBe(first);
  await waitFor("the new certificate", () => changed.length === 1);
  const serials = [first, ...changed].map((manager) => manager.certificates[0].serial);
  expect(serials[0]).not.toBe(serials[1]);
  certificates.stop();
});

test("all files that a configuration names, each once", () => {
  const files = certificateFiles({
    certificates: [
      ...CONFIGURATION.certificates!,
      { certFile: fixture("ec.pem"), keyFile: fixture("ec.key") },
      { certFile: "b.pem", keyFile: "/tls/a.key", stores: ["other"] },
    ],
    stores: {
      default: { defaultCertificate: { certFile: "b.pem", keyFile: "b.key" } },
      other: { defaultCertificate: { certFile: "unused.pem", keyFile: "unused.key" } },
    },
    options: { default: {}, members: { clientAuth: { caFiles: ["ca.pem", "/tls/a.pem"] } } },
  });
  expect(files).toEqual(["/tls/a.pem", "/tls/a.key", "b.pem", "b.key", "ca.pem"]);
});
