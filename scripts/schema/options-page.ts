import { z } from "zod";
import { shapeOf } from "../../src/config/shape.ts";
import { type SupportMark, supportOf } from "../../src/config/support.ts";

/** A place of the dynamic configuration whose elements have kinds. */
interface Place {
  readonly title: string;
  /** The schema of one element: a key for each kind. */
  readonly element: z.ZodType;
}

/** docs/options.md: the options of every kind of middleware and service, as the schema has them. */
export function optionsPage(dynamicSchema: z.ZodType): string {
  const places: Place[] = [
    ["HTTP middlewares", "http", "middlewares"],
    ["HTTP services", "http", "services"],
    ["TCP middlewares", "tcp", "middlewares"],
    ["TCP services", "tcp", "services"],
    ["UDP services", "udp", "services"],
  ].map(([title, plane, section]) => {
    const elements = shapeOf(keyOf(keyOf(dynamicSchema, plane), section));
    if (elements.kind !== "record") throw new Error(`${plane}.${section} is no map`);
    return { title, element: elements.value };
  });
  return `${[
    "<!-- Written by `bun run schema`; don't edit. -->",
    "",
    "# Options of middlewares and services",
    "",
    "What each kind takes, from the schema that configurations are checked with. What they do, with examples, is in",
    "[authentication](middlewares/authentication.md), [bodies](middlewares/bodies.md), [cache](middlewares/cache.md),",
    "[faults](middlewares/faults.md), [files](middlewares/files.md), [oidc](middlewares/oidc.md),",
    "[traffic](middlewares/traffic.md) and [others of Sluice's own](middlewares/own.md), for services in",
    "[upstreams](upstreams.md) and [functions](functions.md). A default stands here where the schema sets it.",
    ...places.flatMap(({ title, element }) => ["", `## ${title}`, ...kinds(element)]),
  ].join("\n")}\n`;
}

function keyOf(schema: z.ZodType, key: string): z.ZodType {
  const shape = shapeOf(schema);
  if (shape.kind !== "object") throw new Error(`there is no ${key}`);
  return shape.keys[key];
}

function kinds(element: z.ZodType): string[] {
  const shape = shapeOf(element);
  if (shape.kind !== "object") throw new Error("an element has no kinds");
  return Object.keys(shape.keys)
    .sort((a, b) => (a < b ? -1 : 1))
    .flatMap((kind) => {
      const schema = shape.keys[kind];
      const mark = supportOf(schema);
      const rows = optionRows(schema);
      return [
        "",
        `### ${kind}`,
        ...(mark === undefined ? [] : ["", `${said(mark)}.`]),
        "",
        ...(rows.length === 0
          ? [`Takes ${takes(schema)}.`]
          : ["| Option | Takes | Default | |", "|---|---|---|---|", ...rows]),
      ];
    });
}

function optionRows(schema: z.ZodType, path = ""): string[] {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case "object":
      return Object.entries(shape.keys).flatMap(([key, child]) => {
        const at = path === "" ? key : `${path}.${key}`;
        const mark = supportOf(child);
        const cells = [`\`${at}\``, takes(child), defaultOf(child), mark ? said(mark) : ""];
        return [`| ${cells.map(escaped).join(" | ")} |`, ...optionRows(child, at)];
      });
    case "record":
      return optionRows(shape.value, `${path === "" ? "" : `${path}.`}NAME`);
    case "array":
      return optionRows(shape.element, `${path}[]`);
    default:
      return [];
  }
}

function said({ support, note }: SupportMark): string {
  const word = { implemented: "", accepted: "no effect", refused: "refused", ours: "Sluice's own" };
  return [word[support], note].filter((part) => part !== "").join(": ");
}

/** What a key takes, in the words of the message for a value that it doesn't take. */
function takes(schema: z.ZodType): string {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case "object":
      return "a section";
    case "record":
      return "a map";
    case "array":
      return listOf(takes(shape.element));
    case "boolean":
      return "true or false";
    case "number":
      return numbers(schema);
    case "integer":
      return "a whole number";
    default:
      return expected(schema, "\u0000") ?? expected(schema, {}) ?? "a text";
  }
}

function listOf(element: string): string {
  return element === "a text" ? "a list of texts" : `a list, each ${element}`;
}

function expected(schema: z.ZodType, wrong: unknown): string | undefined {
  const { error } = schema.safeParse(wrong);
  const message = error?.issues[0]?.message ?? "";
  return /^expected (.+), found /s.exec(message)?.[1];
}

/** Zod's own bounds, wrappers taken off. */
function numbers(schema: z.ZodType): string {
  let inner = schema as z.ZodType & { unwrap?: () => z.ZodType };
  while (!(inner instanceof z.ZodNumber)) {
    const below = inner instanceof z.ZodPipe ? inner.in : inner.unwrap?.();
    if (below === undefined) return "a number";
    inner = below as typeof inner;
  }
  const { minValue, maxValue } = inner;
  const least = minValue !== null && minValue > Number.MIN_SAFE_INTEGER ? minValue : undefined;
  const most = maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER ? maxValue : undefined;
  const kind = inner.format === "safeint" ? "a whole number" : "a number";
  return [
    kind,
    ...(least === undefined ? [] : [`from ${least}`]),
    ...(most === undefined ? [] : [`to ${most}`]),
  ].join(" ");
}

function defaultOf(schema: z.ZodType): string {
  let inner: z.ZodType = schema;
  for (;;) {
    if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
      const value = inner.def.defaultValue;
      return typeof value === "object" ? "" : `\`${String(value)}\``;
    }
    if (!(inner instanceof z.ZodOptional) && !(inner instanceof z.ZodNullable)) return "";
    inner = inner.unwrap() as z.ZodType;
  }
}

function escaped(text: string): string {
  return text.replace(/[|<>]/g, (mark) => `\\${mark}`);
}
