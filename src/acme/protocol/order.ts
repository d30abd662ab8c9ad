import type { Solvers } from "../challenges/challenge.ts";
import { base64url } from "../x509/base64url.ts";
import { certificateRequest } from "../x509/certificate-request.ts";
import { identifierOf } from "../x509/identifier.ts";
import type { Key } from "../x509/key.ts";
import { type AcmeClient, json } from "./acme-client.ts";
import { AcmeError, problemText, problemType } from "./acme-error.ts";
import { authorize } from "./authorization.ts";
import { downloadChain } from "./chain.ts";
import type { Signer } from "./jws.ts";
import { poll, type Resource, whenItHasTime } from "./poll.ts";

/** What is ordered, and how. */
export interface OrderRequest {
  /** In lower case, wildcards with "*."; the first is the common name. */
  readonly names: readonly string[];
  /** Of the certificate. */
  readonly key: Key;
  readonly emailAddresses: readonly string[];
  readonly disableCommonName: boolean;
  /** "" for none. */
  readonly profile: string;
  /** The common name of the root that the chain should lead to; "" for whichever comes first. */
  readonly preferredChain: string;
  /** How long the authority may take to issue, in milliseconds. */
  readonly certificateTimeout: number;
  /** RFC 9773's name of the certificate that this one takes the place of. */
  readonly replaces?: string;
}

export interface OrderContext {
  readonly client: AcmeClient;
  readonly signer: Signer;
  readonly solvers: Solvers;
  readonly signal: AbortSignal;
}

interface Order extends Resource {
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate?: string;
  readonly error?: unknown;
}

/**
 * Orders a certificate and resolves with its chain in PEM, the leaf first (RFC 8555 section 7.4).
 * Rejects with an AcmeError where the authority refuses.
 */
export async function orderCertificate(
  request: OrderRequest,
  context: OrderContext,
): Promise<string> {
  const { client, signer, signal } = context;
  const { url, order } = await newOrder(request, context);
  if (order.status === "pending") await authorize(order.authorizations, context);
  const { certificateTimeout, preferredChain } = request;
  const until = (done: (order: Order) => boolean) =>
    poll<Order>(client, url, signer, done, certificateTimeout, signal);
  const ready = await until(({ status }) => status !== "pending");
  checkOrder(ready, ["ready", "processing", "valid"]);
  if (ready.status === "ready") {
    const csr = base64url(await certificateRequest(request, request.key));
    const finalize = () => client.post(ready.finalize, signer, { csr }, signal);
    await whenItHasTime(finalize, Date.now() + certificateTimeout, signal);
  }
  const issued = await until(({ status }) => status !== "processing" && status !== "ready");
  checkOrder(issued, ["valid"]);
  if (issued.certificate === undefined)
    throw new Error(`${url}: expected the certificate's URL, found none`);
  const { certificate } = issued;
  const download = () => downloadChain(certificate, preferredChain, context);
  return whenItHasTime(download, Date.now() + certificateTimeout, signal);
}

async function newOrder(
  { names, profile, replaces }: OrderRequest,
  { client, signer, signal }: OrderContext,
): Promise<{ url: string; order: Order }> {
  const { newOrder: address, meta } = await client.directory();
  if (profile !== "" && !Object.hasOwn(meta?.profiles ?? {}, profile)) {
    const known = Object.keys(meta?.profiles ?? {}).join(", ") || "none";
    throw new Error(`profile: expected one of the authority's (${known}), found "${profile}"`);
  }
  const payload = {
    identifiers: names.map(identifierOf),
    ...(profile !== "" && { profile }),
    ...(replaces !== undefined && { replaces }),
  };
  const answer = await client.post(address, signer, payload, signal).catch((error: unknown) => {
    // Another order has replaced that certificate, or the authority has forgotten it.
    if (replaces === undefined || !refusesReplacement(error)) throw error;
    const { replaces: _, ...rest } = payload;
    return client.post(address, signer, rest, signal);
  });
  const url = answer.headers["location"];
  if (url === undefined) throw new Error(`${address}: expected the order's URL, found none`);
  const order = json(address, answer.text) as Order;
  checkOrder(order, ["pending", "ready", "processing", "valid"]);
  return { url, order };
}

function refusesReplacement(error: unknown): boolean {
  if (!(error instanceof AcmeError)) return false;
  return error.type === "alreadyReplaced" || error.type === "malformed" || error.status === 404;
}

/** Throws an AcmeError where the order has another state. */
function checkOrder({ status, error }: Order, expected: readonly string[]): void {
  if (expected.includes(status)) return;
  const why = error === undefined ? "nothing more is said" : problemText(error);
  throw new AcmeError(`the order is "${status}": ${why}`, 0, problemType(error) || "orderInvalid");
}
