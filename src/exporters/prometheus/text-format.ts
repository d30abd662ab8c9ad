export type Labels = readonly (readonly [name: string, value: string])[];

/** Prometheus' text format 0.0.4, written family by family. Labels go by name, as Go's client has them. */
export class TextFormat {
  private readonly families = new Map<string, { head: string; lines: string[] }>();

  /** Begins a family; where it is there already, its lines go on. */
  family(name: string, type: "counter" | "gauge" | "histogram", help: string): void {
    if (this.families.has(name)) return;
    const head = `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n`;
    this.families.set(name, { head, lines: [] });
  }

  /** One sample of a family; `suffix` such as "_bucket" comes behind its name. */
  sample(family: string, labels: Labels, value: number, suffix = ""): void {
    this.families
      .get(family)!
      .lines.push(`${family}${suffix}${labelText(labels)} ${numberText(value)}\n`);
  }

  /** A family's samples of a histogram: counts of each bucket alone, the last without a bound. */
  histogram(
    family: string,
    labels: Labels,
    bounds: readonly number[],
    counts: readonly number[],
    sum: number,
  ): void {
    let count = 0;
    counts.forEach((inBucket, i) => {
      count += inBucket;
      const bound = i < bounds.length ? numberText(bounds[i]) : "+Inf";
      this.sample(family, [...labels, ["le", bound]], count, "_bucket");
    });
    this.sample(family, labels, sum, "_sum");
    this.sample(family, labels, count, "_count");
  }

  /** Families by name, those without samples left out. */
  toString(): string {
    return [...this.families]
      .filter(([, { lines }]) => lines.length > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { head, lines }]) => head + lines.join(""))
      .join("");
  }
}

function labelText(labels: Labels): string {
  if (labels.length === 0) return "";
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  // `le` is last in Go, whatever the others are called.
  const last = sorted.findIndex(([name]) => name === "le");
  if (last >= 0) sorted.push(...sorted.splice(last, 1));
  return `{${sorted.map(([name, value]) => `${name}="${escapedValue(value)}"`).join(",")}}`;
}

function escapedValue(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

function escapedHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => (character === "\n" ? "\\n" : "\\\\"));
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  // Go writes exponents with two digits and a sign.
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}
