import { RawConnection } from "../sockets/raw-connection.ts";
import {
  block,
  Flag,
  type Frame,
  FrameType,
  frame,
  readFrame,
  settings,
  uint32,
} from "./raw-http2.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** An HTTP/2 connection that an upstream accepted, frame by frame. It acknowledges nothing by itself. */
export class Http2Peer extends RawConnection {
  /** Waits for the client's preface and sends SETTINGS. */
  async begin(...pairs: [number, number][]): Promise<void> {
    await this.readUntil(PREFACE);
    await this.send(settings(...pairs));
  }

  async frame(): Promise<Frame | undefined> {
    return this.read("a frame", readFrame);
  }

  /** Skips frames until one of that type (and stream) comes. */
  async until(type: number, stream?: number): Promise<Frame> {
    for (;;) {
      const next = await this.frame();
      if (next === undefined) throw new Error(`the client left before a frame of type ${type}`);
      if (next.type === type && (stream === undefined || next.stream === stream)) return next;
    }
  }

  /** Skips frames until a request's head comes; its stream. */
  async request(): Promise<number> {
    return (await this.until(FrameType.headers)).stream;
  }

  async respond(stream: number, status = "200", end = true): Promise<void> {
    const flags = Flag.endHeaders | (end ? Flag.endStream : 0);
    await this.send(frame(FrameType.headers, flags, stream, block([[":status", status]])));
  }

  async data(stream: number, text: string, end = false): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    await this.send(frame(FrameType.data, end ? Flag.endStream : 0, stream, bytes));
  }

  async rst(stream: number, code: number): Promise<void> {
    await this.send(frame(FrameType.rstStream, 0, stream, uint32(code)));
  }

  async goAway(last: number, code = 0): Promise<void> {
    await this.send(frame(FrameType.goAway, 0, 0, uint32(last, code)));
  }
}

/** Listens on 127.0.0.1 and lets a script drive each connection. */
export function scriptedHttp2(script: (peer: Http2Peer, index: number) => Promise<void>) {
  const peers: Http2Peer[] = [];
  const errors: unknown[] = [];
  const listener = Bun.listen<Http2Peer>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        const peer = new Http2Peer();
        peer.attach(socket as never);
        socket.data = peer;
        script(peer, peers.push(peer) - 1).catch((error) => errors.push(error));
      },
      data: (socket, chunk) => socket.data.handlers.data(socket, chunk),
      drain: (socket) => socket.data.handlers.drain(),
      end: (socket) => socket.data.handlers.end(),
      error: (socket) => socket.data.handlers.error(),
      close: (socket, error) => socket.data.handlers.close(socket, error),
    },
  });
  return {
    url: `h2c://127.0.0.1:${listener.port}`,
    peers,
    errors,
    stop: () => listener.stop(true),
  };
}
