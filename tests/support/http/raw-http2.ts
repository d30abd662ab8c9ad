import { RawConnection } from "../sockets/raw-connection.ts";

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
  /** Bytes on the wire. */
  readonly length: number;
}

const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** A frame's bytes (RFC 9113 section 4.1), right or wrong. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const bytes = new Uint8Array(9 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (payload.length << 8) | type);
  view.setUint8(4, flags);
  view.setUint32(5, stream);
  bytes.set(payload, 9);
  return bytes;
}

/** The first frame in `bytes`; undefined where more bytes are needed. */
export function readFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < 9) return undefined;
  const length = (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];
  if (bytes.length < 9 + length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    type: bytes[3],
    flags: bytes[4],
    stream: view.getUint32(5) & 0x7fffffff,
    payload: bytes.slice(9, 9 + length),
    length: 9 + length,
  };
}

export function uint32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, i) => {
    new DataView(bytes.buffer).setUint32(i * 4, value);
  });
  return bytes;
}

/** Identifiers and values of SETTINGS. */
export function settings(...pairs: [number, number][]): Uint8Array {
  const bytes = new Uint8Array(pairs.length * 6);
  const view = new DataView(bytes.buffer);
  pairs.forEach(([id, value], i) => {
    view.setUint16(i * 6, id);
    view.setUint32(i * 6 + 2, value);
  });
  return frame(FrameType.settings, 0, 0, bytes);
}

/** A header block of literals without indexing and without Huffman coding (RFC 7541 section 6.2.2). */
export function block(fields: Iterable<readonly [string, string]>): Uint8Array {
  const out: number[] = [];
  const text = (value: string) => {
    if (value.length < 127) out.push(value.length);
    else {
      out.push(127);
      let rest = value.length - 127;
      for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
      out.push(rest);
    }
    for (let i = 0; i < value.length; i++) out.push(value.charCodeAt(i));
  };
  for (const [name, value] of fields) {
    out.push(0);
    text(name);
    text(value);
  }
  return Uint8Array.from(out);
}

/** The pseudo-header fields of a GET, and what else is given. */
export function request(
  path = "/",
  extra: readonly (readonly [string, string])[] = [],
  method = "GET",
): Uint8Array {
  return block([
    [":method", method],
    [":scheme", "http"],
    [":authority", "app.test"],
    [":path", path],
    ...extra,
  ]);
}

/** An HTTP/2 client that sends exact frames and sees exact frames. It acknowledges nothing by itself. */
export class RawHttp2 extends RawConnection {
  /** Connects to 127.0.0.1 and sends the preface with these SETTINGS. */
  static connect(port: number, ...pairs: [number, number][]): Promise<RawHttp2> {
    return RawHttp2.begin({ hostname: "127.0.0.1", port }, pairs);
  }

  /** The same behind a TLS handshake, in which the server's certificate isn't checked. */
  static connectTls(port: number, tls: Bun.TLSOptions & { serverName?: string }) {
    const offered = { rejectUnauthorized: false, ALPNProtocols: "\x02h2", ...tls };
    return RawHttp2.begin({ hostname: "127.0.0.1", port, tls: offered as Bun.TLSOptions }, []);
  }

  private static async begin(
    options: { hostname: string; port: number; tls?: Bun.TLSOptions },
    pairs: [number, number][],
  ): Promise<RawHttp2> {
    const client = new RawHttp2();
    client.attach(await Bun.connect({ ...options, allowHalfOpen: true, socket: client.handlers }));
    await client.send(PREFACE);
    await client.send(settings(...pairs));
    return client;
  }

  /** The next frame; undefined where the connection has ended. */
  async frame(patience?: number): Promise<Frame | undefined> {
    return this.read("a frame", readFrame, patience);
  }

  /** Skips frames until one of that type (and stream) comes. */
  async until(type: number, stream?: number): Promise<Frame | undefined> {
    for (;;) {
      const next = await this.frame();
      if (next === undefined) return undefined;
      if (next.type === type && (stream === undefined || next.stream === stream)) return next;
    }
  }

  /** The error code of the GOAWAY that ends the connection; undefined where it ends without one, or with a later one's. */
  async goAwayCode(): Promise<number | undefined> {
    let code: number | undefined;
    for (let next = await this.frame(); next !== undefined; next = await this.frame()) {
      if (next.type === FrameType.goAway)
        code ??= new DataView(next.payload.buffer, next.payload.byteOffset).getUint32(4);
    }
    return code;
  }
}
