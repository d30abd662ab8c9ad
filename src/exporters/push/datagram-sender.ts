import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { parseHostPort } from "../../net/host-port.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { UdpSocket } from "../../net/udp/udp.ts";

/** Bytes of a datagram that fits into an Ethernet frame. */
const MOST = 1432;

/** Sends lines in datagrams. Trouble is said once, until a send goes well again. */
export class DatagramSender {
  private readonly runtime: Pick<Runtime, "bindUdp" | "lookup">;
  private readonly address: { readonly hostname: string; readonly port: number };
  private readonly logger: Pick<Logger, "warn" | "error">;
  private readonly name: string;
  private socket: UdpSocket | undefined;
  private peer: { ip: string; port: number } | undefined;
  private troubled = false;
  private failed = false;

  /** `address` is host:port. Throws where it is none. */
  constructor(
    runtime: Pick<Runtime, "bindUdp" | "lookup">,
    address: string,
    name: string,
    logger: Pick<Logger, "warn" | "error">,
  ) {
    this.runtime = runtime;
    this.address = parseHostPort(address);
    this.name = name;
    this.logger = logger;
  }

  /** Never rejects: what can't be sent is lost, as UDP's is. */
  async send(lines: readonly string[]): Promise<void> {
    try {
      // The refusal of what was sent before comes late.
      if (this.failed) this.drop();
      this.failed = false;
      const socket = (this.socket ??= await this.open());
      for (const datagram of datagrams(lines)) socket.send(datagram, this.peer!);
    } catch (error) {
      this.trouble(error);
      this.drop();
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (this.troubled && !this.failed) {
      this.troubled = false;
      this.logger.warn(`Metrics go to ${this.name} again`);
    }
  }

  close(): void {
    this.drop();
  }

  private async open(): Promise<UdpSocket> {
    const addresses = await this.runtime.lookup(this.address.hostname);
    // As Go does for UDP.
    const ip = addresses.find((candidate) => !candidate.includes(":")) ?? addresses[0];
    const { port } = this.address;
    this.peer = { ip, port };
    return this.runtime.bindUdp(
      {
        hostname: ip.includes(":") ? "::" : "0.0.0.0",
        port: 0,
        connect: { hostname: ip, port },
      },
      { datagram() {}, error: (error) => this.trouble(error) },
    );
  }

  private drop(): void {
    this.socket?.close();
    this.socket = undefined;
  }

  private trouble(error: unknown): void {
    this.failed = true;
    if (this.troubled) return;
    this.troubled = true;
    this.logger.error(`Metrics can't be sent to ${this.name}`, { error: messageOf(error) });
  }
}

/** Lines together, as many as fit. */
export function* datagrams(lines: readonly string[]): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  for (const line of lines) {
    if (text !== "" && text.length + line.length + 1 > MOST) {
      yield encoder.encode(text);
      text = "";
    }
    text += `${line}\n`;
  }
  if (text !== "") yield encoder.encode(text);
}
