import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toolPath } from "../../../scripts/tool-path.ts";
import { ServerProcess } from "./server-process.ts";

const IMAGE = "sluice-test:1";

/** A real Docker engine, without a bridge and without a registry; its containers use the host's network. */
export interface DockerServer extends AsyncDisposable {
  readonly socket: string;
  /** Runs a command of Docker's client; what it printed. Rejects where it fails. */
  docker(...args: readonly string[]): Promise<string>;
  /**
   * Starts a container that serves its own name at a port of 127.0.0.1. `labels` has texts such as
   * "traefik.enable=true".
   */
  run(name: string, port: number, ...labels: readonly string[]): Promise<void>;
}

export interface DockerServerOptions {
  /** Further arguments of the engine. */
  readonly args?: (directory: string) => readonly string[];
}

export async function startDocker(options: DockerServerOptions = {}): Promise<DockerServer> {
  const server = new ServerProcess((directory) => [
    toolPath("dockerd")!,
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--storage-driver=vfs",
    `--data-root=${directory}/data`,
    `--exec-root=${directory}/exec`,
    `--pidfile=${directory}/pid`,
    `--host=unix://${directory}/docker.sock`,
    ...(options.args?.(directory) ?? []),
  ]);
  const { directory } = server;
  const socket = join(directory, "docker.sock");
  const docker = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = Bun.spawnSync([
      toolPath("docker")!,
      "--host",
      `unix://${socket}`,
      ...args,
    ]);
    if (exitCode !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    return stdout.toString();
  };
  await server.start(() =>
    docker("version").then(
      () => true,
      () => false,
    ),
  );
  await importImage(directory, docker);
  return {
    socket,
    docker,
    async run(name, port, ...labels) {
      await docker(
        ...["run", "--detach", "--name", name, "--network", "host"],
        ...["--ulimit", "nofile=1024:1024"],
        ...labels.flatMap((label) => ["--label", label]),
        IMAGE,
        ...serve(name, port),
      );
    },
    async [Symbol.asyncDispose]() {
      const ids = await docker("ps", "--quiet", "--all").catch(() => "");
      if (ids.trim() !== "")
        await docker("rm", "--force", ...ids.trim().split("\n")).catch(() => "");
      await server.stop();
      // Networks and file systems of containers are mounted there.
      for (const mount of mountsBelow(directory)) Bun.spawnSync(["umount", "--lazy", mount]);
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Deepest first. */
function mountsBelow(directory: string): string[] {
  return readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}

/** A command that serves a text at a port of 127.0.0.1. */
export function serve(text: string, port: number): string[] {
  const script = `/bin/busybox mkdir -p /www && echo ${text} > /www/index.html && exec /bin/busybox httpd -f -p 127.0.0.1:${port} -h /www`;
  return ["/bin/busybox", "sh", "-c", script];
}

export const DOCKER_IMAGE = IMAGE;

/** An image with nothing in it but a static busybox. */
async function importImage(directory: string, docker: DockerServer["docker"]): Promise<void> {
  const root = join(directory, "image");
  mkdirSync(join(root, "bin"), { recursive: true });
  copyFileSync(toolPath("busybox")!, join(root, "bin/busybox"));
  const tar = join(directory, "image.tar");
  Bun.spawnSync(["tar", "-C", root, "-cf", tar, "."]);
  await docker("import", tar, IMAGE);
}
