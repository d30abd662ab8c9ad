import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { toolPath } from "../../scripts/tool-path.ts";
import { startRouter } from "../support/router.ts";
import { freePort } from "../support/sockets/free-port.ts";

/** Besides those that the tests look at. */
const MANY = 10_000;

const SHOP = `
    shop: {rule: "Host(\`shop.test\`) && Path(\`/cart\`)", service: shop, middlewares: [strip], entryPoints: [web]}
    broken: {rule: "Host(\`broken.test\`)", service: nowhere, entryPoints: [web]}
    half: {rule: "Host(\`half.test\`)", service: shop, entryPoints: [web, gone]}`;

/** Sluice with many routers, a server behind one of them, and a browser to look at it with. */
export async function startScene() {
  const admin = await freePort();
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("ok") });
  const many = Array.from(
    { length: MANY },
    (_, i) => `    r${i}: {rule: "Host(\`h${i}.test\`)", service: shop, entryPoints: [web]}`,
  );
  const router = await startRouter({
    dynamic: `http:
  routers:${SHOP}
${many.join("\n")}
  middlewares:
    strip: {stripPrefix: {prefixes: [/cart]}}
  services:
    shop: {loadBalancer: {servers: [{url: "${server.url.origin}"}]}}
    function: {handler: {module: ./function.js, isolation: process}}
`,
    files: { "function.js": "export default { fetch: () => new Response('ok') };" },
    entryPoints: { traefik: admin },
    static: "api: {insecure: true}",
  });
  const executablePath = toolPath("chromium") ?? "chromium";
  const browser: Browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const address = `http://127.0.0.1:${admin}/dashboard/`;
  return {
    router,
    address,
    /** A window of its own; what the page complains about, and whom else it asks, is in `complaints`. */
    async open(options: BrowserContextOptions = {}, hash = "") {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        // What a broken reference names does not exist, and the API says so.
        const isAnswer = message.location().url.includes("/api/");
        if (message.type() === "error" && !isAnswer) complaints.push(message.text());
      });
      page.on("request", (request) => {
        if (!request.url().startsWith(`http://127.0.0.1:${admin}/`)) complaints.push(request.url());
      });
      await page.goto(address + hash);
      return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await router[Symbol.asyncDispose]();
      await server.stop(true);
    },
  };
}

export type Scene = Awaited<ReturnType<typeof startScene>>;

/** Presses Tab until what is focused has that name. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement & {
        labels?: NodeListOf<HTMLLabelElement>;
      };
      return element.labels?.[0]?.firstChild?.textContent?.trim() ?? element.textContent ?? "";
    });
    if (focused.trim() === name) return;
    seen.push(focused.trim().slice(0, 30));
  }
  throw new Error(`Tab never comes to "${name}", but to ${seen.join(", ")}`);
}
