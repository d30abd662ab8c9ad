/**
 * Draws docs/terminal.svg: a real session with the router, its commands and what they printed.
 *
 *     bun scripts/terminal-picture.ts
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./paths.ts";

const WIDTH = 112;
const LINE_HEIGHT = 19;
const CHAR_WIDTH = 8.43;

const folder = mkdtempSync(join(tmpdir(), "sluice-picture-"));
const port = 8080;
const dynamic = (service: string) => `http:
  routers:
    demo:
      rule: PathPrefix(\`/\`)
      service: ${service}
  services:
    hello:
      handler:
        module: ./hello.ts
`;
writeFileSync(
  join(folder, "traefik.yml"),
  `entryPoints:
  web:
    address: 127.0.0.1:${port}
providers:
  providersThrottleDuration: 0s
  file:
    filename: dynamic.yml
log:
  level: INFO
  noColor: true
`,
);
writeFileSync(join(folder, "dynamic.yml"), dynamic("whoami@internal"));
writeFileSync(
  join(folder, "hello.ts"),
  "export default { fetch: (request: Request) => new Response(`Hello from ${new URL(request.url).pathname}\\n`) };\n",
);

const lines: { text: string; kind: "command" | "output" | "comment" }[] = [];
const add = (kind: (typeof lines)[number]["kind"], text: string) => {
  for (const line of text.trimEnd().split("\n")) lines.push({ kind, text: line.slice(0, WIDTH) });
};

const router = Bun.spawn([process.execPath, join(ROOT, "runtime/bun/main.ts")], {
  cwd: folder,
  stdout: "pipe",
  stderr: "pipe",
});
const output = router.stdout.pipeThrough(new TextDecoderStream()).getReader();
let log = "";
/** Everything the router has printed up to the line that has `text`. */
async function printed(text: string): Promise<string> {
  while (!log.includes(text) || !log.slice(log.indexOf(text)).includes("\n")) {
    const { value, done } = await output.read();
    if (done)
      throw new Error(`the router ended before it printed ${JSON.stringify(text)}:\n${log}`);
    log += value;
  }
  const end = log.indexOf("\n", log.indexOf(text)) + 1;
  const taken = log.slice(0, end);
  log = log.slice(end);
  return taken;
}

/** Without dates and this run's folder. */
const shortened = (text: string) =>
  text.replaceAll(/^\d{4}-\d\d-\d\dT/gm, "").replaceAll(`${folder}/`, "");

try {
  add("command", "$ bun run proxy");
  add("output", shortened(await printed("Sluice is ready")));
  add("command", `$ curl -s localhost:${port}/ | head -4`);
  const whoami = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  add("output", whoami.split("\n").slice(0, 4).join("\n"));
  add("comment", "# the router now serves a module of our own, without a restart");
  add("command", "$ sed -i s/whoami@internal/hello/ dynamic.yml");
  writeFileSync(join(folder, "dynamic.yml"), dynamic("hello"));
  add("output", shortened(await printed("Configuration loaded")));
  add("command", `$ curl -s localhost:${port}/traefik/users`);
  add("output", await (await fetch(`http://127.0.0.1:${port}/traefik/users`)).text());
  add("comment", "# and says what is wrong, where");
  add("command", "$ sluice check --entryPoints.web.adress=:80");
  const check = Bun.spawnSync(
    [process.execPath, join(ROOT, "runtime/bun/main.ts"), "check", "--entryPoints.web.adress=:80"],
    { cwd: tmpdir() },
  );
  add("output", check.stdout.toString() + check.stderr.toString());
} finally {
  router.kill();
  await router.exited;
}

const COLORS = { command: "#e6edf3", output: "#9da7b3", comment: "#6e7681" };
const markup = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const rows = lines.map(({ kind, text }, i) => {
  const shown = markup(text).replace(/^\$/, '<tspan fill="#3fb950">$</tspan>');
  return `<text x="20" y="${64 + i * LINE_HEIGHT}" fill="${COLORS[kind]}" xml:space="preserve">${shown}</text>`;
});
const width = Math.ceil(WIDTH * CHAR_WIDTH) + 40;
const height = 64 + lines.length * LINE_HEIGHT + 8;
writeFileSync(
  join(ROOT, "docs/terminal.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14">
<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>
<circle cx="22" cy="22" r="6" fill="#ff5f57"/><circle cx="42" cy="22" r="6" fill="#febc2e"/><circle cx="62" cy="22" r="6" fill="#28c840"/>
${rows.join("\n")}
</svg>
`,
);
