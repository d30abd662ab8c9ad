import type { KeyPath } from "../document.ts";
import { EVENT, offsetOf, scalarText, type YamlEvent } from "./events.ts";
import type { YamlSource } from "./source.ts";

interface Place {
  readonly offset: number;
  /** By name, and by name in lower case where no other key is written so. */
  readonly keys?: ReadonlyMap<string, Place>;
  readonly items?: readonly Place[];
}

/**
 * Where each key of a document stands. Made when the first mistake is told of, since most documents
 * have none.
 */
export class YamlPlaces {
  private readonly source: YamlSource;
  private readonly text: string;
  private readonly events: readonly YamlEvent[];
  private readonly lineStarts: number[] = [0];
  private root: Place | undefined;
  private next = 0;

  constructor(source: YamlSource) {
    this.source = source;
    this.text = source.text;
    this.events = source.events;
    for (const { index, 0: end } of source.written.matchAll(/\r\n?|\n/g))
      this.lineStarts.push(index + end.length);
  }

  /** "line:column" of an offset. */
  at(offsetInText: number): string {
    const offset = this.source.original(offsetInText);
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lineStarts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return `${low + 1}:${offset - this.lineStarts[low] + 1}`;
  }

  /** "line:column" of the key at a path, or of the nearest thing above it that is there. */
  of(path: KeyPath): string {
    this.root ??= this.document();
    let place = this.root;
    for (const step of path) {
      const name = String(step);
      const below =
        place.keys?.get(name) ?? place.keys?.get(name.toLowerCase()) ?? place.items?.[Number(step)];
      if (below === undefined) break;
      place = below;
    }
    return this.at(place.offset);
  }

  private document(): Place {
    this.next = 1;
    return this.events.length === 0 ? { offset: 0 } : this.place(undefined);
  }

  /** What begins at the next event; it stands where its key does. */
  private place(keyOffset: number | undefined): Place {
    const event = this.events[this.next++];
    const own = offsetOf(this.text, event) ?? 0;
    const offset = keyOffset ?? own;
    if (event.type === EVENT.MAPPING) return { offset, keys: this.keys(own) };
    if (event.type === EVENT.SEQUENCE) return { offset, items: this.items() };
    return { offset };
  }

  private keys(start: number): Map<string, Place> {
    const keys = new Map<string, Place>();
    for (;;) {
      const event = this.events[this.next];
      if (event.type === EVENT.POP) break;
      const offset = offsetOf(this.text, event) ?? start;
      this.place(undefined);
      const place = this.place(offset);
      if (event.type === EVENT.SCALAR) keys.set(scalarText(this.text, event), place);
    }
    this.next++;
    for (const [name, place] of [...keys]) {
      const lower = name.toLowerCase();
      if (!keys.has(lower)) keys.set(lower, place);
    }
    return keys;
  }

  private items(): Place[] {
    const items: Place[] = [];
    while (this.events[this.next].type !== EVENT.POP) items.push(this.place(undefined));
    this.next++;
    return items;
  }
}
