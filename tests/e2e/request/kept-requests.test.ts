import { expect, test } from "bun:test";
import fc from "fast-check";
import { startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { echoing } from "../../support/sockets/upstream-scripts.ts";

/** Keeps every request that it gets, and says which of them are not what they were. */
const KEEPING = `
const kept = [];
const view = ({ request, context, headers }) =>
  [request.method, request.url, headers.get("x-own"), request.headers.get("x-own"), context.exchange.target, context.exchange.host].join(" ");
export default {
  fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname === "/keep/changed") {
      return Response.json({ kept: kept.length, changed: kept.filter((one) => view(one) !== one.was).map((one) => [one.was, view(one)]) });
    }
    const one = { request, context, headers: request.headers };
    if (pathname.startsWith("/keep/untouched")) delete one.headers;
    one.headers ??= new Headers({ "x-own": "none" });
    one.was = view(one);
    kept.push(one);
    if (pathname.startsWith("/keep/late")) return new Promise((resolve) => setTimeout(() => resolve(new Response(one.was)), 5));
    return new Response(one.was);
  },
};
`;

/** What becomes of a request: kept by a module, sent to a server, or answered by Sluice itself. */
const KINDS = ["/keep/now", "/keep/late", "/keep/untouched", "/proxied", "/set/proxied", "/none"];

function dynamic(upstream: string): string {
  const route = (rule: string, service: string, middlewares: string[] = []) => ({
    rule,
    service,
    middlewares,
  });
  return JSON.stringify({
    http: {
      routers: {
        keep: route("PathPrefix(`/keep`)", "keep"),
        proxied: route("PathPrefix(`/proxied`)", "upstream"),
        set: route("PathPrefix(`/set`)", "upstream", ["set"]),
      },
      middlewares: { set: { headers: { customRequestHeaders: { "X-Set": "set" } } } },
      services: {
        keep: { handler: { module: "./keeping.js" } },
        upstream: { loadBalancer: { servers: [{ url: upstream }] } },
      },
    },
  });
}

const BODIES = ["", "small", "x".repeat(3000)];

/** A request whose every part says whose it is. */
function requestOf(kind: string, id: number, body: string): string {
  const post = body !== "" && kind !== "/none";
  return [
    `${post ? "POST" : "GET"} ${kind}?id=${id} HTTP/1.1`,
    `Host: h${id}.test`,
    `X-Own: ${id}`,
    ...(post ? [`Content-Length: ${body.length}`] : []),
    "",
    post ? body : "",
  ].join("\r\n");
}

test("a request that a module keeps never becomes another one's, and no answer has another's parts", async () => {
  await using upstream = startUpstream(echoing());
  await using router = await startRouter({
    workers: 1,
    dynamic: "http: {}",
    provider: "    filename: handlers/dynamic.json",
    files: { "handlers/keeping.js": KEEPING, "handlers/dynamic.json": dynamic(upstream.url) },
  });
  let ids = 0;
  let asked = 0;
  const step = fc.record({ kind: fc.constantFrom(...KINDS), body: fc.constantFrom(...BODIES) });
  const connection = fc.array(step, { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(connection, { minLength: 1, maxLength: 4 }), async (connections) => {
      await Promise.all(
        connections.map(async (steps) => {
          using client = await router.client();
          for (const { kind, body } of steps) {
            const id = ++ids;
            if (kind.startsWith("/keep")) asked++;
            const post = body !== "" && kind !== "/none";
            const answer = await client.request(requestOf(kind, id, body), post ? "POST" : "GET");
            const { text } = answer;
            if (kind === "/none") {
              expect(answer.status).toBe(404);
              continue;
            }
            expect(answer.status).toBe(200);
            expect(text).toContain(`${kind}?id=${id}`);
            expect(text).toContain(`h${id}.test`);
            for (const other of text.matchAll(/id=(\d+)|"x-own","(\d+)|h(\d+)\.test/gi)) {
              expect(other.slice(1).find((found) => found !== undefined)).toBe(String(id));
            }
            expect(/"x-set","set"/i.test(text)).toBe(kind.startsWith("/set"));
          }
        }),
      );
    }),
    { numRuns: 40 },
  );
  using last = await router.client();
  const { text } = await last.request(
    `GET /keep/changed HTTP/1.1\r\nHost: a.test\r\nX-Own: 0\r\n\r\n`,
  );
  expect(JSON.parse(text)).toEqual({ kept: asked, changed: [] });
}, 60_000);
