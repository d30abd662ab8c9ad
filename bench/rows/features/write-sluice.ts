import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a row says that counts the work of one core. */
export const ONE_WORKER = "core: { workers: 1 }\n";

/**
 * Writes traefik.yml and dynamic.yml for a Sluice that listens on the port; `dynamic` is what stands below `http:`, and
 * `lines` are more of the static configuration.
 */
export function writeSluice(directory: string, port: number, dynamic: string, lines = ""): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, "traefik.yml"),
    `entryPoints: { web: { address: "127.0.0.1:${port}" } }
providers: { file: { filename: dynamic.yml } }
log: { level: ERROR }
${lines}`,
  );
  writeFileSync(join(directory, "dynamic.yml"), `http:\n${dynamic}`);
}
