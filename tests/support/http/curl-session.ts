/** What curl heard of one request. */
export interface SessionAnswer {
  readonly status: number;
  /** "1.1" or "2". */
  readonly version: string;
  /** Lower-case names; the values of several fields of a name with line feeds between. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** curl's exit code for this request; 0 where all went well. */
  readonly exitCode: number;
}

/**
 * Asks for all URLs, one after another, over kept connections where it can, by one run of the real curl. `common`
 * are arguments of each request. What is asked of a host goes to 127.0.0.1 at `port`. Bodies are text.
 */
export async function curlSession(
  port: number,
  common: readonly string[],
  requests: readonly (readonly [url: string, ...args: string[]])[],
): Promise<SessionAnswer[]> {
  const mark = `\n--${crypto.randomUUID()}--`;
  const each = [
    "-i",
    "--max-time",
    "20",
    "--noproxy",
    "*",
    "-w",
    `${mark}%{http_code} %{http_version} %{exitcode}${mark}`,
    ...common,
  ];
  const args = requests.flatMap(([url, ...own], i) => [
    ...(i === 0 ? [] : ["--next"]),
    ...each,
    ...address(port, common.includes("--http2-prior-knowledge") ? `${i}.test` : "kept.test"),
    ...own,
    url,
  ]);
  const child = Bun.spawn(["curl", "-s", ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const parts = output.split(mark);
  if (parts.length !== 2 * requests.length + 1)
    throw new Error(`curl answered ${(parts.length - 1) / 2} of ${requests.length}: ${errors}`);
  return requests.map((_, i) => {
    const [status, version, exitCode] = parts[2 * i + 1].split(" ");
    return {
      ...finalAnswer(parts[2 * i]),
      status: Number(status),
      version,
      exitCode: Number(exitCode),
    };
  });
}

/**
 * Connections are kept by the name of the host that is connected to. Some versions of curl can't use
 * one again that HTTP/2 was begun on with prior knowledge: those get a name of their own.
 */
function address(port: number, name: string): string[] {
  return ["--resolve", `${name}:${port}:127.0.0.1`, "--connect-to", `::${name}:${port}`];
}

/** The last head (others are interim), and what is behind it. */
function finalAnswer(text: string): Pick<SessionAnswer, "headers" | "body"> {
  let rest = text;
  let head = "";
  while (/^HTTP\/[\d.]+ \d{3}/.test(rest)) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) break;
    head = rest.slice(0, end);
    rest = rest.slice(end + 4);
  }
  const headers: Record<string, string> = {};
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}\n${value}`;
  }
  return { headers, body: rest };
}
