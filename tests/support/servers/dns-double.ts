import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import {
  CLASS,
  type DnsMessage,
  decodeMessage,
  encodeAnswer,
  type NewRecord,
  TYPE,
  textData,
} from "../../../src/net/dns/dns-message.ts";
import { encodeName } from "../../../src/net/dns/dns-names.ts";

/** What a name has: texts, or one name. */
export interface DnsEntry {
  readonly txt?: readonly string[];
  readonly cname?: string;
  readonly ns?: readonly string[];
  /** It is the apex of a zone. */
  readonly soa?: boolean;
}

/** A name server of 127.0.0.1, by UDP and TCP at one port, that answers from a table. */
export class DnsDouble implements Disposable {
  /** By name in lower case, with its final dot. */
  readonly entries = new Map<string, DnsEntry>();
  /** What was asked: "TXT example.com. udp". */
  readonly asked: string[] = [];
  /** Answers over UDP say that they don't fit. */
  truncates = false;
  /** Instead of any answer. */
  rcode: number | undefined;
  silent = false;
  /** Sent before each answer over UDP, as a forger would. */
  forge: ((query: DnsMessage) => Uint8Array) | undefined;
  readonly port: number;
  private readonly udp: Socket;
  private readonly tcp: Server;

  private constructor(udp: Socket, tcp: Server) {
    this.udp = udp;
    this.tcp = tcp;
    this.port = udp.address().port;
    udp.on("message", (bytes, { port, address }) => {
      const query = decodeMessage(new Uint8Array(bytes));
      if (this.forge !== undefined) udp.send(this.forge(query), port, address);
      const answer = this.answer(query, "udp");
      if (answer !== undefined) udp.send(answer, port, address);
    });
    tcp.on("connection", (socket) => {
      let received = Buffer.alloc(0);
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        const query = decodeMessage(new Uint8Array(received.subarray(2)));
        const answer = this.answer(query, "tcp");
        if (answer === undefined) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        // In two pieces: a client has to put them together.
        socket.write(length);
        socket.end(answer);
      });
    });
  }

  static async start(entries: Readonly<Record<string, DnsEntry>> = {}): Promise<DnsDouble> {
    for (;;) {
      const udp = createSocket("udp4");
      udp.bind(0, "127.0.0.1");
      await once(udp, "listening");
      const tcp = createServer();
      const bound = await new Promise<boolean>((resolve) => {
        tcp.once("error", () => resolve(false));
        tcp.listen(udp.address().port, "127.0.0.1", () => resolve(true));
      });
      if (!bound) {
        udp.close();
        continue;
      }
      const double = new DnsDouble(udp, tcp);
      for (const [name, entry] of Object.entries(entries)) double.entries.set(name, entry);
      return double;
    }
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  private answer(query: DnsMessage, transport: "udp" | "tcp"): Uint8Array | undefined {
    const [{ name, type }] = query.questions;
    const label = Object.entries(TYPE).find(([, number]) => number === type)?.[0] ?? String(type);
    this.asked.push(`${label} ${name} ${transport}`);
    if (this.silent) return undefined;
    if (this.rcode !== undefined) return encodeAnswer(query, this.rcode, []);
    if (transport === "udp" && this.truncates) return encodeAnswer(query, 0, [], true);
    const records = this.records(name, type);
    const exists = this.entries.has(name.toLowerCase());
    return encodeAnswer(query, records.length > 0 || exists ? 0 : 3, records);
  }

  private records(name: string, type: number): NewRecord[] {
    const entry = this.entries.get(name.toLowerCase());
    if (entry === undefined) return [];
    const record = (kind: number, data: Uint8Array): NewRecord => ({
      name,
      type: kind,
      class: CLASS.IN,
      ttl: 1,
      data,
    });
    if (entry.cname !== undefined)
      return [
        record(TYPE.CNAME, encodeName(entry.cname)),
        ...(type === TYPE.CNAME ? [] : this.records(entry.cname, type)),
      ];
    if (type === TYPE.TXT) return (entry.txt ?? []).map((text) => record(type, textData(text)));
    if (type === TYPE.NS) return (entry.ns ?? []).map((name) => record(type, encodeName(name)));
    if (type === TYPE.SOA && entry.soa === true) {
      const numbers = new Uint8Array(20);
      return [
        record(type, Uint8Array.from([...encodeName("ns."), ...encodeName("h."), ...numbers])),
      ];
    }
    return [];
  }

  [Symbol.dispose](): void {
    this.udp.close();
    this.tcp.close();
  }
}
