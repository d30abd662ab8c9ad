import type { Handler } from "../../http/handler.ts";
import { httpError } from "../../http/http-error.ts";

/** Answers where no server is configured, or none is up: Traefik's 503. */
export const noAvailableServer: Handler = () => httpError(503, "no available server");
