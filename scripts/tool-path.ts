/** Other people's programs that tests and the bench use. */
export type Tool = "curl" | "haproxy" | "nginx" | "node" | "openssl" | "wrk";

const DIRECTORIES = [process.env["PATH"] ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].join(":");

/** The tool's path, or null where it isn't installed. */
export function toolPath(tool: Tool): string | null {
  return Bun.which(tool, { PATH: DIRECTORIES });
}
