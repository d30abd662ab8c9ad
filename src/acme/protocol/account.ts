import type { Key } from "../x509/key.ts";
import { type AcmeClient, json } from "./acme-client.ts";
import { AcmeError } from "./acme-error.ts";
import { externalAccountBinding, type Signer } from "./jws.ts";

export interface AccountOptions {
  /** "" for none. */
  readonly email: string;
  readonly eab?: { readonly kid: string; readonly hmacEncoded: string };
}

/** What an authority knows of an account (RFC 8555 section 7.1.2). */
export interface Registration {
  readonly uri: string;
  readonly body: unknown;
}

const contactOf = (email: string) => (email === "" ? [] : [`mailto:${email}`]);

/**
 * Registers a key, or finds what it is registered as (RFC 8555 section 7.3). The terms of service are
 * agreed to, as Traefik does.
 */
export async function register(
  client: AcmeClient,
  key: Key,
  { email, eab }: AccountOptions,
  signal?: AbortSignal,
): Promise<Registration> {
  const { newAccount, meta } = await client.directory();
  if (meta?.externalAccountRequired === true && eab === undefined)
    throw new Error("the authority takes accounts with an external account binding alone: set eab");
  const answer = await client.post(
    newAccount,
    { key },
    {
      termsOfServiceAgreed: true,
      contact: contactOf(email),
      ...(eab && { externalAccountBinding: await externalAccountBinding(eab, key, newAccount) }),
    },
    signal,
  );
  const uri = answer.headers["location"];
  if (uri === undefined) throw new Error(`${newAccount}: expected the account's URL, found none`);
  return { uri, body: json(newAccount, answer.text) };
}

/** Has the authority write to another address (RFC 8555 section 7.3.2). */
export async function changeEmail(
  client: AcmeClient,
  { key, accountUrl }: Required<Signer>,
  email: string,
  signal?: AbortSignal,
): Promise<Registration> {
  const payload = { contact: contactOf(email) };
  const { text } = await client.post(accountUrl, { key, accountUrl }, payload, signal);
  return { uri: accountUrl, body: json(accountUrl, text) };
}

/** Whether it may be that the authority doesn't know the account any more; what else is wrong with it needs no look. */
export function mayBeAccounts(error: unknown): error is AcmeError {
  return error instanceof AcmeError && /^(accountDoesNotExist|unauthorized)$/.test(error.type);
}

/** Whether the authority refused a request because it has no such account, or not any more. */
export async function isAccountGone(
  client: AcmeClient,
  signer: Required<Signer>,
  error: unknown,
): Promise<boolean> {
  if (!mayBeAccounts(error)) return false;
  if (error.type === "accountDoesNotExist") return true;
  // It may be a name that is refused: the account itself says.
  try {
    const { text } = await client.post(signer.accountUrl, signer);
    const { status } = json(signer.accountUrl, text) as { readonly status?: unknown };
    return status === "deactivated" || status === "revoked";
  } catch (failure) {
    return (
      failure instanceof AcmeError &&
      (failure.type === "unauthorized" || failure.type === "accountDoesNotExist")
    );
  }
}
