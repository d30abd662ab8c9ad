import { initTRPC, TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { Elysia, t } from "elysia";
import { createSchema, createYoga } from "graphql-yoga";
import {
  createEventStream,
  getRequestIP,
  H3,
  HTTPError,
  onError,
  readBody,
  readFormData,
  redirect,
  setCookie,
} from "h3";
import {
  AutoRouter,
  cors,
  error,
  type IRequest,
  StatusError,
  text,
  withContent,
  withCookies,
} from "itty-router";

const { preflight, corsify } = cors({ origin: "http://other.test" });

/** itty-router with the middlewares that it brings. */
export const itty = AutoRouter({
  base: "/itty",
  before: [preflight, withCookies],
  finally: [corsify],
});
itty
  .get("/user/:id", ({ params, query }: IRequest) => ({ ...params, query }))
  .post("/content", withContent, ({ content }: IRequest) => ({ content }))
  .get("/cookies", ({ cookies }: IRequest) => ({ cookies }))
  .get("/text", () => text("plain"))
  .get("/error", () => error(418, { why: "a teapot" }))
  .get("/throws", () => {
    throw new StatusError(409, "a conflict");
  })
  .all(
    "/raw",
    async (request: IRequest) => new Response(`${request.method} ${await request.text()}`),
  );

/** h3, of which UnJS's servers are made. */
export const h3 = new H3()
  .use(onError((failure) => new Response(failure.message, { status: failure.status })))
  .get("/h3/user/:id", (event) => ({
    id: event.context.params?.["id"],
    query: event.url.searchParams.get("q"),
  }))
  .post("/h3/json", async (event) => ({ got: await readBody(event) }))
  .post("/h3/form", async (event) => [...(await readFormData(event)).keys()])
  .get("/h3/cookie", (event) => {
    setCookie(event, "own", "value", { path: "/" });
    setCookie(event, "second", "value");
    event.res.status = 201;
    return "cookies";
  })
  .get("/h3/redirect", () => redirect("/h3/user/1", 302))
  .get("/h3/fails", () => {
    throw new HTTPError({ status: 422, message: "not so" });
  })
  .get("/h3/stream", () =>
    new ReadableStream<string>({
      start(controller) {
        for (const word of ["one ", "two"]) controller.enqueue(word);
        controller.close();
      },
    }).pipeThrough(new TextEncoderStream()),
  )
  .get("/h3/events", (event) => {
    const events = createEventStream(event);
    void events
      .push("first")
      .then(() => events.push("second"))
      .then(() => events.close());
    return events.send();
  })
  .get("/h3/client", (event) => String(getRequestIP(event) ?? "unknown"));

/** Elysia, which checks what it is given. */
export const elysia = new Elysia({ prefix: "/elysia" })
  .get("/user/:id", ({ params }) => params)
  .post("/json", ({ body }) => body, { body: t.Object({ name: t.String() }) })
  .post("/form", ({ body }) => Object.keys(body as object).join())
  .post("/upload", ({ body }) => `${body.file.name} ${body.file.size}`, {
    body: t.Object({ file: t.File() }),
  })
  .get("/cookie", ({ cookie }) => {
    cookie["seen"].value = `${cookie["seen"].value ?? 0}1`;
    return "cookie";
  })
  .get("/headers", ({ headers, set }) => {
    set.status = 202;
    set.headers["x-own"] = "yes";
    return headers["x-asked"] ?? "not asked";
  })
  .get("/stream", function* () {
    yield "one ";
    yield "two";
  })
  .get("/error", ({ status }) => status(418, "a teapot"))
  .get("/throws", () => {
    throw new Error("on purpose");
  });

const { procedure, router } = initTRPC.context<{ agent: string }>().create();
const procedures = router({
  agent: procedure.query(({ ctx }) => ctx.agent),
  add: procedure
    .input((value) => value as { a: number; b: number })
    .mutation(({ input }) => input.a + input.b),
  fails: procedure.query(() => {
    throw new TRPCError({ code: "FORBIDDEN", message: "not you" });
  }),
  ticks: procedure.subscription(async function* () {
    yield 1;
    yield 2;
  }),
  later: procedure.query(() => ({ now: 1, soon: Promise.resolve(2) })),
});

/** tRPC through its adapter for fetch. */
export const trpc = {
  fetch: (req: Request): Promise<Response> =>
    fetchRequestHandler({
      endpoint: "/trpc",
      req,
      router: procedures,
      createContext: () => ({ agent: req.headers.get("x-agent") ?? "none" }),
    }),
};

/** GraphQL with queries, mutations, uploads and subscriptions. */
export const yoga = createYoga({
  graphqlEndpoint: "/yoga",
  logging: false,
  landingPage: false,
  maskedErrors: true,
  schema: createSchema({
    typeDefs: `
      scalar File
      type Query { hello(name: String!): String!  agent: String  fails: String }
      type Mutation { size(file: File!): Int! }
      type Subscription { count(to: Int!): Int! }
    `,
    resolvers: {
      Query: {
        hello: (_, { name }: { name: string }) => `hello ${name}`,
        agent: (_, __, { request }: { request: Request }) => request.headers.get("x-agent"),
        fails: () => {
          throw new Error("a secret of the server");
        },
      },
      Mutation: { size: (_, { file }: { file: File }) => file.size },
      Subscription: {
        count: {
          async *subscribe(_: unknown, { to }: { to: number }) {
            for (let count = 1; count <= to; count++) yield { count };
          },
        },
      },
    },
  }),
});
