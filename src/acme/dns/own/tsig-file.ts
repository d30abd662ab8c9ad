/** A key as BIND's tsig-keygen writes it. */
export interface TsigFile {
  readonly name: string;
  readonly algorithm: string;
  /** Base64. */
  readonly secret: string;
}

/**
 * The first key of a file such as `key "name" { algorithm hmac-sha256; secret "..."; };`. Throws an Error
 * that names the file, and never shows what is in it.
 */
export function parseTsigFile(text: string, path: string): TsigFile {
  const bare = text.replace(/\/\*[\s\S]*?\*\/|(?:#|\/\/).*$/gm, "");
  const [, quoted, name, body] = /\bkey\s+(?:"([^"]*)"|([^\s{"]+))\s*\{([^}]*)\}/.exec(bare) ?? [];
  const field = (key: string) => {
    const [, quoted, plain] =
      new RegExp(`(?:^|[\\s;])${key}\\s+(?:"([^"]*)"|([^\\s;"]+))\\s*;`).exec(body ?? "") ?? [];
    return quoted ?? plain ?? "";
  };
  const key = {
    name: quoted ?? name ?? "",
    algorithm: field("algorithm"),
    secret: field("secret"),
  };
  for (const [what, value] of Object.entries(key))
    if (value === "")
      throw new Error(
        `${path}: expected a TSIG key with name, algorithm and secret, found no ${what}`,
      );
  return key;
}
