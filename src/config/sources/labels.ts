import { dynamicSchema } from "../dynamic/schema.ts";
import { type Shape, shapeOf } from "../shape.ts";
import { ConfigError, type KeyPath } from "./document.ts";
import { nearestName, setAt, splitKey, type TextSection, textSection } from "./text-keys.ts";

/** Labels of a container, or tags of a catalog that were split at "=". */
export type Labels = Readonly<Record<string, string>>;

/** What labels say, as a tree of texts that may still be added to. */
export interface LabelTree {
  readonly root: TextSection;
  /** The label that set what is at a path. */
  locate(path: KeyPath): string;
  /** Labels that begin with "traefik." and that mean nothing: Traefik takes no notice of them either. */
  readonly ignored: readonly string[];
}

const ROOT = "traefik.";

/** What labels may configure. Source: Traefik's pkg/config/label/label.go. */
const PREFIXES = ["traefik.http.", "traefik.tcp.", "traefik.udp.", "traefik.tls.stores.default."];

/** What providers themselves read. */
const OWN =
  /^traefik\.(enable|constraints|docker\.(network|lbswarm|allownonrunning)|swarm\.(network|lbswarm)|consulcatalog\..+|nomad\..+)$/i;

/**
 * Reads labels such as `traefik.http.routers.app.rule`. Keys are taken in any case, and spellings of
 * one key meet; names keep the case of their first spelling, in the order of the labels' names.
 * `name[0].x` is a list. The keys of a map of texts, such as names of headers, may have dots. Throws
 * ConfigError where a key has an empty part, or has a text and keys below it.
 * Source: Traefik's parser (paerser's DecodeToNode).
 */
export function parseLabels(labels: Labels): LabelTree {
  const root = textSection();
  const names = new Map<string, string>();
  const ignored: string[] = [];
  for (const label of Object.keys(labels).sort()) {
    if (!label.startsWith(ROOT)) continue;
    const lower = label.toLowerCase();
    if (!PREFIXES.some((prefix) => lower.startsWith(prefix))) {
      if (!OWN.test(label)) ignored.push(label);
      continue;
    }
    const refuse = (message: string) => new ConfigError([{ path: [], where: label, message }]);
    const path = pathOf(label.slice(ROOT.length));
    if (path.some((part) => part === "" || part.startsWith("[")))
      throw refuse("expected a name between dots, found nothing");
    if (!setAt(root, path, labels[label]))
      throw refuse(`excludes ${nearestName(names, path, "another label")}`);
    names.set(path.join(".").toLowerCase(), label);
  }
  return { root, ignored, locate: (path) => nearestName(names, path, "labels") };
}

/** A key's parts. Behind a map of texts, the rest is one name, dots and all. */
function pathOf(key: string): string[] {
  const parts = key.split(".");
  const path: string[] = [];
  let at: Shape | undefined = shapeOf(dynamicSchema);
  for (let i = 0; i < parts.length; i++) {
    if (at?.kind === "record" && shapeOf(at.value).kind === "string")
      return [...path, parts.slice(i).join(".")];
    for (const step of splitKey(parts[i])) {
      path.push(step);
      at = at && below(at, step);
    }
  }
  return path;
}

function below(shape: Shape, step: string): Shape | undefined {
  if (shape.kind === "record") return shapeOf(shape.value);
  if (shape.kind === "array") return shapeOf(shape.element);
  if (shape.kind !== "object") return undefined;
  const key = Object.keys(shape.keys).find((known) => known.toLowerCase() === step.toLowerCase());
  return key === undefined ? undefined : shapeOf(shape.keys[key]);
}
