import { elysia, h3, itty, trpc, yoga } from "./frameworks.ts";
import { content } from "./hono-content.ts";
import { guards } from "./hono-guards.ts";

type Fetch = (request: Request, env: never, context: never) => unknown;

/** The applications by the first part of the path. */
const APPLICATIONS: Readonly<Record<string, { readonly fetch: unknown }>> = {
  guards,
  content,
  itty,
  h3,
  elysia,
  trpc,
  yoga,
};

export default {
  fetch(request: Request, env: never, context: never): unknown {
    const application = APPLICATIONS[new URL(request.url).pathname.split("/")[1]];
    if (application === undefined) return new Response("no such application", { status: 404 });
    return (application.fetch as Fetch)(request, env, context);
  },
};
