import type { Fields } from "../../../src/wire/fields.ts";
import { STRIDE } from "../../../src/wire/fields.ts";
import { HpackDecoder } from "../../../src/wire/http2/hpack/decoder.ts";
import { Flag, type Frame, FrameType, frame, type RawHttp2, uint32 } from "./raw-http2.ts";

/** What a client sees of one response. */
export class Http2Answer {
  /** Interim responses before it, such as "103 link=</a.css>". */
  readonly interim: string[] = [];
  /** 0 where no head came. */
  status = 0;
  /** Regular fields of the head by their names; the last where there are several. */
  fields: Record<string, string> = {};
  body: Uint8Array = new Uint8Array(0);
  trailers: Record<string, string> | undefined;
  /** END_STREAM, the code of an RST_STREAM before it, or the connection's end before either. */
  end: "clean" | "gone" | number | undefined;

  get text(): string {
    return new TextDecoder("latin1").decode(this.body);
  }
}

/** Collects the responses on an HTTP/2 connection, whatever the order of their frames. */
export class Http2Answers {
  private readonly client: RawHttp2;
  private readonly windows: boolean;
  private readonly decoder = new HpackDecoder(4096, { maxHeaderListBytes: 1e6, maxFields: 1000 });
  private readonly answers = new Map<number, Http2Answer>();
  /** Codes of the GOAWAY frames so far. */
  readonly goAways: number[] = [];

  /** `windows`: whatever is received is given back as window. */
  constructor(client: RawHttp2, windows = true) {
    this.client = client;
    this.windows = windows;
  }

  /** What is known of that stream's response. */
  at(stream: number): Http2Answer {
    let answer = this.answers.get(stream);
    if (answer === undefined) {
      answer = new Http2Answer();
      this.answers.set(stream, answer);
    }
    return answer;
  }

  /** That stream's response, once it has ended one way or the other. */
  of(stream: number): Promise<Http2Answer> {
    return this.until(stream, (answer) => answer.end !== undefined);
  }

  /** That stream's response, once its head is there (or it has ended without). */
  head(stream: number): Promise<Http2Answer> {
    return this.until(stream, (answer) => answer.status !== 0 || answer.end !== undefined);
  }

  /** That stream's response, once it is as wanted. Throws where waiting is in vain. */
  async until(stream: number, wanted: (answer: Http2Answer) => boolean): Promise<Http2Answer> {
    const answer = this.at(stream);
    while (!wanted(answer)) {
      const next = await this.client.frame();
      if (next === undefined) {
        for (const other of this.answers.values()) other.end ??= "gone";
        if (!wanted(answer)) throw new Error(`the connection ended before ${wanted}`);
        break;
      }
      this.take(next);
    }
    return answer;
  }

  private take({ type, flags, stream, payload }: Frame): void {
    const answer = this.at(stream);
    if (type === FrameType.headers) {
      if ((flags & Flag.endHeaders) === 0) throw new Error("a head in several frames");
      this.takeHead(answer, payload);
    } else if (type === FrameType.data) {
      answer.body = Buffer.concat([answer.body, payload]);
      if (this.windows && payload.length > 0) {
        this.client.offer(frame(FrameType.windowUpdate, 0, 0, uint32(payload.length)));
        this.client.offer(frame(FrameType.windowUpdate, 0, stream, uint32(payload.length)));
      }
    } else if (type === FrameType.rstStream) {
      answer.end ??= new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    } else if (type === FrameType.goAway) {
      this.goAways.push(new DataView(payload.buffer, payload.byteOffset).getUint32(4));
    }
    const ends = type === FrameType.headers || type === FrameType.data;
    if (ends && (flags & Flag.endStream) !== 0) answer.end ??= "clean";
  }

  private takeHead(answer: Http2Answer, payload: Uint8Array): void {
    const { bytes, fields, status } = this.decoder.decode(payload, 0, payload.length);
    const named = byName(bytes, fields);
    if (status === null) answer.trailers = named;
    else if (Number(status) >= 200) {
      answer.status = Number(status);
      answer.fields = named;
    } else {
      const said = Object.entries(named).map(([name, value]) => ` ${name}=${value}`);
      answer.interim.push(status + said.join(""));
    }
  }
}

function byName(bytes: Uint8Array, fields: Fields): Record<string, string> {
  const named: Record<string, string> = {};
  const text = (start: number, end: number) =>
    new TextDecoder("latin1").decode(bytes.subarray(start, end));
  for (let at = 0; at < fields.length; at += STRIDE) {
    const name = text(fields[at + 1], fields[at + 2]);
    if (name !== "") named[name] = text(fields[at + 3], fields[at + 4]);
  }
  return named;
}
