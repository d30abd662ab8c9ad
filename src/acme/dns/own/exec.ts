import type { DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { DEFAULT_POLLING, pollingFrom } from "../polling.ts";

/** Characters of what a program wrote that an error shows. */
const SHOWN = 300;

/**
 * A program of the user's: `PROGRAM present|cleanup FQDN VALUE`, or with EXEC_MODE=RAW
 * `PROGRAM present|cleanup -- DOMAIN TOKEN KEYAUTH`. What it writes is logged; any exit code but 0 is
 * a failure. Names come one after another.
 * Source: lego's exec.
 */
export const exec: DnsProviderFactory = async ({ env, runtime, logger }) => {
  const program = await env.required("EXEC_PATH");
  const raw = (await env.optional("EXEC_MODE")) === "RAW";
  const run = async (action: string, record: DnsRecord, signal: AbortSignal) => {
    const { fqdn, value, domain, token, keyAuthorization } = record;
    const args = raw ? ["--", domain, token, keyAuthorization] : [fqdn, value];
    const { code, stdout, stderr } = await runtime.runCommand({
      program,
      args: [action, ...args],
      signal,
    });
    for (const line of `${stdout}\n${stderr}`.split("\n"))
      if (line.trim() !== "") logger.info(`${program}: ${line.trimEnd()}`);
    if (code === 0) return;
    const how = code < 0 ? "a signal ended it" : `it ended with ${code}`;
    const said = stderr.trim() || stdout.trim();
    throw new Error(`exec: ${program} ${action}: ${how}: ${said.slice(-SHOWN) || "no output"}`);
  };
  return {
    ...(await pollingFrom(env, ["EXEC"])),
    sequence: await env.seconds(DEFAULT_POLLING.timeout, "EXEC_SEQUENCE_INTERVAL"),
    present: (record, signal) => run("present", record, signal),
    cleanUp: (record, signal) => run("cleanup", record, signal),
  };
};
