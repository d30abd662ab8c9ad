import { MeterSlab } from "./meter-slab.ts";
import { RequestMeter } from "./request-meter.ts";
import type { MeterNews, MeterOwner } from "./series.ts";

/** A text for an owner that no other one has. */
export function ownerKey(owner: MeterOwner): string {
  const more = owner.kind === "router" ? owner.service : owner.kind === "server" ? owner.url : "";
  return `${owner.kind}\n${owner.name}\n${more}`;
}

/** All meters of one worker. Elements find theirs again after a reload. */
export class RequestMeters {
  private readonly slab: MeterSlab;
  private readonly bounds: readonly number[];
  private readonly meters = new Map<string, RequestMeter>();

  /** `bounds`: upper bounds of buckets in seconds, ascending. */
  constructor(bounds: readonly number[], tell: (news: MeterNews) => void, full: () => void) {
    this.bounds = bounds;
    this.slab = new MeterSlab(bounds.length, tell, full);
  }

  of(owner: MeterOwner): RequestMeter {
    const key = ownerKey(owner);
    let meter = this.meters.get(key);
    if (meter === undefined) {
      meter = new RequestMeter(owner, this.slab, this.bounds);
      this.meters.set(key, meter);
    }
    return meter;
  }

  /** The control plane has let go of the rows of owners (`ownerKey`) that are configured no more. */
  forget(keys: readonly string[]): void {
    for (const key of keys) {
      this.meters.get(key)?.forget();
      this.meters.delete(key);
    }
  }
}
