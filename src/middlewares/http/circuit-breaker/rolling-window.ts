/**
 * Numbers of the latest past, in places of a row that others may share: the past is cut into equal
 * pieces, and a piece that is too old is emptied when its place is needed. Callers see to it that one at
 * a time uses it.
 */
export class RollingWindow {
  private readonly numbers: Float64Array;
  private readonly start: number;
  readonly pieces: number;
  private readonly length: number;
  readonly width: number;

  /** `pieces` of `length` milliseconds, each with `width` numbers. */
  constructor(
    numbers: Float64Array,
    start: number,
    { pieces, length, width }: { pieces: number; length: number; width: number },
  ) {
    this.numbers = numbers;
    this.start = start;
    this.pieces = pieces;
    this.length = length;
    this.width = width;
  }

  /** Places that it takes. */
  static places({ pieces, width }: { pieces: number; width: number }): number {
    return pieces * (1 + width);
  }

  add(now: number, index: number): void {
    const { numbers, width } = this;
    // From 1: places begin as 0, which is no piece.
    const piece = Math.floor(now / this.length) + 1;
    const at = this.start + (piece % this.pieces) * (1 + width);
    if (numbers[at] !== piece) {
      numbers.fill(0, at + 1, at + 1 + width);
      numbers[at] = piece;
    }
    numbers[at + 1 + index]++;
  }

  /** Of all pieces together. */
  sum(now: number, index: number): number {
    const { numbers, width, pieces } = this;
    const piece = Math.floor(now / this.length) + 1;
    let sum = 0;
    for (let i = 0; i < pieces; i++) {
      const at = this.start + i * (1 + width);
      if (numbers[at] > piece - pieces && numbers[at] <= piece) sum += numbers[at + 1 + index];
    }
    return sum;
  }

  clear(): void {
    const places = RollingWindow.places(this);
    this.numbers.fill(0, this.start, this.start + places);
  }
}
