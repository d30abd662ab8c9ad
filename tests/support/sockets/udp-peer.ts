import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { waitFor } from "../wait-for.ts";

/** A UDP socket of 127.0.0.1 that keeps what it receives. */
export class UdpPeer implements Disposable {
  readonly received: { readonly bytes: Uint8Array; readonly from: RemoteInfo }[] = [];
  readonly port: number;
  readonly #socket: Socket;
  /** Called for each datagram. */
  onDatagram: ((bytes: Uint8Array, from: RemoteInfo) => void) | undefined;
  #open = true;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    // A refused port is no failure of this side.
    socket.on("error", () => {});
    socket.on("message", (message, from) => {
      const bytes = new Uint8Array(message);
      this.received.push({ bytes, from });
      this.onDatagram?.(bytes, from);
    });
  }

  static async bind(port = 0): Promise<UdpPeer> {
    const socket = createSocket("udp4");
    socket.bind(port, "127.0.0.1");
    await once(socket, "listening");
    return new UdpPeer(socket);
  }

  get texts(): string[] {
    return this.received.map(({ bytes }) => new TextDecoder().decode(bytes));
  }

  /** How many senders it has heard: a session of the router is one. */
  get senders(): Set<number> {
    return new Set(this.received.map(({ from }) => from.port));
  }

  send(datagram: string | Uint8Array, port: number): void {
    this.#socket.send(datagram, port, "127.0.0.1");
  }

  /** Waits for so many datagrams since the start, and returns the texts of all. */
  async hears(count: number): Promise<string[]> {
    await waitFor(`${count} datagrams, there are ${JSON.stringify(this.texts)}`, () =>
      this.received.length >= count ? true : undefined,
    );
    return this.texts;
  }

  /** Sends one datagram and returns the text of the next that comes. */
  async ask(text: string, port: number): Promise<string> {
    const { length } = this.received;
    this.send(text, port);
    return (await this.hears(length + 1))[length];
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A server that answers each datagram with `<name> <text>`. */
export async function startUdpServer(name: string, port = 0): Promise<UdpPeer> {
  const server = await UdpPeer.bind(port);
  server.onDatagram = (bytes, from) =>
    server.send(`${name} ${new TextDecoder().decode(bytes)}`, from.port);
  return server;
}
