import { loadStatic } from "../../config/load-static.ts";
import { messageOf } from "../../core/errors.ts";
import type { Explanation } from "../../explain/explained.ts";
import type { Runtime } from "../../net/runtime.ts";
import { type EmbeddedConfiguration, withEmbeddedFiles } from "../embedded-configuration.ts";
import { ProblemLog } from "../problem-log.ts";
import { createProgram } from "../program.ts";
import { explanationText } from "./explanation-text.ts";

const DEFAULT_API = "http://127.0.0.1:8080";
/** Milliseconds; ten thousand routers take a fraction of a second. */
const TIMEOUT = 10_000;

/** Flags of a question, by what they are called in lower case; those that the API takes have its names. */
const QUESTION: Readonly<Record<string, string>> = {
  method: "method",
  x: "method",
  header: "header",
  h: "header",
  ip: "ip",
  entrypoint: "entryPoint",
  limit: "limit",
  api: "api",
};

/** What the command line asks. */
export interface ExplainArguments {
  /** For /api/explain. */
  readonly query: URLSearchParams;
  /** Where a running Sluice's API is. */
  readonly api: string;
  readonly json: boolean;
  /** Those that name a configuration; none for a running Sluice. */
  readonly configuration: readonly string[];
}

/** Reads `explain URL [flags]`. Throws an Error where there isn't one URL. */
export function explainArguments(args: readonly string[]): ExplainArguments {
  const query = new URLSearchParams();
  const configuration: string[] = [];
  let api = DEFAULT_API;
  let json = false;
  let url: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    const [, flag, , joined] = /^--?([\w.]+)(=([\s\S]*))?$/.exec(arg) ?? [];
    if (flag === undefined) {
      if (url !== undefined) throw new Error(`expected one URL, found ${url} and ${arg}`);
      url = arg;
      continue;
    }
    const name = QUESTION[flag.toLowerCase()];
    if (flag.toLowerCase() === "json" && joined === undefined) json = true;
    else if (name === undefined) {
      configuration.push(arg);
      if (flag.toLowerCase() === "configfile" && joined === undefined)
        configuration.push(args[++i]);
    } else {
      const value = joined ?? args[++i];
      if (value === undefined) throw new Error(`${arg}: expected a value behind it, found none`);
      if (name === "api") api = value;
      else query.append(name, value);
    }
  }
  if (url === undefined) throw new Error("expected a URL: sluice explain http://example.com/path");
  query.set("url", url);
  return { query, api: api.replace(/\/+$/, ""), json, configuration };
}

/**
 * Says what a request would meet: asks a running Sluice, or with --configFile a configuration alone.
 * 0 where a router takes it, 1 where none does.
 */
export async function explain(
  runtime: Runtime,
  args: readonly string[],
  embedded: EmbeddedConfiguration,
): Promise<number> {
  const question = explainArguments(args);
  const text =
    question.configuration.length === 0
      ? await askRunning(question)
      : await askConfiguration(runtime, question, embedded);
  const explanation = JSON.parse(text) as Explanation;
  const said = question.json ? text : explanationText(explanation);
  runtime.stdout.write(new TextEncoder().encode(said));
  return explanation.outcome === "routed" ? 0 : 1;
}

async function askRunning({ api, query }: ExplainArguments): Promise<string> {
  const url = `${api}/api/explain?${query}`;
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
  } catch (error) {
    throw new Error(
      `the API at ${api} can't be asked: ${messageOf(error)}\n` +
        "name it with --api=URL, or a configuration's file with --configFile=FILE",
    );
  }
  return answered(response.status, await response.text(), url);
}

async function askConfiguration(
  runtime: Runtime,
  { query, configuration: args }: ExplainArguments,
  embedded: EmbeddedConfiguration,
): Promise<string> {
  const { configuration, source } = await loadStatic(runtime, args, embedded);
  const files = source === embedded.file ? withEmbeddedFiles(runtime, embedded) : runtime;
  const withoutLogs = { ...configuration, log: {}, accessLog: undefined };
  const program = await createProgram(files, withoutLogs as typeof configuration, {
    watch: false,
    threads: false,
    logger: new ProblemLog(),
  });
  await program.control.load();
  const basePath = (configuration.api?.basePath ?? "").replace(/\/+$/, "");
  const { status, body } = await program.ask({
    service: "api",
    method: "GET",
    url: `http://sluice${basePath}/api/explain?${query}`,
    headers: {},
    body: "",
  });
  await program.control.shutdown();
  return answered(status, String(body), source);
}

/** Throws an Error with what the API says instead of an explanation. */
function answered(status: number, text: string, source: string): string {
  if (status === 200) return text;
  let message = `${source}: expected an answer with status 200, found ${status}`;
  try {
    message = (JSON.parse(text) as { message: string }).message;
  } catch {
    // Not the API's own words.
  }
  throw new Error(message);
}
