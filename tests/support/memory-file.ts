import type { AppendFile } from "../../src/net/runtime.ts";

/** An AppendFile that keeps what it gets. */
export class MemoryFile implements AppendFile {
  readonly writes: Uint8Array[] = [];
  onTrouble: ((error: unknown) => void) | null = null;
  flushes = 0;
  closed = false;

  write(bytes: Uint8Array): void {
    if (this.closed) throw new Error("write after close");
    this.writes.push(bytes);
  }
  writeNow(bytes: Uint8Array, length: number): void {
    this.write(bytes.slice(0, length));
  }
  async flush(): Promise<void> {
    this.flushes++;
  }
  async close(): Promise<void> {
    this.closed = true;
  }

  text(): string {
    return this.writes.map((bytes) => new TextDecoder().decode(bytes)).join("");
  }

  /** The lines, each of which must be complete. */
  lines(): string[] {
    const lines = this.text().split("\n");
    if (lines.pop() !== "") throw new Error("the last line has no end");
    return lines;
  }
}
