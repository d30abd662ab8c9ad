import { waitFor } from "./wait-for.ts";

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

/**
 * A connection of the real openssl that is talked with: a line of one letter on its own is a command
 * to it ("K" changes keys, "R" asks for a renegotiation). Bind it with `await using`.
 */
export function opensslTalk(port: number, name: string, ...args: string[]) {
  const address = `127.0.0.1:${port}`;
  const process = Bun.spawn(
    ["openssl", "s_client", "-connect", address, "-servername", name, ...args],
    { stdin: "pipe", stdout: "pipe", stderr: "pipe" },
  );
  let heard = "";
  const listen = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) heard += decoder.decode(chunk, { stream: true });
  };
  void listen(process.stdout);
  void listen(process.stderr);
  return {
    exited: process.exited,
    write(text: string): void {
      process.stdin.write(text);
      process.stdin.flush();
    },
    /** Waits for something that it hasn't said before the last time. */
    async said(pattern: RegExp): Promise<void> {
      const match = await waitFor(
        `openssl to say ${pattern}`,
        () => pattern.exec(heard) ?? undefined,
      );
      heard = heard.slice(match.index + match[0].length);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      process.kill("SIGKILL");
      await process.exited;
    },
  };
}
