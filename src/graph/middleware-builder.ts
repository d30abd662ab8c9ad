import type { Middleware as MiddlewareConfiguration } from "../config/dynamic/schema.ts";
import { messageOf } from "../core/errors.ts";
import type { Middleware } from "../http/handler.ts";
import { MIDDLEWARES } from "../middlewares/http/table.ts";
import { providerOf, resolveReference } from "../snapshot/names.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { missing } from "./missing.ts";

export interface ResolvedChain {
  readonly links: readonly Middleware[];
  /** Equal for equal configurations. */
  readonly fingerprint: string;
}

/** Makes the middlewares that routers name. Chains are flattened; a chain that contains itself is an error. */
export class MiddlewareBuilder {
  private readonly snapshot: Snapshot;
  private readonly resolved = new Map<string, ResolvedChain | Error>();

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
  }

  /** The middlewares of those qualified names, outermost first. Throws with the name of what is wrong. */
  resolve(names: readonly string[]): ResolvedChain {
    const parts = names.map((name) => this.one(name, []));
    return {
      links: parts.flatMap((part) => part.links),
      fingerprint: parts.map((part) => part.fingerprint).join(),
    };
  }

  private one(name: string, path: readonly string[]): ResolvedChain {
    const known = this.resolved.get(name);
    if (known instanceof Error) throw known;
    if (known !== undefined) return known;
    let result: ResolvedChain | Error;
    try {
      result = this.build(name, path);
    } catch (error) {
      result = new Error(messageOf(error));
    }
    this.resolved.set(name, result);
    if (result instanceof Error) throw result;
    return result;
  }

  private build(name: string, path: readonly string[]): ResolvedChain {
    if (path.includes(name))
      throw new Error(`middleware "${name}": recursion: ${[...path, name].join(" -> ")}`);
    const configuration = this.snapshot.middlewares[name];
    if (configuration === undefined) throw missing(this.snapshot, "middleware", name);
    if (configuration.chain !== undefined) {
      const parts = (configuration.chain.middlewares ?? []).map((child) =>
        this.one(resolveReference(child, providerOf(name)), [...path, name]),
      );
      return {
        links: parts.flatMap((part) => part.links),
        fingerprint: `[${parts.map((part) => part.fingerprint).join()}]`,
      };
    }
    return {
      links: [create(name, configuration)],
      fingerprint: JSON.stringify([name, configuration]),
    };
  }
}

function create(name: string, configuration: MiddlewareConfiguration): Middleware {
  const kinds = Object.keys(configuration).filter(
    (key) => configuration[key as keyof MiddlewareConfiguration] !== undefined,
  );
  if (kinds.length !== 1) {
    throw new Error(
      `middleware "${name}": expected exactly one kind, found ${kinds.length === 0 ? "none" : kinds.join(", ")}`,
    );
  }
  const factory = MIDDLEWARES[kinds[0]];
  if (factory === undefined)
    throw new Error(`middleware "${name}": "${kinds[0]}" is not supported by Sluice yet`);
  return factory(configuration[kinds[0] as keyof MiddlewareConfiguration] as never, { name });
}
