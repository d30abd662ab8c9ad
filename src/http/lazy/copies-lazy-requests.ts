import { HeaderList } from "../../wire/header-list.ts";
import { Exchange, NO_DOWNSTREAM } from "../exchange.ts";
import { HandlerRequest } from "./handler-request.ts";
import { LazyRequest } from "./lazy-request.ts";

/**
 * True where the platform can copy a lazy request: code that does `new Request(request, init)`, as many
 * do to change a header, then works on it. Bun can; Deno can't and gets native requests.
 */
export const COPIES_LAZY_REQUESTS = ((): boolean => {
  try {
    const exchange = new Exchange(NO_DOWNSTREAM, 0);
    const headers = HeaderList.from([["X-Probe", "probe"]]);
    const lazy = new LazyRequest(exchange, "PUT", "http", "probe", "/x?y", headers, null);
    const copy = new Request(new HandlerRequest(lazy), {});
    const { method, url } = copy;
    return (
      method === "PUT" && url === "http://probe/x?y" && copy.headers.get("x-probe") === "probe"
    );
  } catch {
    return false;
  }
})();
