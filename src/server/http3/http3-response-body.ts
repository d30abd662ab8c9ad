import type { ProxyError } from "../../core/errors.ts";
import type { Body, BodySink } from "../../http/body.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { Http3Stream } from "../../net/http3.ts";
import { MISCOUNTED } from "../exchange/response-framing.ts";
import { sentTrailers, UNSENDABLE } from "./http3-fields.ts";

/** Who hears what becomes of a response's body. */
export interface Http3ResponseOwner {
  /** All of it has been handed to the stream. */
  responseSent(): void;
  /** It broke off: the stream can't end cleanly. */
  responseBroken(error: ProxyError): void;
  /** The client takes no more for now. */
  responseStalled(): void;
}

/** The way of a response's body to its stream, at the client's pace. */
export class Http3ResponseBody implements BodySink {
  private readonly owner: Http3ResponseOwner;
  private readonly stream: Http3Stream;
  private readonly exchange: Exchange;
  private readonly body: Body;

  constructor(owner: Http3ResponseOwner, stream: Http3Stream, exchange: Exchange, body: Body) {
    this.owner = owner;
    this.stream = stream;
    this.exchange = exchange;
    this.body = body;
  }

  begin(): void {
    this.body.pipe(this);
  }

  /** The client takes bytes again. */
  resume(): void {
    this.body.resume();
  }

  cancel(error: ProxyError): void {
    this.body.cancel(error);
  }

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    const { body, exchange } = this;
    const sent = (exchange.responseBytes += end - start);
    if (body.length >= 0 && sent > body.length) {
      body.cancel(MISCOUNTED);
      this.owner.responseBroken(MISCOUNTED);
      return;
    }
    if (this.stream.write(bytes, start, end)) return;
    body.pause();
    this.owner.responseStalled();
  }

  bodyFlush(): void {}

  bodyEnd(): void {
    const { body, exchange } = this;
    if (body.length >= 0 && body.length !== exchange.responseBytes) {
      this.owner.responseBroken(MISCOUNTED);
      return;
    }
    const { trailers } = body;
    if (this.stream.end(trailers === null ? null : sentTrailers(trailers))) {
      this.owner.responseSent();
    } else {
      this.owner.responseBroken(UNSENDABLE);
    }
  }

  bodyFail(error: ProxyError): void {
    this.owner.responseBroken(error);
  }
}
