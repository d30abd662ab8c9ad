/** A group of test files that the run's arguments can choose, and the closing table counts. */
export interface Suite {
  readonly name: string;
  readonly jobs: readonly Job[];
  /** A command that must have worked before; its failure fails the suite. */
  readonly before?: readonly string[];
}

/** What one process of the test runner does. */
export interface Job {
  readonly suite: string;
  /** Test files, or folders of them. */
  readonly paths: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Runs when no other job does: it measures memory, or how others fare beside a flood. */
  readonly alone: boolean;
  /** Seconds that it takes, roughly: the longest begin first. */
  readonly seconds: number;
}

/** The ways in which the black-box suite runs the program; see tests/support. */
const FLAVOURS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bun: { SLUICE_FLAVOUR: "bun" },
  // The program chooses as many workers as there are processors; the others test it with one.
  workers: { SLUICE_FLAVOUR: "bun", SLUICE_WORKERS: "2" },
  deno: { SLUICE_FLAVOUR: "deno" },
  executable: { SLUICE_FLAVOUR: "executable" },
};

/** Rough seconds of the files that take more than most. */
const SECONDS: Readonly<Record<string, number>> = {
  "tests/unit": 30,
  "tests/e2e/http2/http2-windows.test.ts": 60,
  "tests/e2e/http2/nghttp2.test.ts": 35,
  "tests/e2e/http2/http2-messages.test.ts": 30,
  "tests/e2e/request/configuration.test.ts": 30,
  "tests/e2e/http2/http2.test.ts": 25,
  "tests/e2e/http3/http3.test.ts": 25,
  "tests/e2e/tcp/tcp-connections.test.ts": 25,
  "tests/e2e/tls/openssl.test.ts": 20,
  "tests/e2e/tcp/tcp.test.ts": 20,
  "tests/e2e/http2/http2-faults.test.ts": 20,
  "tests/e2e/tls/https.test.ts": 20,
  "tests/e2e/udp/udp.test.ts": 15,
  "tests/e2e/tls/mtls.test.ts": 15,
  "tests/e2e/tcp/tcp-precedence.test.ts": 15,
  "tests/e2e/http3/http3-tls.test.ts": 15,
  "tests/e2e/upstream/http2-upstreams.test.ts": 10,
  "tests/e2e/upstream/upstream-faults.test.ts": 10,
};
const USUAL = 8;

/** Files of tests that must not share the machine with others: they measure memory, floods or times, or start large servers. */
const ALONE =
  /\/(?:http2-floods|http2-windows|http1\/client-faults|first-request|descriptors|time-limits|worker-faults|bulk-readers|providers\/[\w-]+)\.test\.ts$/;

/** All suites; `filesIn` lists the test files below a folder by their path from the root. */
export function suitesOf(filesIn: (folder: string) => readonly string[]): Suite[] {
  const job = (
    suite: string,
    paths: readonly string[],
    env: Record<string, string> = {},
    alone = false,
  ): Job => ({ suite, paths, env, alone, seconds: SECONDS[paths[0]] ?? USUAL });
  const filesEach = (suite: string, folder: string, env?: Record<string, string>) =>
    filesIn(folder).map((path) => job(suite, [path], env, ALONE.test(path)));
  return [
    {
      name: "unit",
      // Small files: a process for each would take longer than their tests.
      jobs: [
        job("unit", ["tests/unit"]),
        job("unit", ["tests/support"]),
        ...filesEach("unit", "tests/fuzz"),
      ],
    },
    { name: "conformance", jobs: filesEach("conformance", "tests/conformance") },
    // The dashboard is the same whatever serves it.
    { name: "browser", jobs: filesEach("browser", "tests/browser", FLAVOURS["bun"]) },
    { name: "package", jobs: filesEach("package", "tests/package") },
    ...Object.entries(FLAVOURS).map(([flavour, env]) => {
      const name = `e2e-${flavour}`;
      const jobs = filesEach(name, "tests/e2e", { ...env });
      return flavour === "executable"
        ? { name, jobs, before: ["scripts/build.ts"] }
        : { name, jobs };
    }),
  ];
}

/** The order in which jobs begin: the longest first, those that run alone at the end. */
export function inOrder(jobs: readonly Job[]): Job[] {
  return [...jobs].sort((a, b) => Number(a.alone) - Number(b.alone) || b.seconds - a.seconds);
}
