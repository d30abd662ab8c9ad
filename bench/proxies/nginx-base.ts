import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toolPath } from "../../scripts/tool-path.ts";

/**
 * Writes nginx's configuration around `http`, with `main` outside of it, and returns the command that
 * runs it.
 */
export function nginxCommand(directory: string, http: string, main = "", workers = 1): string[] {
  const nginx = toolPath("nginx");
  if (nginx === null) throw new Error("nginx is not installed");
  mkdirSync(directory, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${join(directory, name)};`)
    .join("\n");
  const file = join(directory, "nginx.conf");
  writeFileSync(
    file,
    `${process.getuid?.() === 0 ? "user root;\n" : ""}${main}
daemon off;
worker_processes ${workers};
error_log stderr warn;
pid ${join(directory, "nginx.pid")};
events { worker_connections 15000; }
http {
${temporary}
${http}
}
`,
  );
  return [nginx, "-p", directory, "-c", file, "-e", "stderr"];
}
