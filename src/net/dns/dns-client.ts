import { concatBytes } from "../../core/bytes.ts";
import { messageOf } from "../../core/errors.ts";
import type { Connection, ConnectionHandler } from "../connection.ts";
import type { Runtime } from "../runtime.ts";
import type { UdpSocket } from "../udp/udp.ts";
import { type DnsMessage, decodeMessage, wordAt, words } from "./dns-message.ts";

/** A name server: an address or a name that the system knows. */
export interface DnsServer {
  readonly hostname: string;
  readonly port: number;
}

export interface DnsAnswer {
  readonly message: DnsMessage;
  readonly bytes: Uint8Array;
}

/** Answers of so many tries; datagrams get lost. */
const TRIES = 3;

/** "host:port", "[v6]:port", or a host alone, which has port 53. Throws an Error where it is neither. */
export function parseDnsServer(text: string): DnsServer {
  const match =
    /^(?:\[([^\]]+)\](?::(\d+))?|([^\s:[\]]+)(?::(\d+))?|((?:[0-9a-f]*:){2}[0-9a-f:.]*))$/i.exec(
      text,
    );
  const port = Number(match?.[2] ?? match?.[4] ?? "53");
  const hostname = match?.[1] ?? match?.[3] ?? match?.[5];
  if (hostname === undefined || port < 1 || port > 65535)
    throw new Error(`expected a name server such as "192.0.2.53:53", found "${text}"`);
  return { hostname, port };
}

/**
 * Sends a message to one server and resolves with what it answers: by UDP, and by TCP where the answer
 * doesn't fit into a datagram or the message doesn't. Rejects with an Error that names the server
 * where none comes within `timeout` milliseconds.
 */
export async function askDnsServer(
  runtime: Pick<Runtime, "bindUdp" | "connect">,
  server: DnsServer,
  message: Uint8Array,
  { timeout, signal, tcp = false }: { timeout: number; signal: AbortSignal; tcp?: boolean },
): Promise<DnsAnswer> {
  signal.throwIfAborted();
  const place = server.hostname.includes(":")
    ? `[${server.hostname}]:${server.port}`
    : `${server.hostname}:${server.port}`;
  const end = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  try {
    if (!tcp && message.length <= 512) {
      const answer = await byUdp(runtime, server, message, timeout, end);
      if (!answer.message.truncated) return answer;
    }
    return await byTcp(runtime, server, message, end);
  } catch (error) {
    signal.throwIfAborted();
    const why = end.aborted ? `no answer within ${timeout / 1000} s` : messageOf(error);
    throw new Error(`name server ${place}: ${why}`);
  }
}

/** An answer to this very message: others may come from anywhere. */
function isAnswer(message: Uint8Array, bytes: Uint8Array): DnsAnswer | undefined {
  if (bytes.length < 12 || wordAt(bytes, 0) !== wordAt(message, 0)) return undefined;
  const decoded = decodeMessage(bytes);
  const [asked] = decodeMessage(message).questions;
  const [question] = decoded.questions;
  if (!decoded.response) return undefined;
  // A server that refuses a signature or the form may leave the question out.
  const same =
    question === undefined
      ? decoded.rcode !== 0
      : question.type === asked.type && question.name.toLowerCase() === asked.name.toLowerCase();
  return same ? { message: decoded, bytes } : undefined;
}

async function byUdp(
  runtime: Pick<Runtime, "bindUdp">,
  server: DnsServer,
  message: Uint8Array,
  timeout: number,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<DnsAnswer>();
  // The rejection is the caller's even where binding takes longer than the time there is.
  promise.catch(() => {});
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  let socket: UdpSocket | undefined;
  let again: ReturnType<typeof setInterval> | undefined;
  try {
    socket = await runtime.bindUdp(
      { hostname: "", port: 0, connect: server },
      {
        datagram(bytes) {
          try {
            const answer = isAnswer(message, bytes);
            if (answer !== undefined) resolve(answer);
          } catch {
            // Not an answer: it may be forged, and the true one comes yet.
          }
        },
        error: reject,
      },
    );
    const bound = socket;
    const peer = { ip: server.hostname, port: server.port };
    bound.send(message, peer);
    again = setInterval(() => bound.send(message, peer), timeout / TRIES);
    return await promise;
  } finally {
    clearInterval(again);
    signal.removeEventListener("abort", stop);
    socket?.close();
  }
}

/** Over TCP each message has its length in front (RFC 1035 section 4.2.2). */
function byTcp(
  runtime: Pick<Runtime, "connect">,
  server: DnsServer,
  message: Uint8Array,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  return new Promise((resolve, reject) => {
    let open: Connection | undefined;
    const finish = (act: () => void) => {
      signal.removeEventListener("abort", stop);
      open?.close();
      act();
    };
    const stop = () => {
      dial.cancel();
      finish(() => reject(signal.reason));
    };
    let received: Uint8Array = new Uint8Array();
    const handler: ConnectionHandler = {
      data(chunk) {
        received = concatBytes([received, chunk]);
        if (received.length < 2 || received.length < 2 + wordAt(received, 0)) return;
        const bytes = received.slice(2, 2 + wordAt(received, 0));
        finish(() => {
          try {
            const answer = isAnswer(message, bytes);
            if (answer === undefined) throw new Error("its answer is to another question");
            resolve(answer);
          } catch (error) {
            reject(error);
          }
        });
      },
      drain() {},
      end() {
        open?.close();
      },
      close(error) {
        finish(() => reject(error ?? new Error("it closed the connection without an answer")));
      },
    };
    const dial = runtime.connect(server, {
      connected(connection) {
        open = connection;
        connection.write(concatBytes([words(message.length), message]));
        return handler;
      },
      failed: (error) => finish(() => reject(error)),
    });
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}
