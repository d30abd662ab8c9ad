import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Stands for a Docker engine with more containers than a test can run: its list, inspections and events,
 * as the API's documentation has them, on a unix socket.
 */
export class DockerDouble implements Disposable {
  /** Labels of containers that run, by id. */
  readonly containers = new Map<string, Readonly<Record<string, string>>>();
  /** Ids of containers that were asked for. */
  readonly inspected: string[] = [];
  private readonly directory = mkdtempSync(join(tmpdir(), "sluice-docker-double-"));
  private readonly streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  private readonly server;

  constructor() {
    this.server = Bun.serve({
      unix: join(this.directory, "docker.sock"),
      fetch: (request) => this.answer(new URL(request.url).pathname),
    });
  }

  get endpoint(): string {
    return `unix://${join(this.directory, "docker.sock")}`;
  }

  /** Something happened to a container. */
  event(Action: string, ID: string): void {
    const line = new TextEncoder().encode(
      `${JSON.stringify({ Type: "container", Action, Actor: { ID, Attributes: {} } })}\n`,
    );
    for (const stream of this.streams) stream.enqueue(line);
  }

  /** Ends the streams of events. */
  cut(): void {
    for (const stream of this.streams) stream.close();
    this.streams.clear();
  }

  [Symbol.dispose](): void {
    this.cut();
    void this.server.stop(true);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private answer(path: string): Response {
    if (path === "/events") return this.events();
    if (path === "/containers/json")
      return Response.json([...this.containers.keys()].map((Id) => ({ Id })));
    const id = /^\/containers\/(\w+)\/json$/.exec(path)?.[1] ?? "";
    this.inspected.push(id);
    const labels = this.containers.get(id);
    if (labels === undefined)
      return Response.json({ message: `No such container: ${id}` }, { status: 404 });
    return Response.json({
      Id: id,
      Name: `/${id}`,
      State: { Status: "running", Running: true },
      Config: { Labels: labels },
      HostConfig: { NetworkMode: "web" },
      NetworkSettings: {
        Networks: { web: { IPAddress: "172.18.0.2" } },
        Ports: { "80/tcp": null },
      },
    });
  }

  private events(): Response {
    let own: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        this.streams.add(own);
        // The head goes out with the first bytes.
        own.enqueue(new TextEncoder().encode("\n"));
      },
      cancel: () => void this.streams.delete(own),
    });
    return new Response(body, { headers: { "Content-Type": "application/json" } });
  }
}
