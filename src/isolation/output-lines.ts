/** Bytes of a line; what is beyond is left out. */
const LONGEST = 8192;
/** Lines a second, of one instance. */
const MOST = 200;

/**
 * Makes lines of what an instance writes. A line has a limit, and so has their number in a second: what is
 * beyond is counted, and `left` is told how many in the next second in which there is a line.
 */
export class OutputLines {
  private readonly line: (text: string) => void;
  private readonly left: (count: number) => void;
  private readonly decoder = new TextDecoder();
  private rest = "";
  private cut = false;
  private second = 0;
  private count = 0;

  constructor(line: (text: string) => void, left: (count: number) => void) {
    this.line = line;
    this.left = left;
  }

  /** `now` in milliseconds. */
  write(bytes: Uint8Array, now: number): void {
    let text = this.rest + this.decoder.decode(bytes, { stream: true });
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      this.give(text.slice(0, end), now);
      text = text.slice(end + 1);
      this.cut = false;
    }
    if (text.length > LONGEST) {
      this.give(text, now);
      this.cut = true;
      text = "";
    }
    this.rest = text;
  }

  /** Gives the last line, which may have no end. */
  end(now: number): void {
    if (this.rest !== "") this.give(this.rest, now);
    this.rest = "";
    this.tell();
  }

  private give(text: string, now: number): void {
    // The rest of a line that was too long.
    if (this.cut) return;
    const second = Math.floor(now / 1000);
    if (second !== this.second) {
      this.tell();
      this.second = second;
      this.count = 0;
    }
    if (++this.count > MOST) return;
    const line = text.replace(/\r$/, "");
    if (line !== "") this.line(line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line);
  }

  private tell(): void {
    if (this.count > MOST) this.left(this.count - MOST);
    this.count = 0;
  }
}
