import { HeaderList } from "../../wire/header-list.ts";
import { Exchange, NO_DOWNSTREAM } from "../exchange.ts";
import { LazyRequest } from "./lazy-request.ts";

/**
 * True where the platform can copy a lazy request: code that does `new Request(request)`, as many
 * do to change a header, then works on it. Bun can; Deno can't and gets native requests.
 */
export const COPIES_LAZY_REQUESTS = ((): boolean => {
  try {
    const exchange = new Exchange(NO_DOWNSTREAM, 0);
    const lazy = new LazyRequest(exchange, "PUT", "http", "probe", "/x?y", new HeaderList(), null);
    const copy = new Request(lazy);
    return copy.method === "PUT" && copy.url === "http://probe/x?y";
  } catch {
    return false;
  }
})();
