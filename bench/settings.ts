/** Proxies that can take part. */
export const PROXIES = ["sluice", "base", "nginx", "haproxy", "caddy", "traefik"] as const;

export type ProxyName = (typeof PROXIES)[number];

/** How much to measure, and of whom. */
export interface Settings {
  readonly rows: readonly string[];
  readonly rounds: number;
  /** Length of one measurement under load. */
  readonly seconds: number;
  /** Client connections under load. */
  readonly connections: number;
  /** Before anything counts, for programs that compile their code while they run: whichever comes first. */
  readonly warmUp: { readonly requests: number; readonly seconds: number };
  readonly quick: boolean;
  /** Which program is Sluice. */
  readonly sluice: "bun" | "deno" | "executable";
  /** Those who take part, in the order of the columns. */
  readonly proxies: readonly ProxyName[];
  /** Another checkout of Sluice (SLUICE_BASE). */
  readonly base: string | undefined;
  /** Traefik's binary (TRAEFIK). */
  readonly traefik: string | undefined;
  /** Write docs/performance.md from all results that are there. */
  readonly write: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const usage = (rows: readonly string[]) => `bun run bench [ROW...] [flags]
rows: ${rows.join(", ")}; all without any
--quick              little warm-up and few rounds: good for a first look only
--rounds=N --seconds=N --connections=N --warm-up=SECONDS
--proxies=NAME,NAME  of ${PROXIES.join(", ")}
--sluice=bun|deno|executable
--write              docs/performance.md from all results in dist/bench, those of former runs included
SLUICE_BASE=DIR adds another checkout of Sluice, TRAEFIK=FILE Traefik's binary.`;

/** Throws on what it doesn't know. */
export function readSettings(
  args: readonly string[],
  known: readonly string[],
  environment: Environment = {},
): Settings {
  const USAGE = usage(known);
  const values = new Map<string, string>();
  const rows: string[] = [];
  for (const arg of args) {
    if (!arg.startsWith("--")) {
      if (!known.includes(arg)) throw new Error(`unknown row "${arg}"\n${USAGE}`);
      rows.push(arg);
      continue;
    }
    const match =
      /^--(rounds|seconds|connections|warm-up|proxies|sluice|quick|write)(?:=(.+))?$/.exec(arg);
    const bare = match?.[1] === "quick" || match?.[1] === "write";
    if (match === null || (match[2] === undefined) !== bare)
      throw new Error(`unexpected argument "${arg}"\n${USAGE}`);
    values.set(match[1], match[2] ?? "");
  }
  const number = (name: string, otherwise: number): number => {
    const value = Number(values.get(name) ?? otherwise);
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`--${name} takes a positive number\n${USAGE}`);
    return value;
  };
  const sluice = values.get("sluice") ?? "bun";
  if (sluice !== "bun" && sluice !== "deno" && sluice !== "executable")
    throw new Error(`unknown program "${sluice}"\n${USAGE}`);
  const base = environment.SLUICE_BASE || undefined;
  const traefik = environment.TRAEFIK || undefined;
  const wanted = values.get("proxies")?.split(",") ?? PROXIES;
  const strange = wanted.find((name) => !PROXIES.includes(name as ProxyName));
  if (strange !== undefined) throw new Error(`unknown proxy "${strange}"\n${USAGE}`);
  const quick = values.has("quick");
  return {
    rows: rows.length === 0 ? known : rows,
    rounds: number("rounds", quick ? 3 : 5),
    seconds: number("seconds", quick ? 3 : 6),
    connections: number("connections", 64),
    warmUp: {
      requests: quick ? 60_000 : 300_000,
      seconds: number("warm-up", quick ? 8 : 45),
    },
    quick,
    sluice,
    proxies: PROXIES.filter(
      (name) =>
        name === "sluice" ||
        (wanted.includes(name) &&
          (name !== "base" || base !== undefined) &&
          (name !== "traefik" || traefik !== undefined)),
    ),
    base,
    traefik,
    write: values.has("write"),
  };
}
