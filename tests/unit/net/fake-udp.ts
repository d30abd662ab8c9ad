import type { Address } from "../../../src/net/connection.ts";
import type { DatagramHandler, UdpOptions, UdpSocket } from "../../../src/net/udp/udp.ts";

/** A UDP socket without a network. */
export class FakeUdpSocket implements UdpSocket {
  readonly local: Address = { ip: "192.0.2.1", port: 53 };
  readonly options: UdpOptions;
  readonly handler: DatagramHandler;
  /** What was sent and taken. */
  readonly sent: { readonly text: string; readonly to: Address }[] = [];
  closes = 0;

  constructor(options: UdpOptions, handler: DatagramHandler) {
    this.options = options;
    this.handler = handler;
  }

  send(bytes: Uint8Array, to: Address): boolean {
    if (this.closes > 0) return false;
    this.sent.push({ text: new TextDecoder().decode(bytes), to });
    return true;
  }

  close(): void {
    this.closes++;
  }

  /** As if `from` had sent it. */
  receive(text: string, from: Address = { ip: "198.51.100.1", port: 1000 }): void {
    this.handler.datagram(new TextEncoder().encode(text), from);
  }

  get texts(): string[] {
    return this.sent.map(({ text }) => text);
  }
}

/** A system that gives sockets out at once, or when the test lets it. */
export class FakeUdpNetwork {
  readonly sockets: FakeUdpSocket[] = [];
  /** While true, binding waits for `release` or `fail`. */
  stalled = false;
  private readonly pending: (() => void)[] = [];
  private readonly failing: ((error: Error) => void)[] = [];

  readonly bindUdp = async (options: UdpOptions, handler: DatagramHandler): Promise<UdpSocket> => {
    if (this.stalled) {
      await new Promise<void>((resolve, reject) => {
        this.pending.push(resolve);
        this.failing.push(reject);
      });
    }
    const socket = new FakeUdpSocket(options, handler);
    this.sockets.push(socket);
    return socket;
  };

  get waiting(): number {
    return this.pending.length;
  }

  /** Those that wait are bound. */
  async release(): Promise<void> {
    this.failing.length = 0;
    for (const resolve of this.pending.splice(0)) resolve();
    await turn();
  }

  async fail(error: Error): Promise<void> {
    this.pending.length = 0;
    for (const reject of this.failing.splice(0)) reject(error);
    await turn();
  }
}

/** Lets everything happen that is due. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
