import { messageOf } from "../../../core/errors.ts";
import type { Files } from "../../runtime.ts";

export type AwsProfile = Readonly<Record<string, string>>;

/**
 * Profiles of the AWS tools' files: `~/.aws/credentials` with `[name]`, and `~/.aws/config` with
 * `[profile name]` or `[default]`. What the former says goes first.
 */
export async function readAwsProfiles(
  env: Readonly<Record<string, string | undefined>>,
  files: Pick<Files, "read">,
): Promise<ReadonlyMap<string, AwsProfile>> {
  const home = `${env["HOME"] ?? ""}/.aws`;
  const profiles = new Map<string, AwsProfile>();
  for (const [path, prefix] of [
    [env["AWS_CONFIG_FILE"] || `${home}/config`, "profile "],
    [env["AWS_SHARED_CREDENTIALS_FILE"] || `${home}/credentials`, ""],
  ]) {
    for (const [section, values] of parseIni(await textAt(path, files))) {
      const name = section.startsWith(prefix) ? section.slice(prefix.length).trim() : section;
      if (name === section && prefix !== "" && name !== "default") continue;
      profiles.set(name, { ...profiles.get(name), ...values });
    }
  }
  return profiles;
}

async function textAt(path: string, files: Pick<Files, "read">): Promise<string> {
  try {
    return new TextDecoder().decode(await files.read(path));
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return "";
    throw new Error(`${path} can't be read: ${messageOf(error)}`);
  }
}

/** Sections with their values; lines of neither form are left out. */
export function parseIni(text: string): Map<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>();
  let current: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (section !== undefined) {
      current = sections.get(section) ?? {};
      sections.set(section, current);
      continue;
    }
    const [, key, value] = /^([^\s#;=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && current !== undefined) current[key.toLowerCase()] = value;
  }
  return sections;
}
