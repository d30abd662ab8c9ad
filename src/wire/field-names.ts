/**
 * Field names that Sluice itself acts on, as small integers: a parser recognises them once, and
 * everybody behind it compares numbers. 0 is every other name, -1 marks a deleted field.
 */
const NAMES = [
  "",
  "Host",
  "Connection",
  "Content-Length",
  "Transfer-Encoding",
  "Upgrade",
  "Expect",
  "Keep-Alive",
  "Proxy-Connection",
  "Proxy-Authenticate",
  "Proxy-Authorization",
  "TE",
  "Trailer",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Port",
  "X-Forwarded-Proto",
  "X-Forwarded-Server",
  "X-Real-Ip",
  "X-Forwarded-Prefix",
  "X-Forwarded-Uri",
  "X-Forwarded-Method",
  "X-Forwarded-Tls-Client-Cert",
  "X-Forwarded-Tls-Client-Cert-Info",
  "User-Agent",
  "Accept",
  "Accept-Encoding",
  "Content-Type",
  "Content-Encoding",
  "Date",
  "Server",
  "Cookie",
  "Set-Cookie",
  "Authorization",
  "Referer",
  "Location",
  "Vary",
  "Cache-Control",
  "Origin",
  "Sec-WebSocket-Key",
  "Sec-WebSocket-Version",
  "Sec-WebSocket-Protocol",
  "Sec-WebSocket-Extensions",
  "Sec-WebSocket-Accept",
  "HTTP2-Settings",
] as const;

/** The spelling that Sluice sends where it writes the name itself (Go's canonical form, RFC 6455's for Sec-WebSocket-*). */
export const FIELD_NAMES: readonly string[] = NAMES;

export const FieldId = {
  deleted: -1,
  other: 0,
  host: 1,
  connection: 2,
  contentLength: 3,
  transferEncoding: 4,
  upgrade: 5,
  expect: 6,
  keepAlive: 7,
  proxyConnection: 8,
  proxyAuthenticate: 9,
  proxyAuthorization: 10,
  te: 11,
  trailer: 12,
  xForwardedFor: 13,
  xForwardedHost: 14,
  xForwardedPort: 15,
  xForwardedProto: 16,
  xForwardedServer: 17,
  xRealIp: 18,
  xForwardedPrefix: 19,
  xForwardedUri: 20,
  xForwardedMethod: 21,
  xForwardedTlsClientCert: 22,
  xForwardedTlsClientCertInfo: 23,
  userAgent: 24,
  accept: 25,
  acceptEncoding: 26,
  contentType: 27,
  contentEncoding: 28,
  date: 29,
  server: 30,
  cookie: 31,
  setCookie: 32,
  authorization: 33,
  referer: 34,
  location: 35,
  vary: 36,
  cacheControl: 37,
  origin: 38,
  secWebSocketKey: 39,
  secWebSocketVersion: 40,
  secWebSocketProtocol: 41,
  secWebSocketExtensions: 42,
  secWebSocketAccept: 43,
  http2Settings: 44,
} as const;

/** What proxies say of those before them: only a trusted peer may set these. */
export const FORWARDED_IDS: readonly number[] = [
  FieldId.xForwardedFor,
  FieldId.xForwardedHost,
  FieldId.xForwardedPort,
  FieldId.xForwardedProto,
  FieldId.xForwardedServer,
  FieldId.xRealIp,
  FieldId.xForwardedPrefix,
  FieldId.xForwardedUri,
  FieldId.xForwardedMethod,
  FieldId.xForwardedTlsClientCert,
  FieldId.xForwardedTlsClientCertInfo,
];

const LOWER: readonly string[] = NAMES.map((name) => name.toLowerCase());
const LOWER_BYTES: readonly Uint8Array[] = LOWER.map((name) =>
  Uint8Array.from(name, (character) => character.charCodeAt(0)),
);
const BY_NAME = new Map<string, number>(LOWER.map((name, id) => [name, id]));
BY_NAME.delete("");

// Names by length and lower-case last byte: at most a handful of candidates for any bytes.
const LONGEST = Math.max(...NAMES.map((name) => name.length));
const BUCKETS: number[][] = Array.from({ length: (LONGEST + 1) * 32 }, () => []);
for (let id = 1; id < LOWER.length; id++) {
  const name = LOWER[id];
  BUCKETS[name.length * 32 + (name.charCodeAt(name.length - 1) & 31)].push(id);
}

/**
 * The name that some backends read in a lower-case name: CGI, WSGI and PHP have one variable for "-",
 * "_" and (PHP) "." alike.
 */
export function aliasFreeName(lowerName: string): string {
  return /[_.]/.test(lowerName) ? lowerName.replace(/[_.]/g, "-") : lowerName;
}

/** The lower-case name of an id. */
export function lowerNameOf(id: number): string {
  return LOWER[id];
}

/** The id of a lower-case name, 0 where it is none of ours. */
export function fieldIdOfName(lowerName: string): number {
  return BY_NAME.get(lowerName) ?? FieldId.other;
}

/** The id of the name in `bytes[start, end)`, which are token characters in any case; 0 where it is none of ours. */
export function fieldIdOfBytes(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > LONGEST || length === 0) return FieldId.other;
  const bucket = BUCKETS[length * 32 + (bytes[end - 1] & 31)];
  for (let i = 0; i < bucket.length; i++) {
    const lower = LOWER_BYTES[bucket[i]];
    let same = 0;
    // Our names are letters, digits and hyphens: of the token characters, only their own other case folds to them.
    while (same < length && (bytes[start + same] | 0x20) === lower[same]) same++;
    if (same === length) return bucket[i];
  }
  return FieldId.other;
}

/** True where the bytes at `start` spell `lower` (ASCII lower case), in any case. */
export function bytesEqualLower(bytes: Uint8Array, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    const byte = bytes[start + i];
    const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}
