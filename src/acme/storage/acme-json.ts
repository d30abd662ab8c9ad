import type { StoredAccount, StoredCertificate, StoredSection } from "./stored.ts";

/** What a file has for one resolver, as it was read: members that are not known here stay what they are. */
type RawSection = Readonly<Record<string, unknown>>;

/** A file's content: sections by the names of their resolvers. */
export type AcmeJson = ReadonlyMap<string, RawSection>;

/**
 * Traefik's acme.json, byte for byte as Traefik writes it: members in its order, two spaces of
 * indentation, resolvers sorted by name, and Go's escapes. Source: Traefik's
 * pkg/provider/acme/local_store.go.
 */
export function parseAcmeJson(text: string): AcmeJson {
  if (text.trim() === "") return new Map();
  const whole: unknown = JSON.parse(text);
  if (whole === null) return new Map();
  if (!isObject(whole)) throw new Error("expected an object, found something else");
  return new Map(
    Object.entries(whole).map(([name, section]) => {
      if (section !== null && !isObject(section))
        throw new Error(`${name}: expected an object, found something else`);
      return [name, section ?? {}];
    }),
  );
}

export function formatAcmeJson(content: AcmeJson): Uint8Array {
  const sorted = [...content].sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(Object.fromEntries(sorted), null, 2);
  // As Go writes what HTML could mistake for something.
  const escaped = text.replace(/[<>&\u2028\u2029]/g, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return new TextEncoder().encode(escaped);
}

/** Throws an Error that names the member where it is something else than Traefik writes. */
export function sectionOf(content: AcmeJson, resolver: string): StoredSection {
  const { Account: account, Certificates: certificates } = content.get(resolver) ?? {};
  return {
    account: isNothing(account) ? undefined : accountOf(account, `${resolver}.Account`),
    certificates: isNothing(certificates)
      ? []
      : certificatesOf(certificates, `${resolver}.Certificates`),
  };
}

/** The content with another section for a resolver; unknown members of it stay. */
export function withSection(
  content: AcmeJson,
  resolver: string,
  { account, certificates }: StoredSection,
): AcmeJson {
  const before = content.get(resolver) ?? {};
  const { Account: _, Certificates: __, ...others } = before;
  const section = {
    Account: account === undefined ? null : rawAccount(account, before["Account"]),
    Certificates: certificates.length === 0 ? null : certificates.map(rawOf),
    ...others,
  };
  return new Map([...content, [resolver, section]]);
}

function accountOf(raw: unknown, place: string): StoredAccount {
  if (!isObject(raw)) throw new Error(`${place}: expected an object, found something else`);
  const { Email: email, Registration: registration, PrivateKey: key } = raw;
  const found = isObject(registration) ? registration : undefined;
  const uri = found?.["uri"];
  return {
    email: typeof email === "string" ? email : "",
    registration:
      typeof uri === "string" && uri !== "" ? { uri, body: found?.["body"] ?? {} } : undefined,
    privateKey: isNothing(key) ? new Uint8Array() : bytesOf(key, `${place}.PrivateKey`),
  };
}

/** What an account's registration has, in the order in which lego writes it. */
const BODY = [
  "status",
  "contact",
  "termsOfServiceAgreed",
  "orders",
  "onlyReturnExisting",
  "externalAccountBinding",
];

function rawAccount(account: StoredAccount, before: unknown): unknown {
  const { email, registration, privateKey } = account;
  const body = isObject(registration?.body) ? registration.body : {};
  const members = BODY.filter((name) => isSomething(body[name])).map((name) => [name, body[name]]);
  // An older Traefik's KeyType, for example.
  const others = Object.entries(isObject(before) ? before : {}).filter(
    ([name]) => !["Email", "Registration", "PrivateKey"].includes(name),
  );
  return {
    Email: email,
    Registration:
      registration === undefined
        ? null
        : { body: Object.fromEntries(members), uri: registration.uri },
    PrivateKey: privateKey.toBase64(),
    ...Object.fromEntries(others),
  };
}

/** Those without a certificate or a key are left out, as Traefik does. */
function certificatesOf(raw: unknown, place: string): StoredCertificate[] {
  if (!Array.isArray(raw)) throw new Error(`${place}: expected a list, found something else`);
  return raw.flatMap((one: unknown, i): StoredCertificate[] => {
    const at = `${place}[${i}]`;
    if (!isObject(one)) throw new Error(`${at}: expected an object, found something else`);
    const { domain, certificate, key, Store: store } = one;
    if (isNothing(certificate) || isNothing(key)) return [];
    const { main, sans } = isObject(domain) ? domain : {};
    return [
      {
        main: typeof main === "string" ? main : "",
        sans: Array.isArray(sans) ? sans.filter((name) => typeof name === "string") : [],
        certificate: new TextDecoder().decode(bytesOf(certificate, `${at}.certificate`)),
        key: new TextDecoder().decode(bytesOf(key, `${at}.key`)),
        store: typeof store === "string" ? store : "default",
      },
    ];
  });
}

/** Each is written again with every change of another one. */
const written = new WeakMap<StoredCertificate, unknown>();

function rawOf(certificate: StoredCertificate): unknown {
  let raw = written.get(certificate);
  if (raw === undefined) {
    raw = rawCertificate(certificate);
    written.set(certificate, raw);
  }
  return raw;
}

function rawCertificate({ main, sans, certificate, key, store }: StoredCertificate): unknown {
  const encoder = new TextEncoder();
  return {
    domain: { main, ...(sans.length > 0 && { sans }) },
    certificate: encoder.encode(certificate).toBase64(),
    key: encoder.encode(key).toBase64(),
    Store: store,
  };
}

function bytesOf(value: unknown, place: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(value as string);
  } catch {
    throw new Error(`${place}: expected base64, found something else`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNothing(value: unknown): value is null | undefined | "" {
  return value === undefined || value === null || value === "";
}

/** What Go's omitempty leaves in. */
function isSomething(value: unknown): boolean {
  return !isNothing(value) && value !== false && !(Array.isArray(value) && value.length === 0);
}
