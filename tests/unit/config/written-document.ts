import fc from "fast-check";

/** Plain data that all three languages can write. */
export type Data = string | number | boolean | readonly Data[] | { readonly [key: string]: Data };

/** A document as text, with the place of each key and of each element, by its path joined by dots. */
export interface WrittenDocument {
  readonly text: string;
  /** "line:column". */
  readonly places: ReadonlyMap<string, string>;
}

/** Names that are names in any case, and the ones that trip JavaScript or YAML. */
const name = fc.oneof(
  fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,6}$/),
  fc.constantFrom("constructor", "toString", "yes", "null", "0", "a b", "é", "x.y", "#", "-", "😀"),
);
const scalar = fc.oneof(
  fc.integer({ min: -1e9, max: 1e9 }),
  fc.boolean(),
  fc.stringMatching(/^[ -~é]{0,12}$/),
);

const { section } = fc.letrec<{ value: Data; section: Record<string, Data>; list: Data[] }>(
  (tie) => ({
    value: fc.oneof({ depthSize: "small" }, scalar, tie("section"), tie("list")),
    section: fc
      .uniqueArray(fc.tuple(name, tie("value")), {
        minLength: 1,
        maxLength: 4,
        selector: ([key]) => key.toLowerCase(),
      })
      .map(Object.fromEntries),
    list: fc.oneof(
      fc.array(scalar, { minLength: 1, maxLength: 3 }),
      fc.array(tie("section"), { minLength: 1, maxLength: 3 }),
    ),
  }),
);

/** Documents whose keys differ in any case. */
export const documents: fc.Arbitrary<Record<string, Data>> = section;

class Writer {
  text = "";
  readonly places = new Map<string, string>();

  write(text: string): void {
    this.text += text;
  }

  /** Notes that what comes next is at that path; the first time counts. */
  mark(path: readonly (string | number)[]): void {
    const lines = this.text.split("\n");
    const place = `${lines.length}:${lines[lines.length - 1].length + 1}`;
    const key = JSON.stringify(path.map(String));
    if (!this.places.has(key)) this.places.set(key, place);
  }
}

type Path = readonly (string | number)[];

const isSection = (value: Data): value is { readonly [key: string]: Data } =>
  typeof value === "object" && !Array.isArray(value);

/** Block style; keys plain where that is safe. */
export function writeYaml(data: Record<string, Data>): WrittenDocument {
  const writer = new Writer();
  const section = (value: { readonly [key: string]: Data }, path: Path, indent: string) => {
    let first = true;
    for (const [key, child] of Object.entries(value)) {
      if (!first) writer.write(indent);
      first = false;
      const at = [...path, key];
      writer.mark(at);
      // YAML's null is a key too, and none of ours.
      const plain = /^[a-zA-Z][a-zA-Z0-9]*$/.test(key) && key.toLowerCase() !== "null";
      writer.write(plain ? `${key}:` : `${JSON.stringify(key)}:`);
      put(child, at, indent);
    }
  };
  const put = (value: Data, path: Path, indent: string) => {
    if (isSection(value)) {
      writer.write(`\n${indent}  `);
      section(value, path, `${indent}  `);
    } else if (Array.isArray(value)) {
      writer.write("\n");
      for (const [i, element] of value.entries()) {
        writer.write(`${indent}  - `);
        writer.mark([...path, i]);
        if (isSection(element)) section(element, [...path, i], `${indent}    `);
        else writer.write(`${JSON.stringify(element)}\n`);
      }
    } else {
      writer.write(` ${JSON.stringify(value)}\n`);
    }
  };
  section(data, [], "");
  return writer;
}

/** `JSON.stringify` with line breaks. */
export function writeJson(data: Record<string, Data>): WrittenDocument {
  const writer = new Writer();
  const put = (value: Data, path: Path, indent: string) => {
    if (typeof value !== "object") {
      writer.write(JSON.stringify(value));
      return;
    }
    const list = Array.isArray(value);
    writer.write(list ? "[" : "{");
    for (const [i, [key, child]] of Object.entries(value as Record<string, Data>).entries()) {
      writer.write(`${i > 0 ? "," : ""}\n${indent}\t`);
      const at = [...path, list ? i : key];
      writer.mark(at);
      if (!list) writer.write(`${JSON.stringify(key)}: `);
      put(child, at, `${indent}\t`);
    }
    writer.write(`\n${indent}${list ? "]" : "}"}`);
  };
  put(data, [], "");
  return writer;
}

/** Tables for sections, arrays of tables for lists of sections. */
export function writeToml(data: Record<string, Data>): WrittenDocument {
  const writer = new Writer();
  const key = (name: string) => (/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name));
  const header = (path: Path, marks: Path, brackets: [string, string]) => {
    const names = path.filter((step) => typeof step === "string");
    if (marks.length > path.length) writer.mark(marks);
    writer.write(brackets[0]);
    for (const [i, name] of names.entries()) {
      if (i > 0) writer.write(".");
      if (i === names.length - 1) writer.mark(path);
      writer.write(key(name));
    }
    writer.write(`${brackets[1]}\n`);
  };
  const tables = (value: { readonly [key: string]: Data }, path: Path) => {
    const later: [Path, Data][] = [];
    for (const [name, child] of Object.entries(value)) {
      const at = [...path, name];
      if (isSection(child) || (Array.isArray(child) && isSection(child[0]))) {
        later.push([at, child]);
        continue;
      }
      writer.mark(at);
      writer.write(`${key(name)} = `);
      if (Array.isArray(child)) {
        writer.write("[");
        for (const [i, element] of child.entries()) {
          if (i > 0) writer.write(", ");
          writer.mark([...at, i]);
          writer.write(JSON.stringify(element));
        }
        writer.write("]\n");
      } else {
        writer.write(`${JSON.stringify(child)}\n`);
      }
    }
    for (const [at, child] of later) {
      if (isSection(child)) {
        header(at, at, ["[", "]"]);
        tables(child, at);
        continue;
      }
      for (const [i, element] of (child as readonly Data[]).entries()) {
        header(at, [...at, i], ["[[", "]]"]);
        tables(element as { readonly [key: string]: Data }, [...at, i]);
      }
    }
  };
  tables(data, []);
  return writer;
}
