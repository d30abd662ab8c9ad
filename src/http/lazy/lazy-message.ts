import type { HeaderList } from "../../wire/header-list.ts";
import { Body } from "../body.ts";
import { LazyHeaders } from "./lazy-headers.ts";

/**
 * What lazy requests and responses share: a header list, and a body that stays bytes until somebody
 * wants a stream. A class of its own for each of the two, because each has another platform
 * prototype above it (`Request.prototype` or `Response.prototype`), which makes `instanceof` hold.
 */
export function lazyMessage(platform: object) {
  class LazyMessage {
    readonly headerList: HeaderList;
    // Never null: itty-router's proxy around requests binds every own property that isn't undefined.
    private source: Body | undefined;
    private headersView: LazyHeaders | undefined;
    private streamView: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

    constructor(headerList: HeaderList, body: Body | null) {
      this.headerList = headerList;
      this.source = body ?? undefined;
    }

    get headers(): Headers {
      return (this.headersView ??= new LazyHeaders(this.headerList)) as unknown as Headers;
    }

    get hasBody(): boolean {
      return this.source !== undefined;
    }

    /** The body for whoever moves bytes; null where there is none. A stream that was made of it is taken back. */
    takeBody(): Body | null {
      if (this.streamView === undefined) return this.source ?? null;
      return Body.fromStream(this.streamView, this.source?.length ?? -1);
    }

    /** Replaces the body; null for none. The caller sees to Content-Length and Content-Encoding. */
    setBody(body: Body | null): void {
      this.source = body ?? undefined;
      this.streamView = undefined;
    }

    get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
      if (this.source === undefined) return null;
      this.streamView ??= this.source.stream();
      return this.streamView;
    }

    get bodyUsed(): boolean {
      if (this.streamView !== undefined) return this.streamView.locked;
      return this.source?.used ?? false;
    }

    async bytes(): Promise<Uint8Array<ArrayBuffer>> {
      if (this.source === undefined) return new Uint8Array(0);
      if (this.streamView !== undefined)
        return new Uint8Array(await new Response(this.streamView).arrayBuffer());
      return this.source.bytes();
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
