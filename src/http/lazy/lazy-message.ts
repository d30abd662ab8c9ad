import { HeaderList } from "../../wire/header-list.ts";
import { Body } from "../body.ts";
import { LazyHeaders } from "./lazy-headers.ts";

/** The header list of a message that waits to become another one. */
const RECYCLED = new HeaderList();

/**
 * What lazy requests and responses share: a header list, and a body that stays bytes until a handler
 * wants a stream. A class of its own for each of the two, because each has another platform
 * prototype above it (`Request.prototype` or `Response.prototype`), which makes `instanceof` hold.
 */
export function lazyMessage(platform: object) {
  class LazyMessage {
    headerList: HeaderList;
    // Never null: itty-router's proxy around requests binds every own property that isn't undefined.
    private source: Body | undefined;
    private headersView: LazyHeaders | undefined;
    /** The platform's own message around the body, once a stream was asked for. */
    private holder: Response | undefined;
    /** Code may still refer to what was made of the message in the Web's terms. */
    private seen = false;

    constructor(headerList: HeaderList, body: Body | null) {
      this.headerList = headerList;
      this.source = body ?? undefined;
    }

    /** Nothing refers to the message any more: it is empty. False where something may. */
    protected release(): boolean {
      if (this.seen) return false;
      this.headerList.recycle();
      this.headerList = RECYCLED;
      this.source = undefined;
      return true;
    }

    /** It becomes another message, behind `release`. */
    protected receive(headerList: HeaderList, body: Body | null): void {
      this.headerList = headerList;
      this.source = body ?? undefined;
    }

    get headers(): Headers {
      this.seen = true;
      return (this.headersView ??= new LazyHeaders(this.headerList)) as unknown as Headers;
    }

    get hasBody(): boolean {
      return this.source !== undefined;
    }

    /** The body for a mover of bytes; null where there is none. A stream that was made of it is taken back. */
    takeBody(): Body | null {
      if (this.holder === undefined) return this.source ?? null;
      return Body.fromStream(this.holder.body!, this.source?.length ?? -1);
    }

    /** Replaces the body; null for none. The caller sees to Content-Length and Content-Encoding. */
    setBody(body: Body | null): void {
      this.source = body ?? undefined;
      this.holder = undefined;
    }

    get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
      return this.source === undefined ? null : this.held(this.source).body;
    }

    get bodyUsed(): boolean {
      if (this.holder !== undefined) return this.holder.bodyUsed;
      return this.source?.used ?? false;
    }

    /** The platform knows what cancelling, locking, piping and cloning a stream mean. */
    private held(source: Body): Response {
      this.seen = true;
      if (this.holder !== undefined) return this.holder;
      if (!source.used) return (this.holder = new Response(source.stream()));
      // It was read without a stream: what there is to see now is one that was read.
      const read = new Response("");
      void read.text();
      return (this.holder = read);
    }

    /** A second body of the same content; null where there is none. Throws a TypeError where it was read or is locked. */
    protected cloneBody(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
      return this.source === undefined ? null : this.held(this.source).clone().body;
    }

    async bytes(): Promise<Uint8Array<ArrayBuffer>> {
      this.seen = true;
      if (this.source === undefined) return new Uint8Array(0);
      if (this.holder === undefined) return this.source.bytes();
      return new Uint8Array(await this.holder.arrayBuffer());
    }

    async arrayBuffer(): Promise<ArrayBuffer> {
      return (await this.bytes()).buffer;
    }

    async text(): Promise<string> {
      return new TextDecoder().decode(await this.bytes());
    }

    // biome-ignore lint/suspicious/noExplicitAny: as the platform's types have it.
    async json(): Promise<any> {
      return JSON.parse(await this.text());
    }

    async blob(): Promise<Blob> {
      return new Blob([await this.bytes()], { type: this.contentType });
    }

    async formData(): Promise<FormData> {
      return new Response(await this.bytes(), {
        headers: { "content-type": this.contentType },
      }).formData();
    }

    private get contentType(): string {
      return this.headerList.first("content-type") ?? "";
    }
  }
  Object.setPrototypeOf(LazyMessage.prototype, platform);
  return LazyMessage;
}

/** The length that a native message's Content-Length announces, -1 where it says nothing usable. */
export function announcedLength(headers: HeaderList): number {
  const length = headers.first("content-length");
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : -1;
}
