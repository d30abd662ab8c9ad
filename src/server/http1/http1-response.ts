import type { ProxyError } from "../../core/errors.ts";
import type { Body, BodySink } from "../../http/body.ts";
import { writeBodyChunk, writeBodyEnd } from "../../http/body-framing.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { LazyResponse } from "../../http/lazy/lazy-response.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import { BodyLength, bodyToSend, lengthToSay, MISCOUNTED } from "../exchange/response-framing.ts";
import { Persistence, writeResponseHead } from "./response-head.ts";

/** Hears how a response ends. */
export interface ResponseOwner {
  /** The connection has taken all of it. */
  responseSent(): void;
  /** The body broke off, behind the head. */
  responseBroken(error: ProxyError): void;
}

/** Writes one response after the other onto an HTTP/1.x connection: head, framing, body, trailers. */
export class Http1Response implements BodySink {
  /** Another request may follow the response; its head says so. */
  keepAlive = true;
  private readonly writer: ConnectionWriter;
  private readonly owner: ResponseOwner;
  private exchange: Exchange | null = null;
  private body: Body | null = null;
  private chunked = false;
  /** Everything is written; the connection may not have taken it yet. */
  private ended = false;

  constructor(writer: ConnectionWriter, owner: ResponseOwner) {
    this.writer = writer;
    this.owner = owner;
  }

  /** Writes the head, and the body as it comes. */
  send(response: LazyResponse, exchange: Exchange): void {
    const { writer } = this;
    const old = exchange.downstream.protocol === "HTTP/1.0";
    const body = bodyToSend(response, exchange.method);
    let length = lengthToSay(response, body, exchange.method);
    this.chunked = length === BodyLength.open && !old;
    if (length === BodyLength.open && old) {
      // Only the connection's end says where this body ends.
      this.keepAlive = false;
      length = BodyLength.unsaid;
    }
    this.exchange = exchange;
    this.body = body;
    writeResponseHead(
      writer,
      response,
      length,
      !this.keepAlive ? Persistence.close : old ? Persistence.keepAlive : Persistence.implied,
    );
    if (body === null) {
      this.bodyEnd();
      return;
    }
    body.pipe(this);
    writer.flush();
  }

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    const body = this.body!;
    const sent = (this.exchange!.responseBytes += end - start);
    if (body.length >= 0 && sent > body.length) {
      body.cancel(MISCOUNTED);
      this.bodyFail(MISCOUNTED);
      return;
    }
    writeBodyChunk(this.writer, bytes, start, end, this.chunked);
    if (this.writer.backlogged) body.pause();
  }

  bodyFlush(): void {
    this.writer.flush();
    if (this.writer.backlogged) this.body?.pause();
  }

  bodyEnd(): void {
    const { body } = this;
    if (body !== null) {
      if (body.length >= 0 && body.length !== this.exchange!.responseBytes) {
        this.bodyFail(MISCOUNTED);
        return;
      }
      this.body = null;
      if (this.chunked) writeBodyEnd(this.writer, body.trailers);
    }
    this.writer.flush();
    this.ended = true;
    if (!this.writer.congested) this.finish();
  }

  /** Cut short above, cut short below: never a clean end. */
  bodyFail(error: ProxyError): void {
    this.body = null;
    this.exchange = null;
    this.owner.responseBroken(error);
  }

  /** The connection takes bytes again, and has taken all that waited. */
  drained(): void {
    if (this.ended) this.finish();
    else this.body?.resume();
  }

  private finish(): void {
    this.ended = false;
    this.exchange = null;
    this.owner.responseSent();
  }

  /** Nobody will take the rest. */
  cancel(error: ProxyError): void {
    const { body } = this;
    this.body = null;
    this.exchange = null;
    this.ended = false;
    body?.cancel(error);
  }
}
