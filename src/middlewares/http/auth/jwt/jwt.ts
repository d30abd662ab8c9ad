import { messageOf } from "../../../../core/errors.ts";
import type { Exchange } from "../../../../http/exchange.ts";
import { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { FieldId } from "../../../../wire/field-names.ts";
import { clientLeft } from "../../client-left.ts";
import { canonicalFieldName, fieldText } from "../../headers/field-edits.ts";
import type {
  HttpMiddlewareContext,
  HttpMiddlewareKind,
  HttpMiddlewareOptions,
} from "../../http-middleware.ts";
import { plainAnswer } from "../../plain-answer.ts";
import { claimFields } from "./claims.ts";
import { FixedKeySet, type KeySet, keySetOf, RemoteKeySet } from "./key-set.ts";
import { TokenCheck, type TokenVerdict } from "./token-check.ts";

type Options = HttpMiddlewareOptions<"jwt">;

interface JwtInputs {
  /** Files, and the transport. */
  readonly fingerprint: unknown;
  readonly keys: KeySet;
}

const ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].concat([
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
]);
const SYMMETRIC = ["HS256", "HS384", "HS512"];

const unauthorized = plainAnswer(401);
const forbidden = plainAnswer(403);
const unavailable = plainAnswer(503);

/**
 * `jwt`, ours: only requests with a good JSON Web Token pass (RFC 7519, RFC 6750): signed by one of the keys, not
 * expired, of an issuer and for an audience that are named, and with the claims that are asked for.
 */
export const jwt: HttpMiddlewareKind<"jwt", JwtInputs> = {
  inputs: (options, context) => keysOf(options, context),
  create(options, { logger }, { keys }) {
    const { issuers = [], audiences = [], clockSkew = 0 } = options;
    if (issuers.length === 0 || audiences.length === 0)
      logger.warn("jwt: tokens of any issuer, or for any audience, pass: name both");
    const rules = {
      verify: {
        algorithms: algorithmsOf(options),
        clockTolerance: clockSkew / 1000,
        requiredClaims: ["exp"],
        ...(issuers.length > 0 && { issuer: [...issuers] }),
        ...(audiences.length > 0 && { audience: [...audiences] }),
      },
      required: options.requiredClaims ?? {},
      userClaim: options.userClaim ?? "sub",
      fields: claimFields(options.claimHeaders),
    };
    const check = new TokenCheck(keys, rules, (reason) =>
      logger.debug("A token was refused", { reason }),
    );
    const tokenOf = tokenSource(options);
    const realm = `Bearer realm="${fieldText(options.realm || "api")}"`;
    const { removeHeader = false } = options;
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const decide = (verdict: TokenVerdict): Response | Promise<Response> => {
          if (verdict === "unavailable") return unavailable();
          if (verdict === "invalid")
            return unauthorized([["Www-Authenticate", `${realm}, error="invalid_token"`]]);
          if (verdict === "insufficient")
            return forbidden([["Www-Authenticate", `${realm}, error="insufficient_scope"`]]);
          exchange.clientUsername = verdict.user;
          for (const [name, value] of verdict.fields) {
            // What a client says of itself doesn't stay.
            if (value === null) lazy.headerList.delete(name.toLowerCase());
            else lazy.headerList.set(name, value);
          }
          if (removeHeader) lazy.headerList.deleteId(FieldId.authorization);
          return next(lazy, exchange);
        };
        const token = tokenOf(lazy, exchange);
        if (token === null) return unauthorized([["Www-Authenticate", realm]]);
        const verdict = check.verdict(token);
        if (!(verdict instanceof Promise)) return decide(verdict);
        exchange.retain();
        return verdict.then((later) => clientLeft(exchange) ?? decide(later));
      },
    };
  },
};

/** Those that tokens may go by. Throws where one of them isn't for keys of that kind. */
function algorithmsOf({ algorithms, secret = "" }: Options): string[] {
  const possible = secret === "" ? ASYMMETRIC : SYMMETRIC;
  for (const algorithm of algorithms ?? []) {
    if (!possible.includes(algorithm))
      throw new Error(
        `jwt: algorithms: expected some of ${possible.join(", ")}, found "${algorithm}"`,
      );
  }
  return [...(algorithms ?? possible)];
}

/** Where the token is: a bearer token in Authorization, another header, or a cookie. */
function tokenSource({
  headerName = "Authorization",
  cookieName = "",
}: Options): (request: LazyRequest, exchange: Exchange) => string | null {
  const lowerName = canonicalFieldName(headerName).toLowerCase();
  return ({ headerList }) => {
    const values = headerList.all(lowerName);
    if (values.length > 1) return null;
    const value = values[0] ?? "";
    const found = lowerName === "authorization" ? /^bearer +([^ ]+) *$/i.exec(value)?.[1] : value;
    if (found !== undefined && found !== "") return found;
    if (cookieName === "") return null;
    for (const pair of (headerList.get("cookie") ?? "").split(";")) {
      const [name, ...rest] = pair.split("=");
      if (name.trim() === cookieName) return rest.join("=").trim();
    }
    return null;
  };
}

async function keysOf(options: Options, context: HttpMiddlewareContext): Promise<JwtInputs> {
  const { jwksUrl = "", jwksFile = "", publicKey = "", secret = "", tls } = options;
  if ([jwksUrl, jwksFile, publicKey, secret].filter((value) => value !== "").length !== 1)
    throw new Error("jwt: expected exactly one of jwksUrl, jwksFile, publicKey and secret");
  algorithmsOf(options);
  if (jwksUrl !== "") {
    if (!/^https?:\/\//i.test(jwksUrl) || !URL.canParse(jwksUrl))
      throw new Error(`jwt: jwksUrl: expected a URL, found "${jwksUrl}"`);
    const url = new URL(jwksUrl);
    const server = await context.client(url.origin, tls);
    return { fingerprint: server.transport, keys: new RemoteKeySet(url, server, context) };
  }
  if (secret !== "") {
    const bytes = new TextEncoder().encode(secret);
    // RFC 7518 section 3.2 wants as many as the digest has.
    if (bytes.length < 32)
      throw new Error(`jwt: secret: expected 32 bytes or more, found ${bytes.length}`);
    return { fingerprint: null, keys: new FixedKeySet(async () => bytes) };
  }
  const name = jwksFile === "" ? "publicKey" : "jwksFile";
  try {
    const path = jwksFile === "" ? publicKey : jwksFile;
    const text = path.includes("-----BEGIN ")
      ? path
      : new TextDecoder().decode(await context.files.read(path));
    const keys = jwksFile === "" ? await publicKeyOf(text, options) : await keySetOf(text);
    return { fingerprint: text, keys: new FixedKeySet(keys) };
  } catch (error) {
    throw new Error(`jwt: ${name}: ${messageOf(error)}`);
  }
}

/** A public key or a certificate in PEM, for whatever algorithm a token says, if the key can do that. */
async function publicKeyOf(text: string, options: Options) {
  const { importSPKI, importX509 } = await import("jose");
  const read = (algorithm: string) =>
    text.includes("BEGIN CERTIFICATE") ? importX509(text, algorithm) : importSPKI(text, algorithm);
  const byAlgorithm = new Map<string, Awaited<ReturnType<typeof read>>>();
  for (const algorithm of algorithmsOf(options)) {
    const key = await read(algorithm).catch(() => null);
    if (key !== null) byAlgorithm.set(algorithm, key);
  }
  if (byAlgorithm.size === 0) throw new Error("expected a public key or a certificate in PEM");
  return async ({ alg = "" }: { alg?: string }) => {
    const key = byAlgorithm.get(alg);
    if (key === undefined) throw new Error(`the key can't do ${alg}`);
    return key;
  };
}
