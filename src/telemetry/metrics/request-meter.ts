import type { Exchange } from "../../http/exchange.ts";
import type { Meter } from "../../http/observability.ts";
import type { MeterSlab, Row } from "./meter-slab.ts";
import { type MeterOwner, RequestRow } from "./series.ts";

const { requestBytes: REQUEST_BYTES, responseBytes: RESPONSE_BYTES, buckets: BUCKETS } = RequestRow;

/** Header values beyond so many characters are cut: they are labels. */
const MAX_LABEL = 256;

/** One worker's numbers of one entrypoint, router, service or server. */
export class RequestMeter implements Meter {
  readonly owner: MeterOwner;
  private readonly slab: MeterSlab;
  private readonly bounds: readonly number[];
  private readonly rows = new Map<number, Row>();
  // A kind of request comes many times in a row.
  private lastKind = -1;
  private last: Row | null = null;
  private tlsVersion = "";
  private tlsCipher = "";
  private lastTls: Row | null = null;
  private readonly single = new Map<string, Row>();
  /** Where a series has no row of its own: nothing reads it, and nothing remembers the series. */
  private readonly lost: Row;

  /** `bounds`: upper bounds of buckets, in seconds. */
  constructor(owner: MeterOwner, slab: MeterSlab, bounds: readonly number[]) {
    this.owner = owner;
    this.slab = slab;
    this.bounds = bounds;
    this.lost = { cells: new Float64Array(BUCKETS + 2 * (bounds.length + 1)), at: 0 };
  }

  count(kind: number, seconds: number, requestBytes: number, responseBytes: number): void {
    let row = this.last;
    if (row === null || kind !== this.lastKind) row = this.rowOf(kind);
    const { cells, at } = row;
    cells[at + REQUEST_BYTES] += requestBytes;
    cells[at + RESPONSE_BYTES] += responseBytes;
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]) bucket++;
    const cell = at + BUCKETS + 2 * bucket;
    cells[cell]++;
    cells[cell + 1] += seconds;
  }

  private rowOf(kind: number): Row {
    let row = this.rows.get(kind);
    if (row === undefined) {
      row = this.slab.row({ figure: "requests", owner: this.owner, kind }) ?? undefined;
      if (row === undefined) return this.lost;
      this.rows.set(kind, row);
    }
    this.lastKind = kind;
    this.last = row;
    return row;
  }

  /** The request came over TLS. */
  countTls(version: string, cipher: string): void {
    let row = this.lastTls;
    if (row === null || version !== this.tlsVersion || cipher !== this.tlsCipher) {
      row = this.singleRow(`tls ${version} ${cipher}`, {
        figure: "tls",
        owner: this.owner,
        version,
        cipher,
      });
      this.lastTls = row;
      this.tlsVersion = version;
      this.tlsCipher = cipher;
    }
    row.cells[row.at]++;
  }

  /** One more for the values that the request's headers of these names have. */
  countLabelled(kind: number, { requestHeaders }: Exchange, names: readonly string[]): void {
    const values = names.map((name) => (requestHeaders?.get(name) ?? "").slice(0, MAX_LABEL));
    const row = this.singleRow(`labelled ${kind} ${JSON.stringify(values)}`, {
      figure: "labelled",
      owner: this.owner,
      kind,
      values,
    });
    row.cells[row.at]++;
  }

  countRetry(): void {
    const row = this.singleRow("retries", { figure: "retries", owner: this.owner });
    row.cells[row.at]++;
  }

  setConnections(count: number): void {
    const row = this.singleRow("connections", { figure: "connections", owner: this.owner });
    row.cells[row.at] = count;
  }

  private singleRow(key: string, series: Parameters<MeterSlab["row"]>[0]): Row {
    let row = this.single.get(key);
    if (row === undefined) {
      row = this.slab.row(series) ?? undefined;
      if (row === undefined) return this.lost;
      this.single.set(key, row);
    }
    return row;
  }

  /** Nothing reads its rows any more: what comes is counted from 0. */
  forget(): void {
    this.slab.freed(this.rows.size + this.single.size);
    this.rows.clear();
    this.single.clear();
    this.last = null;
    this.lastTls = null;
  }
}
