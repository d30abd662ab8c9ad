import { Hono } from "hono";
import { accepts } from "hono/accepts";
import { cache } from "hono/cache";
import { compress } from "hono/compress";
import { contextStorage, getContext } from "hono/context-storage";
import { getCookie, getSignedCookie, setCookie, setSignedCookie } from "hono/cookie";
import { etag } from "hono/etag";
import { html } from "hono/html";
import { languageDetector } from "hono/language";
import { logger } from "hono/logger";
import { methodOverride } from "hono/method-override";
import { poweredBy } from "hono/powered-by";
import { prettyJSON } from "hono/pretty-json";
import { stream, streamSSE, streamText } from "hono/streaming";
import { trimTrailingSlash } from "hono/trailing-slash";
import { validator } from "hono/validator";
import { serveStatic } from "./client-of.ts";

/** Hono's middlewares and helpers that read and write content, each below a path of its own. */
export const content = new Hono().basePath("/content");

content.use("/etag", etag());
content.get("/etag", (c) => c.text("tagged"));

content.use("/compress/*", compress());
content.get("/compress/text", (c) =>
  // Bun's own Response of text has no type, which says whether to compress.
  c.text("much of the same ".repeat(200), 200, { "Content-Type": "text/plain; charset=utf-8" }),
);
content.get("/compress/stream", (c) =>
  streamText(c, async (out) => {
    for (let i = 0; i < 100; i++) await out.write(`line ${i}\n`);
  }),
);

let made = 0;
content.use(
  "/cache",
  cache({
    cacheName: "matrix",
    cacheControl: "max-age=60",
    wait: true,
    onCacheNotAvailable: false,
  }),
);
content.get("/cache", (c) => c.text(`made ${++made}`));

content.get("/cookies", async (c) => {
  setCookie(c, "plain", "new value", { path: "/", httpOnly: true, sameSite: "Lax" });
  await setSignedCookie(c, "signed", "value", "secret");
  return c.json([getCookie(c), (await getSignedCookie(c, "secret", "signed")) ?? null]);
});

content.use("/override", methodOverride({ app: content }));
content.use("/override/header", methodOverride({ app: content, header: "X-Method" }));
content.on(["PUT", "DELETE"], ["/override", "/override/header"], async (c) =>
  c.text(`${c.req.method} ${await c.req.text()}`),
);
content.post("/override/*", async (c) => c.text(`POST ${await c.req.text()}`));
content.post("/override", (c) => c.text("POST"));

content.use("/pretty", prettyJSON());
content.get("/pretty", (c) => c.json({ a: [1, 2] }));

content.use("/slash/*", trimTrailingSlash({ alwaysRedirect: true }));
content.get("/slash/there", (c) => c.text("there"));

content.use(
  "/logger",
  logger(() => {}),
  poweredBy(),
);
content.get("/logger", (c) => c.text("logged"));

content.use("/storage", contextStorage());
content.get("/storage", async (c) => {
  await c.req.text();
  return c.text(getContext().req.path);
});

content.use(
  "/language",
  languageDetector({ supportedLanguages: ["en", "de"], fallbackLanguage: "en" }),
);
content.get("/language", (c) => c.text(c.get("language")));

content.get("/accepts", (c) =>
  c.text(accepts(c, { header: "Accept", supports: ["text/plain", "text/html"], default: "none" })),
);

const named = validator("form", (form, c) =>
  typeof form["name"] === "string" ? { name: form["name"] } : c.text("name is missing", 400),
);
content.post("/form", named, (c) => c.text(c.req.valid("form").name));
content.post(
  "/json",
  validator("json", (value) => value as object),
  (c) => c.json(c.req.valid("json")),
);
content.post("/upload", async (c) => {
  const { file } = await c.req.parseBody();
  return file instanceof File ? c.text(`${file.name} ${file.size}`) : c.text("no file", 400);
});
content.post("/bodies", async (c) => {
  // Each is made of what the first has read.
  const text = await c.req.text();
  const [json, buffer, blob] = [await c.req.json(), await c.req.arrayBuffer(), await c.req.blob()];
  return c.json([text, json, buffer.byteLength, blob.size]);
});

content.get("/sse", (c) =>
  streamSSE(c, async (out) => {
    for (const id of ["1", "2"]) await out.writeSSE({ data: `event\n${id}`, event: "tick", id });
  }),
);
content.get("/stream", (c) =>
  stream(c, async (out) => void (await out.write(new Uint8Array([65, 66])))),
);
content.get("/html", (c) => c.html(html`<p>${"<escaped>"}</p>`));
content.get("/redirect", (c) => c.redirect("/content/html", 307));
content.get("/nothing", (c) => c.body(null, 204));

content.use(
  "/static/*",
  serveStatic({ root: "./", rewriteRequestPath: (path) => path.slice("/content".length) }),
);

const inner = new Hono().all("/*", async (c) =>
  c.text(`${c.req.method} ${c.req.path} ${await c.req.text()}`),
);
content.mount("/mount", inner.fetch);
