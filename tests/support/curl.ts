export interface CurlAnswer {
  readonly exitCode: number;
  readonly status: number;
  /** "1.1", "2" or "3". */
  readonly version: string;
  /** Lower-case names; the last of several fields of a name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly stderr: string;
}

/**
 * Asks with the real curl. The URL's host goes to 127.0.0.1 whatever its name; `args` are curl's own.
 */
export async function curl(url: string, ...args: string[]): Promise<CurlAnswer> {
  const { hostname, port } = new URL(url);
  const process = Bun.spawn(
    [
      "curl",
      "-sS",
      "-i",
      "--max-time",
      "20",
      "--noproxy",
      "*",
      "--resolve",
      `${hostname}:${port}:127.0.0.1`,
      "-w",
      "\n%{http_code} %{http_version}",
      ...args,
      url,
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const [output, stderr, exitCode] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ]);
  const last = output.lastIndexOf("\n");
  const [status, version] = output.slice(last + 1).split(" ");
  const { headers, body } = splitHead(output.slice(0, last));
  return { exitCode, status: Number(status), version, headers, body, stderr };
}

/** The last head (others are interim), and what is behind it. */
function splitHead(text: string): { headers: Record<string, string>; body: string } {
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
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { headers, body: rest };
}
