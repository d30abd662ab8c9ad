import type { Context } from "hono";
import { goJson } from "./go/go-json.ts";
import { BadRequest, type Listed, type ListRules, pageOf } from "./list.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

export function json(c: Context, value: unknown): Response {
  return c.body(goJson(value), 200, JSON_TYPE);
}

/** The part of a list that the query asks for, and (ours) in X-Total-Count how many there are; 400 where there is no such page. */
export function list<T extends Listed>(
  c: Context,
  elements: readonly T[],
  rules: ListRules<T>,
): Response {
  try {
    const page = pageOf(elements, new URL(c.req.url).searchParams, rules);
    return c.body(goJson(page.elements), 200, {
      ...JSON_TYPE,
      "X-Next-Page": String(page.next),
      "X-Total-Count": String(page.total),
    });
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    return failure(c, 400, error.message);
  }
}

/** As Go's http.Error sends it. */
export function failure(c: Context, status: 400 | 404 | 503, message: string): Response {
  return c.body(goJson({ message }), status, {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
  });
}
