/**
 * Takes the pictures of docs/dashboard.md: a real router with traffic, seen by Chromium.
 *
 *     bun scripts/dashboard-pictures.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ROOT } from "./paths.ts";
import { toolPath } from "./tool-path.ts";

const WEB = 18080;
const ADMIN = 18081;
/** Milliseconds of traffic before the pictures. */
const TRAFFIC = 40_000;

const DYNAMIC = `
http:
  routers:
    shop: { rule: "Host(\`shop.example.com\`)", service: shop, middlewares: [office, plain] }
    cart: { rule: "Host(\`shop.example.com\`) && PathPrefix(\`/cart\`)", service: cart, middlewares: [cart] }
    blog: { rule: "Host(\`blog.example.com\`)", service: blog }
    old: { rule: "Host(\`old.example.com\`)", service: retired }
  middlewares:
    office: { ipAllowList: { sourceRange: [127.0.0.1/32] } }
    plain: { headers: { customResponseHeaders: { X-Shop: "1" } } }
    cart: { stripPrefix: { prefixes: [/cart] } }
  services:
    shop: { loadBalancer: { servers: [SERVER, SERVER2] } }
    cart: { loadBalancer: { servers: [SERVER], healthCheck: { path: /, interval: 1s } } }
    blog: { loadBalancer: { servers: [SERVER2] } }
`;

const server = (answer: () => Promise<Response>) =>
  Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
let count = 0;
const first = server(async () => {
  await Bun.sleep(Math.random() * 12);
  return new Response("ok", { status: ++count % 41 === 0 ? 500 : count % 17 === 0 ? 404 : 200 });
});
const second = server(async () => {
  await Bun.sleep(2 + Math.random() * 30);
  return new Response("ok");
});
const directory = mkdtempSync(join(tmpdir(), "sluice-pictures-"));
writeFileSync(
  join(directory, "traefik.yml"),
  `entryPoints: {web: {address: "127.0.0.1:${WEB}"}, traefik: {address: "127.0.0.1:${ADMIN}"}}
providers: {file: {filename: dynamic.yml}}
api: {insecure: true}
`,
);
writeFileSync(
  join(directory, "dynamic.yml"),
  DYNAMIC.replaceAll("SERVER2", `{ url: "${second.url.origin}" }`).replaceAll(
    "SERVER",
    `{ url: "${first.url.origin}" }`,
  ),
);
const router = Bun.spawn(
  [process.execPath, join(ROOT, "runtime/bun/main.ts"), "--configFile=traefik.yml"],
  { cwd: directory, stdout: "ignore", stderr: "ignore" },
);
const browser = await chromium.launch({
  executablePath: toolPath("chromium") ?? "chromium",
  args: ["--no-sandbox"],
});
const viewport = { width: 1200, height: 780 };
const dark = { viewport, colorScheme: "dark" } as const;
try {
  const address = `http://127.0.0.1:${ADMIN}/dashboard/`;
  for (;;)
    if (
      await fetch(address).then(
        () => true,
        () => Bun.sleep(100).then(() => false),
      )
    )
      break;
  const overview = await browser.newPage({ viewport });
  await overview.goto(address);
  const one = await browser.newPage(dark);
  await one.goto(`${address}#/http/routers/shop%40file`);
  await traffic();
  await overview.screenshot({ path: join(ROOT, "docs/dashboard.png") });
  await one.screenshot({ path: join(ROOT, "docs/dashboard-router.png") });
} finally {
  await browser.close();
  router.kill();
  await router.exited;
  first.stop(true);
  second.stop(true);
  rmSync(directory, { recursive: true, force: true });
}

/** Requests to all routers, in waves. */
async function traffic(): Promise<void> {
  const hosts = ["shop", "shop", "shop", "cart", "blog", "none"];
  const end = performance.now() + TRAFFIC;
  while (performance.now() < end) {
    const wave = 4 + 4 * Math.sin(performance.now() / 4000) + 2 * Math.random();
    const requests = Array.from({ length: Math.ceil(wave) }, (_, i) => {
      const name = hosts[i % hosts.length];
      const host = name === "cart" ? "shop" : name;
      return fetch(`http://127.0.0.1:${WEB}/${name}`, {
        headers: { Host: `${host}.example.com` },
      }).then((response) => response.text());
    });
    await Promise.all([...requests, Bun.sleep(60)]);
  }
}
