import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { type HttpClient, textOf } from "../../net/clients/http-client.ts";
import { pemText, readPemBlocks } from "../../tls/pem.ts";
import { BACKOFF, type Backoff } from "../resolver/backoff.ts";
import { type CertificateFacts, factsOf } from "../resolver/certificate-facts.ts";
import { failureOf, Orders } from "../resolver/orders.ts";
import type { CertificateState, ResolverState } from "../resolver/resolver-state.ts";
import type { StoredCertificate } from "../storage/stored.ts";

export interface TailscaleResolverOptions {
  readonly name: string;
  /** A client of the local daemon's socket. */
  readonly http: HttpClient;
  readonly logger: Logger;
  /** There is another certificate, or one fewer. */
  readonly changed: () => void;
  readonly backoff?: Backoff;
}

/** A certificate is fetched again with so much of its life left, and looked at so often, as in Traefik. */
const RENEWAL = 14 * 86_400_000;
const LOOK = 86_400_000;
/** The daemon may have to order it first. Milliseconds. */
const PATIENCE = 120_000;
const MOST_BYTES = 1024 * 1024;

interface Held {
  readonly stored: StoredCertificate;
  readonly facts: CertificateFacts;
}

/**
 * A resolver whose certificates the local Tailscale daemon has: it orders and keeps them itself.
 * Those that no router wants any more are dropped. Source: Traefik's pkg/provider/tailscale/provider.go.
 */
export class TailscaleResolver {
  readonly name: string;
  private readonly options: TailscaleResolverOptions;
  private readonly held = new Map<string, Held>();
  private readonly orders: Orders;
  private readonly stopping = new AbortController();
  private wanted: ReadonlySet<string> = new Set();
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: TailscaleResolverOptions) {
    const { logger, name, backoff = BACKOFF } = options;
    this.name = name;
    this.options = options;
    this.orders = new Orders({
      carryOut: (order) => this.fetch(order.key),
      mayRun: () => this.timer !== undefined,
      backoff,
      failed: (order, error) =>
        logger.error("Unable to fetch a certificate from Tailscale", {
          domain: order.key,
          error: messageOf(error),
        }),
    });
  }

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK);
    this.orders.look();
  }

  stop(): void {
    clearInterval(this.timer);
    this.orders.stop();
    this.stopping.abort(new Error("the process ends"));
    this.options.http.close();
  }

  get certificates(): readonly StoredCertificate[] {
    return [...this.held.values()].map(({ stored }) => stored);
  }

  /** Each name has a certificate of its own. */
  want(lists: readonly (readonly string[])[]): void {
    const names = new Set(lists.flat());
    for (const name of names) {
      if (isTailscaleName(name)) continue;
      names.delete(name);
      if (!this.wanted.has(name))
        this.options.logger.error("A certificate can't be had from Tailscale", {
          error: `expected a name such as machine.tailnet.ts.net, found "${name}"`,
        });
    }
    this.wanted = names;
    this.orders.keep(({ key }) => names.has(key));
    const dropped = [...this.held.keys()].filter((name) => !names.has(name));
    for (const name of dropped) this.held.delete(name);
    if (dropped.length > 0) this.options.changed();
    for (const name of names) if (!this.held.has(name)) this.orders.add(name, [name]);
  }

  get state(): ResolverState {
    const { succeeded, failed } = this.orders;
    const { name, states } = this;
    return { name, kind: "tailscale", orders: true, succeeded, failed, certificates: states };
  }

  get states(): CertificateState[] {
    return [...this.wanted].map((name) => {
      const facts = this.held.get(name)?.facts;
      return {
        resolver: this.name,
        names: [name],
        facts,
        renewAt: facts && facts.notAfter - RENEWAL,
        failure: failureOf(this.orders.get(name)),
      };
    });
  }

  private look(): void {
    for (const [name, { facts }] of this.held)
      if (facts.notAfter - RENEWAL <= Date.now()) this.orders.add(name, [name]);
    this.orders.look();
  }

  private async fetch(name: string): Promise<void> {
    const { http, logger, changed } = this.options;
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(PATIENCE)]);
    const response = await http.request({
      url: `http://local-tailscaled.sock/localapi/v0/cert/${name}?type=pair`,
      headers: { "Sec-Tailscale": "localapi", "Tailscale-Cap": "1" },
      signal,
    });
    const text = await textOf(response, MOST_BYTES);
    if (response.status !== 200)
      throw new Error(`the daemon answered ${response.status}: ${text.slice(0, 200).trim()}`);
    // The private key comes first, the chain behind it.
    const blocks = readPemBlocks(text);
    const part = (label: RegExp) =>
      blocks
        .filter((block) => label.test(block.label))
        .map((block) => pemText(block.label, block.bytes))
        .join("");
    const stored: StoredCertificate = {
      main: name,
      sans: [],
      certificate: part(/^CERTIFICATE$/),
      key: part(/(^| )PRIVATE KEY$/),
      store: "default",
    };
    const facts = factsOf(stored);
    if (!this.wanted.has(name)) return;
    this.held.set(name, { stored, facts });
    changed();
    logger.info("Fetched a certificate from Tailscale", {
      domain: name,
      until: new Date(facts.notAfter).toISOString(),
    });
  }
}

function isTailscaleName(name: string): boolean {
  return /^[a-z0-9-]+\.[a-z0-9-]+\.ts\.net$/.test(name);
}
