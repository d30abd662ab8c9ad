import { HeaderList } from "../../wire/header-list.ts";
import { Exchange, NO_DOWNSTREAM } from "../exchange.ts";
import { HandlerRequest } from "./handler-request.ts";
import { LazyRequest } from "./lazy-request.ts";

/**
 * Makes `new Request(request, init)` work on lazy requests: code that changes a header copies a
 * request so. Where the platform's constructor takes a lazy request for a dictionary and forgets its
 * method as soon as there is an init (Bun), the global constructor is wrapped once.
 */
export function ensureRequestCopies(): void {
  const Native = globalThis.Request;
  if (copies(Native)) return;
  globalThis.Request = new Proxy(Native, {
    construct(target, [input, init], newTarget): Request {
      // A body of the init takes the place of the request's, which may have gone into it.
      const bodyless = (init?.body ?? null) !== null;
      const source =
        input instanceof LazyRequest
          ? input.native(bodyless)
          : HandlerRequest.nativeOf(input, bodyless);
      return Reflect.construct(target, [source, init], newTarget);
    },
  });
}

function copies(Constructor: typeof Request): boolean {
  const exchange = new Exchange(NO_DOWNSTREAM, 0);
  const lazy = new LazyRequest(exchange, "PUT", "http", "probe", "/x?y", new HeaderList(), null);
  const copy = new Constructor(lazy, { headers: { probe: "1" } });
  return copy.method === "PUT" && copy.url === "http://probe/x?y";
}
