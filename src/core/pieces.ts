import { Breather } from "./loop/breather.ts";

/**
 * Large plain data as pieces of JSON, for another thread: each is about a millisecond's work, where a
 * structured clone of ten thousand routers would stop that thread for 50 ms.
 */
export type Pieces = readonly string[];

/** Where in the data something large is: a record of elements, or a list. */
export type PiecePath = readonly string[];

interface Piece {
  readonly path: PiecePath;
  readonly elements?: readonly (readonly [name: string, element: unknown])[];
  readonly list?: readonly unknown[];
}

/** Elements in a piece, about, and at most. */
const USUAL = 128;
const MOST = 400;
/** Milliseconds of unpacking between two turns of the event loop. */
const STRETCH = 5;

/** What is at `paths` goes into pieces of its own, the rest into the first one. `replacer` is JSON.stringify's. */
export function pack(
  data: object,
  paths: readonly PiecePath[],
  replacer?: (key: string, value: unknown) => unknown,
): Pieces {
  const rest = { ...data };
  const pieces: string[] = [];
  for (const path of paths) {
    const large = takeOut(rest, path);
    if (large === undefined) continue;
    for (const piece of slicesOf(path, large)) pieces.push(JSON.stringify(piece, replacer));
  }
  return [JSON.stringify(rest, replacer), ...pieces];
}

/** Puts an empty one in the place of what is at `path`, and returns what was there; objects on the way are copied. */
function takeOut(data: object, path: PiecePath): object | undefined {
  let place = data as Record<string, unknown>;
  for (const key of path.slice(0, -1)) {
    const next = place[key];
    if (typeof next !== "object" || next === null) return undefined;
    place[key] = { ...next };
    place = place[key] as Record<string, unknown>;
  }
  const last = path[path.length - 1];
  const large = place[last];
  if (typeof large !== "object" || large === null) return undefined;
  place[last] = Array.isArray(large) ? [] : {};
  return large;
}

function* slicesOf(path: PiecePath, large: object): Generator<Piece> {
  if (Array.isArray(large)) {
    for (let i = 0; i < large.length; i += USUAL) yield { path, list: large.slice(i, i + USUAL) };
    return;
  }
  let elements: [string, unknown][] = [];
  for (const entry of Object.entries(large)) {
    elements.push(entry);
    if (elements.length < MOST && !isLast(entry[0])) continue;
    yield { path, elements };
    elements = [];
  }
  if (elements.length > 0) yield { path, elements };
}

/** Whether a piece ends behind an element goes by its name alone, so that one element more changes one piece. */
function isLast(name: string): boolean {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return (Math.imul(hash, 0x9e3779b1) >>> 16) % USUAL === 0;
}

/**
 * The other end of `pack`, for data that comes again and again: a piece that is as it was last time is
 * not parsed again, and its elements are the same values. They must not be changed.
 */
export class Unpacker {
  private readonly revive: (path: PiecePath, element: unknown) => unknown;
  private known = new Map<string, Piece>();

  /** `revive` makes of an element what JSON could not carry. */
  constructor(revive: (path: PiecePath, element: unknown) => unknown = (_, element) => element) {
    this.revive = revive;
  }

  /** Gives the event loop its turns. One at a time. */
  async unpack<T>([rest, ...pieces]: Pieces): Promise<T> {
    const breather = new Breather(STRETCH);
    const data = JSON.parse(rest) as T;
    const known = new Map<string, Piece>();
    for (const text of pieces) {
      const turn = breather.breathe();
      if (turn !== undefined) await turn;
      const piece = this.known.get(text) ?? this.parse(text);
      known.set(text, piece);
      putBack(data, piece);
    }
    this.known = known;
    return data;
  }

  private parse(text: string): Piece {
    const { path, elements, list } = JSON.parse(text) as Piece;
    return {
      path,
      elements: elements?.map(([name, element]) => [name, this.revive(path, element)] as const),
      list,
    };
  }
}

function putBack(data: unknown, { path, elements, list }: Piece): void {
  let place = data as Record<string, unknown>;
  for (const key of path) place = place[key] as Record<string, unknown>;
  for (const [name, element] of elements ?? []) place[name] = element;
  if (list !== undefined) (place as unknown as unknown[]).push(...list);
}
