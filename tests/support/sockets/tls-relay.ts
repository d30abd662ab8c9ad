import type { Socket } from "bun";

export interface TlsRecord {
  readonly fromClient: boolean;
  /** Records from that side before it. */
  readonly index: number;
  /** With its header of five bytes. */
  readonly bytes: Uint8Array;
}

interface Side {
  readonly fromClient: boolean;
  socket: Socket<Side> | undefined;
  other: Side;
  waiting: Uint8Array;
  index: number;
  /** What the other side hasn't taken yet. */
  unsent: Uint8Array;
}

/**
 * A relay on the way between clients and a TLS server on 127.0.0.1: sees every record, and says
 * what becomes of it. `pass` gives the bytes to send on in its place; empty ones swallow it.
 */
export function startTlsRelay(port: number, pass: (record: TlsRecord) => Uint8Array) {
  const sides: Side[] = [];
  const handlers = {
    data({ data: side }: Socket<Side>, chunk: Uint8Array) {
      side.waiting = Buffer.concat([side.waiting, chunk]);
      for (;;) {
        const { waiting } = side;
        const length = waiting.length < 5 ? 5 : 5 + ((waiting[3] << 8) | waiting[4]);
        if (waiting.length < length) return;
        side.waiting = waiting.subarray(length);
        const { fromClient, index } = side;
        side.index++;
        const bytes = Uint8Array.from(waiting.subarray(0, length));
        send(side.other, pass({ fromClient, index, bytes }));
      }
    },
    drain: ({ data: side }: Socket<Side>) => send(side, new Uint8Array(0)),
    end: ({ data: side }: Socket<Side>) => void side.other.socket?.shutdown(),
    close: ({ data: side }: Socket<Side>) => void side.other.socket?.end(),
    error() {},
  };
  const listener = Bun.listen<Side>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      ...handlers,
      async open(socket) {
        const client = newSide(true);
        const server = newSide(false);
        client.other = server;
        server.other = client;
        client.socket = socket;
        socket.data = client;
        sides.push(client, server);
        server.socket = await Bun.connect<Side>({
          hostname: "127.0.0.1",
          port,
          allowHalfOpen: true,
          data: server,
          socket: handlers,
        });
        send(server, new Uint8Array(0));
      },
    },
  });
  return {
    port: listener.port,
    /** FIN to both sides of all connections, without a word of TLS. */
    cut(): void {
      for (const { socket } of sides) socket?.end();
    },
    [Symbol.dispose](): void {
      listener.stop(true);
      for (const { socket } of sides) socket?.terminate();
    },
  };
}

function newSide(fromClient: boolean): Side {
  const empty = new Uint8Array(0);
  return {
    fromClient,
    socket: undefined,
    other: undefined as unknown as Side,
    waiting: empty,
    index: 0,
    unsent: empty,
  };
}

function send(to: Side, bytes: Uint8Array): void {
  to.unsent = Buffer.concat([to.unsent, bytes]);
  const taken = to.unsent.length === 0 ? 0 : (to.socket?.write(to.unsent) ?? 0);
  if (taken > 0) to.unsent = to.unsent.subarray(taken);
}
