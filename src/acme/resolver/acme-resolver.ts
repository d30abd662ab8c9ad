import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { pause } from "../../core/loop/pause.ts";
import type { Runtime } from "../../net/runtime.ts";
import { pemText } from "../../tls/pem.ts";
import type { Solvers } from "../challenges/challenge.ts";
import { Demands } from "../demand/demands.ts";
import type { OnDemand } from "../demand/on-demand.ts";
import { isAccountGone, mayBeAccounts } from "../protocol/account.ts";
import type { AcmeClient } from "../protocol/acme-client.ts";
import { AcmeError } from "../protocol/acme-error.ts";
import { type OrderRequest, orderCertificate } from "../protocol/order.ts";
import { renewalInfo } from "../protocol/renewal-info.ts";
import type { OrderFailure, StoredCertificate } from "../storage/stored.ts";
import { keyOf as keyOfNames, NameSet } from "../wanted/wanted-names.ts";
import type { KeyType } from "../x509/key-type.ts";
import { AccountKeeper, type AccountKeeperOptions } from "./account-keeper.ts";
import { BACKOFF, type Backoff } from "./backoff.ts";
import { type CertificateFacts, factsOf } from "./certificate-facts.ts";
import { certificateKey } from "./certificate-key.ts";
import { failureOf, Orders, type PendingOrder } from "./orders.ts";
import { renewalTime } from "./renewal-time.ts";
import type { CertificateState, ResolverState } from "./resolver-state.ts";

export interface AcmeResolverOptions
  extends Omit<AccountKeeperOptions, "client" | "runtime">,
    Omit<OrderRequest, "names" | "key" | "replaces"> {
  readonly keyType: KeyType;
  readonly client: AcmeClient;
  /** How names are proven; asked at each order. Rejects where they can't be. */
  readonly solvers: () => Promise<Solvers>;
  readonly runtime: Pick<Runtime, "rsaKey">;
  readonly logger: Logger;
  /** There is another certificate. */
  readonly changed: () => void;
  readonly backoff?: Backoff;
  /** Decides on names that clients ask for; undefined where none are ordered so. */
  readonly onDemand?: OnDemand | undefined;
}

/** When a certificate is renewed. Milliseconds since the epoch. */
interface Plan {
  readonly facts: CertificateFacts;
  /** Of its names. */
  readonly key: string;
  renewAt: number;
  /** When the authority is asked (again) what it suggests. */
  askAt: number;
}

/** Between two looks at what is to be renewed, in milliseconds. */
const LOOK = 60_000;
/** An authority that can't say when to renew is asked again after so long. */
const ASK_AGAIN = 6 * 3_600_000;
/** So many certificates are asked for at once, and each further one after a pause, in milliseconds. */
const ASKED_AT_ONCE = 10;
const ASK_PAUSE = 250;
/** A renewal that the onDemand hook refuses is asked for again after so long. */
const RENEWAL_DENIED = 86_400_000;
/** An account that is gone is replaced at most so often. */
const NEW_ACCOUNT = 600_000;

/** One certificate resolver: its account, its certificates, what it orders and when it renews. */
export class AcmeResolver {
  readonly name: string;
  private readonly options: AcmeResolverOptions;
  private readonly account: AccountKeeper;
  private readonly orders: Orders;
  /** By the chains' text; null for one that can't be read. */
  private readonly plans = new Map<string, Plan | null>();
  private readonly demands: Demands | undefined;
  /** Names that are wanted by name, and those that others have certificates for; undefined before the first. */
  private listed: NameSet | undefined;
  private covering = new NameSet([]);
  private readonly stopping = new AbortController();
  private accountReplacedAt = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: AcmeResolverOptions) {
    const { storage, logger, backoff = BACKOFF } = options;
    this.name = options.resolver;
    this.options = options;
    this.account = new AccountKeeper(options);
    const { onDemand } = options;
    if (onDemand !== undefined)
      this.demands = new Demands(onDemand, storage.failures(options.resolver));
    this.orders = new Orders({
      carryOut: (order) => this.carryOut(order),
      mayRun: () => storage.isOwner,
      backoff,
      recovered: () => this.noteFailures(),
      failed: (order, error) => {
        logger.error("Unable to obtain ACME certificate for domains", {
          domains: order.names.join(","),
          error: messageOf(error),
          after: `${Math.round((order.due - Date.now()) / 1000)}s`,
        });
        const failure = failureOf(order);
        if (order.demanded && failure !== undefined) this.demands?.failed(order.key, failure);
        this.noteFailures();
      },
    });
  }

  /** From now on certificates are ordered and renewed. The storage is open. */
  start(): void {
    this.options.storage.follow(() => {
      this.options.changed();
      this.look();
    });
    this.timer = setInterval(() => this.look(), LOOK);
    this.look();
  }

  /** What is under way is given up. */
  stop(): void {
    clearInterval(this.timer);
    this.orders.stop();
    this.options.onDemand?.close();
    this.stopping.abort(new Error("the process ends"));
  }

  get certificates(): readonly StoredCertificate[] {
    return this.options.storage.section(this.name).certificates;
  }

  /**
   * The names that certificates are wanted for, a list for each; `covering` are names of certificates
   * that others have. What is there already, or under way, isn't ordered again.
   */
  want(lists: readonly (readonly string[])[], covering: readonly string[]): void {
    const readable = this.certificates.filter(({ certificate }) => this.planFor(certificate));
    const have = new NameSet([
      ...covering,
      ...readable.flatMap(({ main, sans }) => [main, ...sans]),
    ]);
    const wanted = lists.filter((names) => !names.every((name) => have.covers(name)));
    const keys = new Set([
      ...wanted.map((names) => keyOfNames(names)),
      ...readable.map(({ certificate }) => this.planFor(certificate)!.key),
    ]);
    this.orders.keep(({ key }) => keys.has(key));
    for (const names of wanted) this.orders.add(keyOfNames(names), names);
    this.covering = new NameSet(covering);
    const isFirst = this.listed === undefined;
    this.listed = new NameSet(lists.flat());
    this.noteFailures();
    if (isFirst) this.look();
  }

  /** A client asked for a name that no certificate has: it is ordered where `onDemand` allows it. */
  demand(name: string): void {
    const { storage, onDemand } = this.options;
    if (onDemand === undefined || !storage.isOwner || this.demands!.waits(name)) return;
    const isThere = () =>
      this.covering.covers(name) ||
      this.orders.get(name) !== undefined ||
      this.certificates.some((one) => new NameSet([one.main, ...one.sans]).covers(name));
    if (isThere()) return;
    onDemand.consider(name, () => {
      if (this.stopping.signal.aborted || isThere() || !onDemand.take()) return;
      this.options.logger.info("A certificate is ordered on demand", { domain: name });
      this.orders.add(name, [name], { tries: this.demands!.triesOf(name) });
      this.noteFailures();
    });
  }

  get state(): ResolverState {
    const { succeeded, failed } = this.orders;
    const { isOwner } = this.options.storage;
    const { name, states } = this;
    return { name, kind: "acme", orders: isOwner, succeeded, failed, certificates: states };
  }

  get states(): CertificateState[] {
    const shown = new Set<string>();
    const stored = this.certificates.map(({ main, sans, certificate }): CertificateState => {
      const plan = this.planFor(certificate);
      const names = plan?.facts.names ?? [main, ...sans];
      const key = plan?.key ?? keyOfNames(names);
      shown.add(key);
      return {
        resolver: this.name,
        names,
        facts: plan?.facts,
        renewAt: plan?.renewAt,
        failure: this.failureOf(key),
      };
    });
    const missing = (names: readonly string[], failure: OrderFailure | undefined) => {
      shown.add(keyOfNames(names));
      return { resolver: this.name, names, facts: undefined, renewAt: undefined, failure };
    };
    const demanded = (this.demands?.failures ?? []).map((one) => missing(one.names, one));
    const pending = this.orders.all
      .filter(({ key }) => !shown.has(key))
      .map(({ key, names }) => missing(names, this.failureOf(key)));
    return [...stored, ...demanded, ...pending];
  }

  /** The certificate for exactly these names. */
  private storedFor(names: readonly string[]): StoredCertificate | undefined {
    const key = keyOfNames(names);
    return this.certificates.find(({ certificate }) => this.planFor(certificate)?.key === key);
  }

  /** Undefined where the certificate can't be read: it counts as one that isn't there. */
  private planFor(certificate: string): Plan | undefined {
    let plan = this.plans.get(certificate);
    if (plan === undefined) {
      try {
        const facts = factsOf({ certificate });
        plan = { facts, key: keyOfNames(facts.names), renewAt: renewalTime(facts), askAt: 0 };
      } catch (error) {
        this.options.logger.error("A stored certificate can't be read", {
          error: messageOf(error),
        });
        plan = null;
      }
      this.plans.set(certificate, plan);
    }
    return plan ?? undefined;
  }

  /** Asks what authorities suggest, and orders what is due. */
  private look(): void {
    const { storage } = this.options;
    if (!storage.isOwner || this.stopping.signal.aborted) return;
    const now = Date.now();
    const texts = new Set(this.certificates.map(({ certificate }) => certificate));
    for (const text of this.plans.keys()) if (!texts.has(text)) this.plans.delete(text);
    const due: Plan[] = [];
    for (const text of texts) {
      const plan = this.planFor(text);
      if (plan === undefined) continue;
      if (plan.renewAt <= now) this.renew(plan);
      else if (plan.askAt <= now) due.push(plan);
    }
    if (due.length > 0) void this.askAll(due);
    this.orders.look();
  }

  /** One that was ordered on demand is renewed while the hook allows it. */
  private renew(plan: Plan): void {
    const { onDemand } = this.options;
    const { key, facts } = plan;
    const { names } = facts;
    const [name] = names;
    if (onDemand === undefined || names.length !== 1 || this.listed?.covers(name) === true) {
      this.orders.add(key, names);
      return;
    }
    // What routers want isn't known yet.
    if (this.listed === undefined || this.orders.get(key) !== undefined) return;
    plan.renewAt = Date.now() + RENEWAL_DENIED;
    void onDemand.ask(name).then((answer) => {
      if (answer === "denied") {
        this.options.logger.info("A certificate isn't renewed: the onDemand hook refuses it", {
          domain: name,
        });
      } else if (!this.stopping.signal.aborted) {
        plan.renewAt = Date.now();
        this.orders.add(key, names);
      }
    });
  }

  /** One after another, and not all at once: nothing hurries. */
  private async askAll(plans: readonly Plan[]): Promise<void> {
    for (const plan of plans) plan.askAt = Date.now() + ASK_AGAIN;
    for (const [i, plan] of plans.entries()) {
      const { facts } = plan;
      if (facts.renewalIdentifier === undefined) continue;
      try {
        const { signal } = this.stopping;
        if (i >= ASKED_AT_ONCE) await pause(ASK_PAUSE, signal);
        const info = await renewalInfo(this.options.client, facts.renewalIdentifier, signal);
        // It has none for any.
        if (info === undefined) return;
        plan.askAt = info.askAgain;
        if (plan.renewAt < info.start || plan.renewAt > info.end)
          plan.renewAt = info.start + Math.random() * (info.end - info.start);
        if (plan.renewAt > Date.now()) continue;
        this.options.logger.info("The authority suggests to renew a certificate now", {
          domains: facts.names.join(","),
          explanation: info.explanationUrl,
        });
        this.renew(plan);
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        const busy = error instanceof AcmeError && error.hasNoTime;
        if (busy && error.retryAt !== undefined)
          for (const left of plans.slice(i)) left.askAt = Math.max(left.askAt, error.retryAt);
        this.options.logger.debug("The authority doesn't say when to renew a certificate", {
          domains: facts.names.join(","),
          error: messageOf(error),
        });
        if (busy) return;
      }
    }
  }

  private noteFailures(): void {
    const failures = [
      ...this.orders.all.flatMap((order) => failureOf(order) ?? []),
      ...(this.demands?.failures ?? []),
    ];
    const { storage, onDemand } = this.options;
    storage.note(this.name, failures, onDemand?.orderedAt ?? []);
  }

  /** Of this process, or of the one that orders. */
  private failureOf(key: string): OrderFailure | undefined {
    const { storage } = this.options;
    if (storage.isOwner) return failureOf(this.orders.get(key));
    return storage.failures(this.name).find(({ names }) => keyOfNames(names) === key);
  }

  private async carryOut(order: PendingOrder): Promise<void> {
    const before = this.storedFor(order.names);
    // Another instance has ordered it since it was wanted.
    if (before !== undefined && this.planFor(before.certificate)!.renewAt > Date.now()) return;
    try {
      await this.obtain(order.names, before);
    } catch (error) {
      if (!(await this.replaceAccount(error))) throw error;
      await this.obtain(order.names, before);
    }
    if (this.demands?.succeeded(order.key) === true) this.noteFailures();
  }

  private async obtain(
    names: readonly string[],
    before: StoredCertificate | undefined,
  ): Promise<void> {
    const { client, logger, storage, changed } = this.options;
    const solvers = await this.options.solvers();
    const signer = await this.account.signer();
    const key = await certificateKey(before, this.options);
    const replaces = before && this.planFor(before.certificate)?.facts.renewalIdentifier;
    const { renewalInfo: hasRenewalInfo } = await client.directory();
    const certificate = await orderCertificate(
      {
        ...this.options,
        names,
        key,
        ...(hasRenewalInfo !== undefined && replaces !== undefined && { replaces }),
      },
      { client, signer, solvers, signal: this.stopping.signal },
    );
    const [main, ...sans] = names;
    const obtained: StoredCertificate = {
      main: before?.main ?? main,
      sans: before?.sans ?? sans,
      certificate,
      key: pemText("PRIVATE KEY", key.pkcs8),
      store: before?.store ?? "default",
    };
    const stored = storage.update(this.name, (section) => {
      const { certificates } = section;
      const place = certificates.findIndex((one) => one.certificate === before?.certificate);
      const next = place < 0 ? [...certificates, obtained] : certificates.with(place, obtained);
      return { ...section, certificates: next };
    });
    // It serves whether or not it can be stored.
    changed();
    const { notAfter } = factsOf(obtained);
    logger.info(before === undefined ? "Obtained a certificate" : "Renewed a certificate", {
      domains: names.join(","),
      until: new Date(notAfter).toISOString(),
    });
    await stored.catch((error: unknown) =>
      logger.error("A certificate could not be stored, it is tried again", {
        domains: names.join(","),
        error: messageOf(error),
      }),
    );
  }

  /** True where the authority has forgotten the account, and there is to be another one. */
  private async replaceAccount(error: unknown): Promise<boolean> {
    if (!mayBeAccounts(error)) return false;
    if (performance.now() - this.accountReplacedAt < NEW_ACCOUNT) return false;
    const signer = await this.account.signer().catch(() => undefined);
    if (signer === undefined) return false;
    const { client, logger } = this.options;
    if (!(await isAccountGone(client, signer, error).catch(() => false))) return false;
    this.accountReplacedAt = performance.now();
    logger.warn("The authority doesn't know the account any more, a new one is registered", {
      account: signer.accountUrl,
    });
    await this.account.forget();
    return true;
  }
}
