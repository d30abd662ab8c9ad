import { compileExpression } from "../expression.ts";

/** What a condition may ask of a try that has come to its end. */
export interface EndedTry {
  readonly method: string;
  /** Tries so far. */
  readonly attempts: number;
  readonly status: number;
}

/**
 * Compiles `buffering.retryExpression`. Throws an Error that says what is wrong.
 * Source: oxy's buffer/threshold.go.
 */
export function retryCondition(expression: string): (ended: EndedTry) => boolean {
  return compileExpression<EndedTry>(expression, {
    RequestMethod: {
      parameters: [],
      returns: "string",
      call:
        () =>
        ({ method }) =>
          method,
    },
    // That of the answer that stands for it.
    IsNetworkError: {
      parameters: [],
      returns: "boolean",
      call:
        () =>
        ({ status }) =>
          status === 502 || status === 504,
    },
    Attempts: {
      parameters: [],
      returns: "number",
      call:
        () =>
        ({ attempts }) =>
          attempts,
    },
    ResponseCode: {
      parameters: [],
      returns: "number",
      call:
        () =>
        ({ status }) =>
          status,
    },
  });
}
