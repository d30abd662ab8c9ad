/** Who signs. Temporary ones have a session token. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsRequest {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  /** They are signed too. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AwsScope {
  readonly region: string;
  readonly service: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const encoder = new TextEncoder();

/**
 * The request's fields with its signature: AWS Signature Version 4, in the Authorization field.
 * `now` in milliseconds since the epoch.
 * Source: AWS "Create a signed AWS API request".
 */
export async function signAwsRequest(
  { method, url, headers, body }: AwsRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  { region, service }: AwsScope,
  now = Date.now(),
): Promise<Record<string, string>> {
  const { host, pathname, searchParams } = new URL(url);
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const sent: Record<string, string> = {
    ...headers,
    "X-Amz-Date": time,
    ...(sessionToken !== undefined && { "X-Amz-Security-Token": sessionToken }),
  };
  const fields = Object.entries({ ...sent, Host: host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, " ")] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const signed = fields.map(([name]) => name).join(";");
  const canonical = [
    method,
    // Of a path that is encoded already, every byte is encoded once more.
    pathname.split("/").map(encoded).join("/"),
    [...searchParams]
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .sort()
      .join("&"),
    ...fields.map(([name, value]) => `${name}:${value}`),
    "",
    signed,
    await sha256(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = [ALGORITHM, time, scope, await sha256(canonical)].join("\n");
  let key: Uint8Array<ArrayBuffer> = encoder.encode(`AWS4${secretAccessKey}`);
  for (const part of [day, region, service, "aws4_request"]) key = await hmac(key, part);
  const signature = (await hmac(key, text)).toHex();
  const authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
  return { ...sent, Authorization: authorization };
}

/** As RFC 3986 has it: all but letters, digits and `-._~`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))).toHex();
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}
