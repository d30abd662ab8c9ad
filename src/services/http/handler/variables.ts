/** Where the values of variables may come from. */
export interface VariableSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; rejects where it can't be read. */
  readonly readText: (path: string) => Promise<string>;
}

const PLACEHOLDER = /\{(env|file):([^{}]*)\}/g;

/**
 * The variables of a module with `{env:NAME}` and `{file:/run/secrets/NAME}` replaced by what they stand
 * for; of a file without the line's end behind the last line. Rejects with an Error that names the
 * variable and what it refers to, never a value.
 */
export async function resolveVariables(
  variables: Readonly<Record<string, string>>,
  { env, readText }: VariableSources,
): Promise<Record<string, string>> {
  const resolved: Record<string, string> = {};
  for (const [name, template] of Object.entries(variables)) {
    let value = "";
    let end = 0;
    for (const { 0: whole, 1: kind, 2: from, index } of template.matchAll(PLACEHOLDER)) {
      value += template.slice(end, index) + (await read(name, kind, from));
      end = index + whole.length;
    }
    resolved[name] = value + template.slice(end);
  }
  return resolved;

  async function read(name: string, kind: string, from: string): Promise<string> {
    if (kind === "env") {
      const value = env[from];
      if (value === undefined)
        throw new Error(`env.${name}: the environment has no variable "${from}"`);
      return value;
    }
    try {
      return (await readText(from)).replace(/\r?\n$/, "");
    } catch (cause) {
      throw new Error(`env.${name}: cannot read the file "${from}"`, { cause });
    }
  }
}
