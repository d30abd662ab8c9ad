import { join } from "node:path";

/** Other people's programs that tests and the bench use. */
export type Tool =
  | "busybox"
  | "caddy"
  | "chromium"
  | "curl"
  | "docker"
  | "dockerd"
  | "etcd"
  | "git"
  | "go"
  | "h2load"
  | "h2spec"
  | "haproxy"
  | "java"
  | "knotd"
  | "nghttp"
  | "nginx"
  | "node"
  | "npm"
  | "npx"
  | "openssl"
  | "pebble"
  | "pebble-challtestsrv"
  | "prlimit"
  | "prometheus"
  | "promtool"
  | "redis-server"
  | "wrk";

const { PATH = "", HOME = "", GOBIN = join(HOME, "go/bin") } = process.env;

/** Besides PATH, where Debian puts servers, where Go puts itself, and where `go install` puts what it builds. */
const DIRECTORIES = [
  PATH,
  "/usr/local/sbin",
  "/usr/sbin",
  "/sbin",
  "/usr/local/go/bin",
  GOBIN,
].join(":");

/** The tool's path, or null where it isn't installed. */
export function toolPath(tool: Tool): string | null {
  return Bun.which(tool, { PATH: DIRECTORIES });
}
