import type { Files } from "../../../src/net/runtime.ts";

/** Files in memory, by path; a directory has the text null. Counts what is read. */
export class MemoryFiles implements Files {
  readonly texts = new Map<string, string | null>();
  readonly reads: string[] = [];

  constructor(texts: Readonly<Record<string, string | null>> = {}) {
    for (const [path, text] of Object.entries(texts)) this.texts.set(path, text);
  }

  async read(path: string): Promise<Uint8Array> {
    this.reads.push(path);
    const text = this.texts.get(path);
    if (typeof text !== "string") throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
    return new TextEncoder().encode(text);
  }

  async info(path: string) {
    const text = this.texts.get(path);
    if (text === undefined) return undefined;
    const isFile = text !== null;
    return { isFile, isDirectory: !isFile, size: text?.length ?? 0, modified: 0 };
  }

  list(): never {
    throw new Error("nobody lists");
  }
  rename(): Promise<void> {
    return Promise.reject(new Error("not here"));
  }

  remove(): Promise<void> {
    return Promise.reject(new Error("not here"));
  }

  gzip(): Promise<void> {
    return Promise.reject(new Error("not here"));
  }

  put(): Promise<void> {
    return Promise.reject(new Error("not here"));
  }

  append(): never {
    throw new Error("nobody writes");
  }
  temporary(): never {
    throw new Error("nothing is spilled");
  }
  watch(): never {
    throw new Error("nobody watches");
  }
}
