/** What openssl's s_client said of a connection. */
export interface OpensslAnswer {
  /** All that it printed, what the server sent included. */
  readonly text: string;
  /** Common name of the server's certificate; undefined where none came. */
  readonly subject: string | undefined;
  /** The protocol chosen by ALPN; undefined for none. */
  readonly alpn: string | undefined;
  /** Whether the handshake resumed a session; undefined where it made none. */
  readonly reused: boolean | undefined;
  /** Number of certificates that came with -showcerts, else 1 or 0. */
  readonly certificates: number;
  /** The status of an HTTP/1.1 response; undefined where none came. */
  readonly status: number | undefined;
}

export interface OpensslOptions {
  /** For SNI; null sends none. */
  readonly name: string | null;
  /** What is sent once the handshake is done; a request for `name` without it. */
  readonly input?: string;
}

/** Connects with the real openssl, sends something and reads until the server closes. */
export async function opensslClient(
  port: number,
  {
    name,
    input = `GET / HTTP/1.1\r\nHost: ${name ?? "app.test"}\r\nConnection: close\r\n\r\n`,
  }: OpensslOptions,
  ...args: string[]
): Promise<OpensslAnswer> {
  const process = Bun.spawn(
    [
      "openssl",
      "s_client",
      "-connect",
      `127.0.0.1:${port}`,
      ...(name === null ? ["-noservername"] : ["-servername", name]),
      // The input's end is not the connection's.
      "-ign_eof",
      ...args,
    ],
    { stdin: new Blob([input]), stdout: "pipe", stderr: "pipe" },
  );
  const [output, errors] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ]);
  const text = output + errors;
  const established = /^(New|Reused), TLS/m.exec(text)?.[1];
  // Not always on a line of its own: sessions are printed when they come.
  const status = /HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
  return {
    text,
    subject: /^subject=CN ?= ?(.*)$/m.exec(text)?.[1],
    alpn: /^ALPN protocol: (.*)$/m.exec(text)?.[1],
    reused: established === undefined ? undefined : established === "Reused",
    certificates: text.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0,
    status: status === undefined ? undefined : Number(status),
  };
}
