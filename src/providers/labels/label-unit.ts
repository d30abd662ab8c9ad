import type { DynamicConfiguration } from "../../config/dynamic/schema.ts";
import { validateDynamic } from "../../config/dynamic/validate.ts";
import { ConfigError, formatIssue } from "../../config/sources/document.ts";
import { type Labels, type LabelTree, parseLabels } from "../../config/sources/labels.ts";
import { type TextSection, textSection } from "../../config/sources/text-keys.ts";
import { withoutModules } from "../without-modules.ts";

/** Where a server listens; the host without brackets. */
export interface ServerPlace {
  readonly host: string;
  readonly port: string;
}

/** What brings labels: a container, a task, an instance in a catalog. */
export interface LabelUnit {
  /** The name of its service and router where its labels give none. */
  readonly name: string;
  readonly labels: Labels;
  /** Its servers at the port that a label names, or at its own where none does. Throws an Error that says why there is none. */
  places(port: string | undefined): readonly ServerPlace[];
  /** The rule of routers that have none; "" for none. Throws an Error where it can't be made. */
  defaultRule(): string;
}

/** What a unit's labels configure. */
export interface UnitConfiguration {
  readonly configuration: DynamicConfiguration;
  /** What was left out, and why. */
  readonly problems: readonly string[];
}

const PLANES = ["http", "tcp", "udp"] as const;
type Plane = (typeof PLANES)[number];

/**
 * The configuration of one unit: its labels, with the servers and the defaults that they leave out.
 * Throws ConfigError, one issue for each label that is wrong, and Error where the unit has no
 * address: it is left out as a whole then.
 * Source: Traefik's pkg/provider/docker/config.go and pkg/provider/configuration.go.
 */
export function unitConfiguration(unit: LabelUnit): UnitConfiguration {
  const tree = parseLabels(unit.labels);
  const problems = tree.ignored.map((label) => `the label "${label}" means nothing`);
  const used = PLANES.filter((plane) => isUsed(tree.root, plane));
  // What is for other protocols only gets no router of HTTP by default.
  const planes = used.length === 0 ? (["http"] as const) : used;
  for (const plane of planes) {
    completeServices(tree, plane, unit);
    completeRouters(tree.root, plane, unit, problems);
  }
  const { configuration, issues, disabled, notices } = withoutModules(
    validateDynamic({ source: "labels", value: tree.root, locate: tree.locate }),
  );
  if (issues.length > 0 || disabled.length > 0) {
    const lines = [...issues.map(formatIssue), ...disabled.flatMap(({ errors }) => errors)];
    throw new Error(lines.join("; "));
  }
  return { configuration, problems: [...problems, ...notices.map(formatIssue)] };
}

function isUsed(root: TextSection, plane: Plane): boolean {
  const section = childOf(root, plane);
  return (
    section !== undefined &&
    ["routers", "services", "middlewares"].some(
      (name) => Object.keys(childOf(section, name) ?? {}).length > 0,
    )
  );
}

/** Each service gets the unit's servers; where there is none, one with the unit's name. */
function completeServices(tree: LabelTree, plane: Plane, unit: LabelUnit): void {
  const services = ensure(ensure(tree.root, plane), "services");
  if (Object.keys(services).length === 0) services[unit.name] = textSection();
  for (const name of Object.keys(services)) {
    const service = ensure(services, name);
    const balancer = ensure(service, "loadBalancer");
    const path = [plane, "services", name];
    // A label must not load code, nor send requests anywhere but to what it is on.
    refuseOthers(tree, service, path, ["loadbalancer", "middlewares"]);
    if (childKey(balancer, "servers") !== undefined)
      refuse(tree, [...path, "loadBalancer", "servers"], 'expected "server", found "servers"');
    const key = childKey(balancer, "server");
    const server = key === undefined ? undefined : balancer[key];
    if (key !== undefined) delete balancer[key];
    const given = typeof server === "object" ? server : textSection();
    const servers = plane === "http" ? httpServers(given, unit) : addressServers(given, unit);
    // An empty text is an empty list.
    balancer["servers"] = servers.length === 0 ? "" : Object.assign(textSection(), servers);
  }
}

function httpServers(given: TextSection, unit: LabelUnit): TextSection[] {
  const [url, scheme, port] = take(given, "url", "scheme", "port");
  if (url !== undefined) {
    if (scheme !== undefined || port !== undefined)
      throw new Error("a server's url excludes its scheme and port");
    return [{ ...given, url }];
  }
  return unit
    .places(port)
    .map((place) => ({ ...given, url: `${scheme ?? "http"}://${authority(place)}` }));
}

function addressServers(given: TextSection, unit: LabelUnit): TextSection[] {
  const [port] = take(given, "port");
  return unit.places(port).map((place) => ({ ...given, address: authority(place) }));
}

function authority({ host, port }: ServerPlace): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Routers get the rule and the service that they lack; those that can't have one are left out. */
function completeRouters(
  root: TextSection,
  plane: Plane,
  unit: LabelUnit,
  problems: string[],
): void {
  const section = ensure(root, plane);
  const services = Object.keys(ensure(section, "services"));
  const routers = ensure(section, "routers");
  if (plane === "http" && Object.keys(routers).length === 0) {
    if (services.length > 1) {
      problems.push(
        `no router: its labels have several services (${services.join(", ")}) and no router`,
      );
      return;
    }
    routers[unit.name] = textSection();
  }
  for (const name of Object.keys(routers)) {
    const router = ensure(routers, name);
    const leaveOut = (why: string) => {
      delete routers[name];
      problems.push(`the router "${name}" is left out: ${why}`);
    };
    if (plane !== "udp" && textOf(router, "rule") === "") {
      const rule = plane === "http" ? unit.defaultRule() : "";
      if (rule === "") {
        leaveOut("it has no rule");
        continue;
      }
      set(router, "rule", rule);
    }
    if (textOf(router, "service") === "") {
      if (services.length > 1) leaveOut(`it names none of the services ${services.join(", ")}`);
      else set(router, "service", services[0]);
    }
  }
}

function refuseOthers(
  tree: LabelTree,
  section: TextSection,
  path: readonly string[],
  allowed: readonly string[],
): void {
  for (const key of Object.keys(section)) {
    if (allowed.includes(key.toLowerCase())) continue;
    refuse(tree, [...path, key], `labels have no such key, expected one of ${allowed.join(", ")}`);
  }
}

function refuse(tree: LabelTree, path: readonly string[], message: string): never {
  throw new ConfigError([{ path, where: tree.locate(path), message }]);
}

function childKey(section: TextSection, name: string): string | undefined {
  const lower = name.toLowerCase();
  return Object.keys(section).find((key) => key.toLowerCase() === lower);
}

function childOf(section: TextSection, name: string): TextSection | undefined {
  const key = childKey(section, name);
  const child = key === undefined ? undefined : section[key];
  return typeof child === "object" ? child : undefined;
}

/** The section of that name, in the spelling that is there; made where there is none. */
function ensure(section: TextSection, name: string): TextSection {
  const key = childKey(section, name) ?? name;
  const child = section[key];
  if (typeof child === "object") return child;
  return (section[key] = textSection());
}

function textOf(section: TextSection, name: string): string {
  const key = childKey(section, name);
  const value = key === undefined ? "" : section[key];
  return typeof value === "string" ? value : "";
}

function set(section: TextSection, name: string, value: string): void {
  section[childKey(section, name) ?? name] = value;
}

/** Takes texts out of a section; undefined for those that aren't there or are empty. */
function take(section: TextSection, ...names: readonly string[]): (string | undefined)[] {
  return names.map((name) => {
    const key = childKey(section, name);
    if (key === undefined) return undefined;
    const value = section[key];
    if (typeof value !== "string") return undefined;
    delete section[key];
    return value === "" ? undefined : value;
  });
}
