import { latin1Bytes } from "../../../../core/bytes.ts";
import { messageOf } from "../../../../core/errors.ts";
import { Body } from "../../../../http/body.ts";
import type { Exchange } from "../../../../http/exchange.ts";
import { type Handler, whenResponse } from "../../../../http/handler.ts";
import { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../http/lazy/lazy-response.ts";
import { type Span, SpanKind } from "../../../../http/observability.ts";
import { sideExchange } from "../../../../http/side-exchange.ts";
import { collectedBody } from "../../../../services/http/collected-body.ts";
import { FieldId } from "../../../../wire/field-names.ts";
import { HeaderList } from "../../../../wire/header-list.ts";
import { clientLeft } from "../../client-left.ts";
import { fieldText } from "../../headers/field-edits.ts";
import type {
  HttpMiddlewareContext,
  HttpMiddlewareKind,
  HttpMiddlewareOptions,
} from "../../http-middleware.ts";
import { addCookies, answerCookies } from "./answer-cookies.ts";
import { answerFields } from "./answer-fields.ts";
import { type Answer, isAllowing, Question } from "./question.ts";
import { questionHeaders } from "./question-headers.ts";

type Options = HttpMiddlewareOptions<"forwardAuth">;

interface ForwardAuthInputs {
  /** The transport. */
  readonly fingerprint: number;
  readonly server: Handler;
  readonly address: URL;
}

/**
 * `forwardAuth`: asks a server whether a request may pass. Its 2xx lets it pass; any other answer is the
 * client's, and without an answer there is an empty 500. Source: Traefik's pkg/middlewares/auth/forward.go.
 */
export const forwardAuth: HttpMiddlewareKind<"forwardAuth", ForwardAuthInputs> = {
  async inputs({ address: text = "", tls }, { client }) {
    if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
      throw new Error(
        `forwardAuth: address: expected a URL such as http://auth.internal/verify, found "${text}"`,
      );
    const address = new URL(text);
    const { handler, transport } = await client(address.origin, tls);
    return { fingerprint: transport, server: handler, address };
  },
  create(options, context, { server, address }) {
    const { forwardBody = false, maxBodySize = -1, maxResponseBodySize = -1 } = options;
    const { logger } = context;
    if (forwardBody && maxBodySize < 0)
      logger.warn("forwardAuth: maxBodySize is not set: bodies of any size are kept in memory");
    if (maxResponseBodySize < 0)
      logger.warn(
        "forwardAuth: maxResponseBodySize is not set: answers of any size are kept in memory",
      );
    const forwarding = new ForwardAuth(options, context, server, address);
    return {
      middleware: (next) => (request, exchange) => forwarding.pass(request, exchange, next),
    };
  },
};

class ForwardAuth {
  private readonly options: Options;
  private readonly context: HttpMiddlewareContext;
  private readonly server: Handler;
  private readonly address: URL;
  private readonly target: string;
  private readonly headersFor: ReturnType<typeof questionHeaders>;
  private readonly takeFields: ReturnType<typeof answerFields>;
  private readonly cookies: ReadonlySet<string>;
  /** What the URL says of a user: for questions without credentials of the client's, as Go's client has it. */
  private readonly credentials: string;
  private readonly signin: string;

  constructor(options: Options, context: HttpMiddlewareContext, server: Handler, address: URL) {
    this.options = options;
    this.context = context;
    this.server = server;
    this.address = address;
    this.target = address.pathname + address.search;
    this.headersFor = questionHeaders(options);
    this.takeFields = answerFields(options);
    this.cookies = new Set(options.addAuthCookiesToResponse);
    const { username, password } = address;
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.credentials = user === ":" ? "" : `Basic ${btoa(fieldText(user))}`;
    this.signin = fieldText(options.authSigninURL ?? "");
  }

  async pass(request: Request, exchange: Exchange, next: Handler): Promise<Response> {
    const lazy = LazyRequest.of(request, exchange);
    // The request waits for the answer.
    exchange.retain();
    const { forwardBody = false, maxBodySize = -1, maxResponseBodySize = -1 } = this.options;
    let body: Uint8Array | null = null;
    const received = forwardBody && lazy.upgrade === "" ? lazy.takeBody() : null;
    if (received !== null) {
      body = await collectedBody(received, maxBodySize);
      if (body === null) return empty(401);
      lazy.setBody(again(body, received));
    }
    let answer: Answer;
    const span = exchange.trace?.begin("AuthRequest", SpanKind.client) ?? null;
    try {
      const side = sideExchange(exchange);
      const question = new Question(side, exchange, this.context.deadlines);
      const asked = this.question(lazy, side, body);
      exchange.trace?.inject(asked.headerList, span);
      answer = await question.ask(this.server, asked, maxResponseBodySize);
      if (span !== null) this.describe(span, asked.method, answer.response.status);
    } catch (error) {
      span?.fail(messageOf(error));
      span?.end();
      const left = clientLeft(exchange);
      if (left !== null) return left;
      this.context.logger.debug("The authentication server gave no answer", {
        address: this.address.origin,
        error: messageOf(error),
      });
      return empty(500);
    }
    const left = clientLeft(exchange);
    if (left !== null) return left;
    if (answer.body === null) return empty(401);
    const { response } = answer;
    const { headerField = "" } = this.options;
    const user = headerField === "" ? null : response.headerList.first(headerField.toLowerCase());
    if (user !== null) exchange.clientUsername = user;
    if (!isAllowing(response.status)) return this.refusal(response, answer.body);
    this.takeFields(lazy.headerList, response.headerList);
    const cookies = answerCookies(response.headerList, this.cookies);
    const result = next(lazy, exchange);
    if (cookies.length === 0) return result;
    return whenResponse(result, exchange, (own) => {
      const withCookies = LazyResponse.of(own);
      addCookies(withCookies.headerList, cookies);
      return withCookies;
    });
  }

  /** The question's span, as Traefik has it. */
  private describe(span: Span, method: string, status: number): void {
    const { origin, pathname, hostname, port, protocol } = this.address;
    span.set("http.request.method", method);
    span.set("url.full", origin + pathname);
    span.set("url.scheme", protocol.slice(0, -1));
    span.set("server.address", hostname);
    span.set("server.port", port === "" ? (protocol === "https:" ? 443 : 80) : Number(port));
    span.set("http.response.status_code", status);
    if (status >= 400) span.fail("");
    span.end();
  }

  private question(lazy: LazyRequest, side: Exchange, bytes: Uint8Array | null): LazyRequest {
    const { preserveRequestMethod = false } = this.options;
    const method = preserveRequestMethod ? lazy.method : "GET";
    const { host, protocol } = this.address;
    const headers = this.headersFor(lazy, side);
    if (this.credentials !== "" && headers.findId(FieldId.authorization) < 0)
      headers.appendId(FieldId.authorization, this.credentials);
    const body = bytes === null ? null : Body.of(bytes);
    const question = new LazyRequest(
      side,
      method,
      protocol.slice(0, -1),
      host,
      this.target,
      headers,
      body,
    );
    // X-Forwarded-For is complete.
    question.forwardPeer = false;
    return question;
  }

  /** What the client gets where the server lets the request not pass. */
  private refusal({ status, headerList, reason }: LazyResponse, body: Uint8Array): Response {
    if (status === 401 && this.signin !== "") return empty(302, [["Location", this.signin]]);
    const location = headerList.first("location");
    if (location !== null && location !== "" && this.options.preserveLocationHeader !== true) {
      // One that is absolute stays byte for byte.
      const absolute = /^[a-z][a-z0-9+.-]*:/i.test(location);
      if (!absolute && !URL.canParse(location, this.address.href)) return empty(500);
      if (!absolute) headerList.setId(FieldId.location, new URL(location, this.address.href).href);
    }
    return new LazyResponse(status, headerList, body.length === 0 ? null : Body.of(body), reason);
  }
}

/** The body that was read, to be read again: with the framing and the trailers that it came with. */
function again(bytes: Uint8Array, received: Body): Body {
  const body = Body.of(bytes);
  body.length = received.length;
  body.trailers = received.trailers;
  body.trailerJudge = received.trailerJudge;
  return body;
}

function empty(status: number, headers: [string, string][] = []): Response {
  return new LazyResponse(status, HeaderList.from(headers), Body.of(latin1Bytes("")));
}
