import { messageOf } from "../../../../core/errors.ts";
import { fieldText } from "../../headers/field-edits.ts";
import type {
  HttpMiddlewareContext,
  HttpMiddlewareKind,
  HttpMiddlewareOptions,
} from "../../http-middleware.ts";
import { Issuer } from "./issuer.ts";
import { OidcGate } from "./oidc-gate.ts";

type Options = HttpMiddlewareOptions<"oidc">;

interface OidcInputs {
  /** The transport, and what the files have. */
  readonly fingerprint: unknown;
  readonly issuer: URL;
  readonly clientSecret: string;
  readonly secret: Uint8Array;
}

/**
 * `oidc`, ours: only users who have logged in at an OpenID Connect issuer pass (Core 1.0, by authorization code
 * with PKCE, state and nonce). Who is logged in stands in a sealed cookie: nothing is kept here.
 */
export const oidc: HttpMiddlewareKind<"oidc", OidcInputs> = {
  inputs: inputsOf,
  create(options, context, { issuer: url, clientSecret, secret }) {
    const { client, deadlines, logger } = context;
    if (url.protocol === "http:")
      logger.warn("oidc: the issuer is asked without TLS, so that others can read and change it", {
        issuer: url.href,
      });
    const { requiredClaims = {}, allowedEmails = [], allowedGroups = [] } = options;
    if (Object.keys(requiredClaims).length + allowedEmails.length + allowedGroups.length === 0)
      logger.warn(
        "oidc: every user of the issuer passes: name requiredClaims, allowedEmails or allowedGroups",
      );
    const { clientId, clockSkew = 30_000, tls } = options;
    const clockTolerance = Math.ceil(clockSkew / 1000);
    const issuer = new Issuer(
      { issuer: url, clientId, clientSecret, clockTolerance },
      (origin) => client(origin, tls),
      { deadlines, logger },
    );
    const gate = new OidcGate(options, context, issuer, secret);
    return {
      middleware: (next) => (request, exchange) => gate.pass(request, exchange, next),
      stop: () => gate.stop(),
    };
  },
};

async function inputsOf(options: Options, context: HttpMiddlewareContext): Promise<OidcInputs> {
  const { issuer: text, clientId, tls } = options;
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    throw new Error(`oidc: issuer: expected a URL such as https://id.example.com, found "${text}"`);
  const issuer = new URL(text);
  if (issuer.username !== "" || issuer.hash !== "" || issuer.search !== "")
    throw new Error("oidc: issuer: expected a URL without a user, a query and a fragment");
  if (clientId === "") throw new Error("oidc: clientId: expected a client's id, found nothing");
  fieldText(clientId);
  const [clientSecret, secretText] = [
    await textOf("clientSecret", options, context),
    await textOf("secret", options, context),
  ];
  const secret = new TextEncoder().encode(secretText);
  if (secret.length < 32)
    throw new Error(`oidc: secret: expected 32 bytes or more, found ${secret.length}`);
  const { transport } = await context.client(issuer.origin, tls);
  return { fingerprint: [transport, clientSecret, secretText], issuer, clientSecret, secret };
}

/** A secret from the configuration, or from the file that it names; "" for none. */
async function textOf(
  name: "clientSecret" | "secret",
  options: Options,
  { files }: HttpMiddlewareContext,
): Promise<string> {
  const text = options[name] ?? "";
  const path = options[`${name}File`] ?? "";
  if (path === "") return text;
  if (text !== "") throw new Error(`oidc: expected one of ${name} and ${name}File, found both`);
  try {
    return new TextDecoder().decode(await files.read(path)).trim();
  } catch (error) {
    throw new Error(`oidc: ${name}File: "${path}": ${messageOf(error)}`);
  }
}
