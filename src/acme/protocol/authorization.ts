import { messageOf } from "../../core/errors.ts";
import { pause } from "../../core/loop/pause.ts";
import {
  CHALLENGE_TYPES,
  type ChallengeSolver,
  type ChallengeType,
  type Solvers,
} from "../challenges/challenge.ts";
import type { Identifier } from "../x509/identifier.ts";
import { type AcmeClient, json } from "./acme-client.ts";
import { AcmeError, problemText, problemType } from "./acme-error.ts";
import type { Signer } from "./jws.ts";
import { poll, type Resource, whenItHasTime } from "./poll.ts";

/** How long an authority may take to look, in milliseconds. */
const PATIENCE = 180_000;

interface Authorization extends Resource {
  readonly identifier: Identifier;
  readonly wildcard?: boolean;
  readonly challenges: readonly {
    readonly type: string;
    readonly url: string;
    readonly token: string;
    readonly error?: unknown;
  }[];
}

/** An authorization that still has to be earned, with the challenge that is to earn it. */
interface Pending {
  readonly url: string;
  readonly authorization: Authorization;
  readonly type: ChallengeType;
  readonly challenge: Authorization["challenges"][number];
}

export interface AuthorizationContext {
  readonly client: AcmeClient;
  readonly signer: Signer;
  readonly solvers: Solvers;
  readonly signal: AbortSignal;
}

/**
 * Proves that the account controls all names of an order (RFC 8555 section 7.5): shows what the
 * authority wants to see for all of them, has it look, and takes it away again. Rejects with the
 * first thing that went wrong; the authorizations that are left are given up.
 */
export async function authorize(
  urls: readonly string[],
  context: AuthorizationContext,
): Promise<void> {
  const { client, signer, signal } = context;
  const pending: Pending[] = [];
  for (const url of urls) {
    const ask = () => client.post(url, signer, undefined, signal);
    const { text } = await whenItHasTime(ask, Date.now() + PATIENCE, signal);
    const authorization = json(url, text) as Authorization;
    if (authorization.status === "valid") continue;
    if (authorization.status !== "pending")
      throw new Error(`${url}: expected a pending authorization, found "${authorization.status}"`);
    pending.push({ url, authorization, ...choose(authorization, context.solvers) });
  }
  const groups = CHALLENGE_TYPES.map((type) => pending.filter((one) => one.type === type));
  try {
    await allOf(
      groups.map((group, i) => solveGroup(group, context.solvers[CHALLENGE_TYPES[i]]!, context)),
    );
  } catch (error) {
    await giveUp(pending, context);
    throw error;
  }
}

/** What the authority offers and the configuration has, lego's preference first. */
function choose({ identifier, challenges, wildcard }: Authorization, solvers: Solvers) {
  for (const type of CHALLENGE_TYPES) {
    const challenge = challenges.find((one) => one.type === type);
    if (challenge !== undefined && solvers[type] !== undefined) return { type, challenge };
  }
  const name = wildcard === true ? `*.${identifier.value}` : identifier.value;
  const offered = challenges.map(({ type }) => type).join(", ");
  const configured = Object.keys(solvers).join(", ") || "none";
  throw new Error(`${name}: the authority offers ${offered}, configured is ${configured}`);
}

async function solveGroup(
  group: readonly Pending[],
  solver: ChallengeSolver,
  context: AuthorizationContext,
): Promise<void> {
  if (solver?.sequence === undefined) {
    await allOf(group.map((one) => solve(one, solver, context)));
    return;
  }
  for (const [i, one] of group.entries()) {
    if (i > 0) await pause(solver.sequence, context.signal);
    await solve(one, solver, context);
  }
}

async function solve(
  { url, authorization, challenge }: Pending,
  solver: ChallengeSolver,
  { client, signer, signal }: AuthorizationContext,
): Promise<void> {
  const { token } = challenge;
  const domain = authorization.identifier.value;
  if (!/^[A-Za-z0-9_-]{1,256}$/.test(token))
    throw new Error(`${domain}: expected a token in base64url, found ${JSON.stringify(token)}`);
  const keyAuthorization = `${token}.${await signer.key.thumbprint()}`;
  const cleanUp = await solver
    .present({ domain, token, keyAuthorization }, signal)
    .catch((error: unknown) => {
      throw new Error(`${domain}: ${challenge.type}: ${messageOf(error)}`, { cause: error });
    });
  try {
    const begin = () => client.post(challenge.url, signer, {}, signal);
    await whenItHasTime(begin, Date.now() + PATIENCE, signal);
    const done = ({ status }: Authorization) => status !== "pending" && status !== "processing";
    const result = await poll<Authorization>(client, url, signer, done, PATIENCE, signal);
    if (result.status === "valid") return;
    const error = result.challenges.find(({ error }) => error !== undefined)?.error;
    const said = error === undefined ? `it is "${result.status}"` : problemText(error);
    throw new AcmeError(
      `${domain}: the authority did not accept ${challenge.type}: ${said}`,
      0,
      problemType(error) || "unauthorized",
    );
  } finally {
    await cleanUp();
  }
}

/** Authorizations that stay pending count against the account (RFC 8555 section 7.5.2). Never rejects. */
async function giveUp(
  pending: readonly Pending[],
  { client, signer }: AuthorizationContext,
): Promise<void> {
  await Promise.allSettled(
    pending.map(({ url }) => client.post(url, signer, { status: "deactivated" })),
  );
}

/** Waits for all, even where one rejects: then it rejects as the first of them. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(work);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}
