import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A unix socket that leads to another one, and that can be taken away. */
export class UnixRelay {
  readonly path: string;
  private readonly target: string;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  /** Nothing is there before `open`. */
  constructor(path: string, target: string) {
    this.path = path;
    this.target = target;
  }

  async open(): Promise<void> {
    const server = createServer((socket) => {
      const other = connect(this.target);
      for (const [from, to] of [
        [socket, other],
        [other, socket],
      ]) {
        this.sockets.add(from);
        from.on("error", () => {});
        from.on("close", () => {
          this.sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  /** Cuts all connections in the middle; no new ones can be made. */
  cut(): void {
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
    rmSync(this.path, { force: true });
  }

  [Symbol.dispose](): void {
    this.cut();
  }
}
