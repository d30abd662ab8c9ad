import type { ControlResponse } from "../../internal/control-request.ts";
import { goJson } from "../go/go-json.ts";

/** The answer of an endpoint that changes what runs. */
export function changeAnswer(status: number, value: object): ControlResponse {
  return { status, headers: [["Content-Type", "application/json"]], body: goJson(value) };
}

/** A name in a path; as it stands where it is no percent-encoding. */
export function nameInPath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
