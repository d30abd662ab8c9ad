/** What a server may say where it knows nothing of the content (RFC 9110 section 8.3). */
const UNKNOWN = "application/octet-stream";

/** Finds the media type that goes with a name's extension, from a list that is loaded with the first of these. */
export async function contentTypes(): Promise<ContentTypes> {
  const { default: types } = await import("mime");
  return new ContentTypes((extension) => types.getType(extension));
}

export class ContentTypes {
  private readonly lookUp: (extension: string) => string | null;
  private readonly known = new Map<string, string | null>();

  constructor(lookUp: (extension: string) => string | null) {
    this.lookUp = lookUp;
  }

  /** For a path: with `charset=utf-8` where it is text. */
  of(path: string): string {
    return this.find(path) ?? UNKNOWN;
  }

  /** The path's extension is one of the list. */
  knows(path: string): boolean {
    return this.find(path) !== null;
  }

  private find(path: string): string | null {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const dot = name.lastIndexOf(".");
    if (dot < 0) return null;
    const extension = name.slice(dot + 1).toLowerCase();
    const known = this.known.get(extension);
    if (known !== undefined) return known;
    const type = this.lookUp(extension);
    const full = type?.startsWith("text/") ? `${type}; charset=utf-8` : type;
    // A name that is none is looked up each time: clients make those up.
    if (full !== null) this.known.set(extension, full);
    return full;
  }
}
