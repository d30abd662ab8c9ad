import { createHash } from "node:crypto";

/** What a client answers to a Digest challenge. */
export interface DigestAnswer {
  readonly user: string;
  readonly password: string;
  readonly method?: string;
  readonly uri: string;
  /** How often the nonce was used, this time included. */
  readonly count?: number;
  /** Parameters that are other than they should be. */
  readonly wrong?: Readonly<Record<string, string>>;
}

/** The value of Authorization for a challenge (RFC 7616 section 3.4.1, MD5), from the RFC alone. */
export function digestCredentials(challenge: string, answer: DigestAnswer): string {
  const { user, password, method = "GET", uri, count = 1, wrong = {} } = answer;
  const of = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? "";
  const hash = (text: string) => createHash("md5").update(text).digest("hex");
  const nc = count.toString(16).padStart(8, "0");
  const cnonce = "0a4f113b";
  const nonce = wrong.nonce ?? of("nonce");
  const secret = hash(`${user}:${of("realm")}:${password}`);
  const response = hash(`${secret}:${nonce}:${nc}:${cnonce}:auth:${hash(`${method}:${uri}`)}`);
  const parameters: Record<string, string> = {
    username: `"${user}"`,
    realm: `"${of("realm")}"`,
    nonce: `"${nonce}"`,
    uri: `"${uri}"`,
    qop: "auth",
    nc,
    cnonce: `"${cnonce}"`,
    response: `"${response}"`,
    opaque: `"${of("opaque")}"`,
    algorithm: "MD5",
    ...wrong,
  };
  if (wrong.nonce !== undefined) parameters.nonce = `"${nonce}"`;
  const list = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return `Digest ${list.join(", ")}`;
}
