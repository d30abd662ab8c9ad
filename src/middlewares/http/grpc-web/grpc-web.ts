import { whenResponse } from "../../../http/handler.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { FieldId } from "../../../wire/field-names.ts";
import { HeaderList } from "../../../wire/header-list.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { Base64Body } from "./grpc-web-request.ts";
import { GrpcWebBody } from "./grpc-web-response.ts";

const WEB = "application/grpc-web";
const WEB_TEXT = "application/grpc-web-text";
const GRPC = "application/grpc";
/** Seconds that a browser may keep the answer to a preflight. */
const MAX_AGE = "600";
const METHODS: ReadonlySet<string> = new Set(["GET", "POST", "HEAD"]);

/**
 * `grpcWeb`: makes gRPC of the requests that browsers send, and gRPC-Web of the answers. `allowOrigins` are
 * the origins whose pages may read them; "*" for all. Other requests go on as they are.
 * Source: Traefik's pkg/middlewares/grpcweb, github.com/traefik/grpc-web and the gRPC-Web protocol.
 */
export const grpcWeb: HttpMiddlewareKind<"grpcWeb"> = {
  create({ allowOrigins = [] }) {
    const origins = new Set(allowOrigins);
    const isAllowed = (origin: string) => origins.has("*") || origins.has(origin);
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const origin = lazy.headerList.first("origin") ?? "";
        if (isPreflight(lazy)) return preflight(lazy, origin !== "" && isAllowed(origin));
        const at = lazy.method === "POST" ? lazy.headerList.findId(FieldId.contentType) : -1;
        const type = at < 0 ? "" : lazy.headerList.valueAt(at);
        if (!type.startsWith(WEB)) return next(lazy, exchange);
        const asText = type.startsWith(WEB_TEXT);
        const web = asText ? WEB_TEXT : WEB;
        becomeGrpc(lazy, type.replace(web, GRPC), asText);
        return whenResponse(next(lazy, exchange), exchange, (response) => {
          const answer = LazyResponse.of(response);
          becomeWeb(answer, web, asText);
          allowReading(answer.headerList, origin, origin !== "" && isAllowed(origin));
          return answer;
        });
      },
    };
  },
};

function isPreflight({ method, headerList }: LazyRequest): boolean {
  if (method !== "OPTIONS") return false;
  const names = headerList.get("access-control-request-headers") ?? "";
  return names.toLowerCase().includes("x-grpc-web");
}

function preflight({ headerList }: LazyRequest, allowed: boolean): Response {
  const headers = HeaderList.from([
    ["Vary", "Origin"],
    ["Vary", "Access-Control-Request-Method"],
    ["Vary", "Access-Control-Request-Headers"],
  ]);
  const method = (headerList.first("access-control-request-method") ?? "").toUpperCase();
  if (allowed && METHODS.has(method)) {
    headers.append("Access-Control-Allow-Origin", headerList.first("origin")!);
    headers.append("Access-Control-Allow-Methods", method);
    headers.append(
      "Access-Control-Allow-Headers",
      headerList.get("access-control-request-headers")!,
    );
    headers.append("Access-Control-Allow-Credentials", "true");
    headers.append("Access-Control-Max-Age", MAX_AGE);
  }
  return new LazyResponse(200, headers, null);
}

function becomeGrpc(request: LazyRequest, type: string, asText: boolean): void {
  const { headerList } = request;
  headerList.setId(FieldId.contentType, type);
  const body = request.takeBody();
  if (body === null || !asText) return;
  headerList.deleteId(FieldId.contentLength);
  request.setBody(new Base64Body(body).body);
}

function becomeWeb(response: LazyResponse, web: string, asText: boolean): void {
  const { headerList } = response;
  const at = headerList.findId(FieldId.contentType);
  if (at >= 0 && headerList.valueAt(at).startsWith(GRPC))
    headerList.setId(FieldId.contentType, headerList.valueAt(at).replace(GRPC, web));
  headerList.deleteId(FieldId.contentLength);
  headerList.deleteId(FieldId.trailer);
  response.setBody(new GrpcWebBody(response.takeBody(), asText).body);
}

/** Lets a browser's page read the answer, and all its fields. */
function allowReading(headers: HeaderList, origin: string, allowed: boolean): void {
  const names = [...new Set([...headers.entries()].map(([name]) => name))];
  headers.appendId(FieldId.vary, "Origin");
  if (allowed) {
    headers.set("Access-Control-Allow-Origin", origin);
    headers.set("Access-Control-Allow-Credentials", "true");
  }
  headers.set(
    "Access-Control-Expose-Headers",
    [...names, "grpc-status", "grpc-message"].join(", "),
  );
}
