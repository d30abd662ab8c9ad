import type { Handler } from "../../http/handler.ts";
import type { Health } from "../health/health.ts";

/** A service that was built, with what its parents and a reload need. */
export interface HttpService {
  readonly handler: Handler;
  /** Null where the configuration asks for no health: parents can't be told then. */
  readonly health: Health | null;
  /** Stops checks and listening to children. */
  stop(): void;
}
