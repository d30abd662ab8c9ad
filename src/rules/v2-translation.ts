import { type MatcherArity, parseRule, type RuleNode } from "./parser.ts";
import { quoted } from "./v2-spelling.ts";

const any = { min: 1, max: Number.POSITIVE_INFINITY };

/** The matchers of Traefik 2, and how many values each takes. */
const HTTP_V2 = {
  Host: any,
  HostHeader: any,
  HostRegexp: any,
  Path: any,
  PathPrefix: any,
  Method: any,
  Headers: { min: 2, max: 2 },
  HeadersRegexp: { min: 2, max: 2 },
  Query: any,
  ClientIP: any,
} as const satisfies MatcherArity;

const TCP_V2 = {
  HostSNI: any,
  HostSNIRegexp: any,
  ClientIP: any,
  ALPN: any,
} as const satisfies MatcherArity;

type Translate = (values: readonly string[]) => string;

const call = (name: string, ...values: readonly string[]) =>
  `${name}(${values.map(quoted).join(", ")})`;
/** One of the values is to match. */
const each =
  (one: (value: string) => string): Translate =>
  (values) =>
    joined(values.map(one), "||");
const plain = (name: string) => each((value) => call(name, value));

/** What a name in braces stands for where it has no expression, by what the template is of. */
const LABEL = "[^.]+";
const SEGMENT = "[^/]+";
const VALUE = ".*";

const HTTP: Record<keyof typeof HTTP_V2, Translate> = {
  Host: plain("Host"),
  HostHeader: plain("Host"),
  HostRegexp: each((value) => call("HostRegexp", `^(?i)${template(value, LABEL)}$`)),
  Path: each((value) =>
    value.includes("{") ? call("PathRegexp", `^${template(value, SEGMENT)}$`) : call("Path", value),
  ),
  PathPrefix: each((value) =>
    value.includes("{")
      ? call("PathRegexp", `^${template(value, SEGMENT)}`)
      : call("PathPrefix", value),
  ),
  Method: plain("Method"),
  Headers: ([name, value]) => call("Header", name, value),
  HeadersRegexp: ([name, value]) => call("HeaderRegexp", name, value),
  // All of them are to match.
  Query: (values) => joined(values.map(queryPair), "&&"),
  ClientIP: plain("ClientIP"),
};

const TCP: Record<keyof typeof TCP_V2, Translate> = {
  HostSNI: plain("HostSNI"),
  HostSNIRegexp: each((value) => call("HostSNIRegexp", `^${template(value, LABEL)}$`)),
  ClientIP: plain("ClientIP"),
  ALPN: plain("ALPN"),
};

/**
 * A rule in the syntax of Traefik 2 (`ruleSyntax: v2`), written in that of v3. Throws an Error that says what is
 * wrong with it. Source: Traefik's pkg/muxer/http/matcher_v2.go, pkg/muxer/tcp/matcher_v2.go and the
 * templates of gorilla/mux.
 */
export function translatedRule(rule: string, plane: "http" | "tcp"): string {
  const node = plane === "http" ? parseRule(rule, HTTP_V2) : parseRule(rule, TCP_V2);
  return written(node, plane === "http" ? HTTP : TCP);
}

function written(node: RuleNode, table: Readonly<Record<string, Translate>>): string {
  switch (node.type) {
    case "matcher":
      return table[node.name](node.values);
    case "not":
      return `!${written(node.operand, table)}`;
    default: {
      const operands = node.operands.map((operand) => written(operand, table));
      return joined(operands, node.type === "and" ? "&&" : "||");
    }
  }
}

function joined(parts: readonly string[], operator: "&&" | "||"): string {
  return parts.length === 1 ? parts[0] : `(${parts.join(` ${operator} `)})`;
}

function queryPair(pair: string): string {
  const equals = pair.indexOf("=");
  if (equals < 0) throw new Error(`Query takes key=value, found ${JSON.stringify(pair)}`);
  const key = pair.slice(0, equals);
  const value = pair.slice(equals + 1);
  if (value === "") return call("QueryRegexp", key, VALUE);
  return value.includes("{")
    ? call("QueryRegexp", key, `^${template(value, VALUE)}$`)
    : call("Query", key, value);
}

/** An expression for a text with `{name:expression}` and `{name}` in it; what is between them is itself. */
function template(text: string, otherwise: string): string {
  let expression = "";
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{", at);
    expression += literal(text.slice(at, open < 0 ? text.length : open));
    if (open < 0) break;
    const close = closing(text, open);
    const inside = text.slice(open + 1, close);
    const colon = inside.indexOf(":");
    const pattern = colon < 0 ? otherwise : inside.slice(colon + 1);
    if (inside === "" || colon === 0 || pattern === "")
      throw new Error(`expected {name:expression} or {name}, found {${inside}}`);
    expression += `(?:${pattern})`;
    at = close + 1;
  }
  return expression;
}

/** Where the brace that opens at a place is closed; expressions may have braces too. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return i;
  }
  throw new Error(`a brace is never closed in ${JSON.stringify(text)}`);
}

function literal(text: string): string {
  if (text.includes("}")) throw new Error(`a brace is never opened in ${JSON.stringify(text)}`);
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
