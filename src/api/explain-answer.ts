import type { Context } from "hono";
import { explain, type World } from "../explain/explain.ts";
import { ExplainError, readExplainQuery } from "../explain/explain-query.ts";
import { failure, json } from "./answers.ts";

/** `/api/explain?url=&method=&header=&ip=`: what a request would meet; 400 where the question is none. */
export async function explainAnswer(c: Context, world: World): Promise<Response> {
  try {
    return json(c, await explain(readExplainQuery(new URL(c.req.url).searchParams), world));
  } catch (error) {
    if (!(error instanceof ExplainError)) throw error;
    return failure(c, 400, error.message);
  }
}
