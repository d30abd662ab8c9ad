import { type TlsOptions, connect as tlsConnect, createServer as tlsServer } from "node:tls";
import { startUpstream } from "./recording-upstream.ts";

/** A TCP configuration: routers and services as lines of YAML. */
export function tcp(routers: string, services: string, rest = ""): string {
  return `tcp:\n  routers:\n${routers}  services:\n${services}${rest}`;
}

/** A service of that name with servers on these ports of loopback. */
export const to = (name: string, ...ports: number[]) =>
  `    ${name}: { loadBalancer: { servers: [${ports.map((port) => `{ address: "127.0.0.1:${port}" }`).join(", ")}] } }\n`;

/** Says its name at once, then echoes. */
export function greeter(name: string) {
  return startUpstream(async (connection) => {
    await connection.send(`${name}\n`);
    await connection.send(await connection.readToEnd());
    connection.halfClose();
  });
}

/** A TLS server of its own; says its name, then what it gets. */
export async function startTls(
  name: string,
  options: TlsOptions,
): Promise<{ port: number; [Symbol.dispose](): void }> {
  const server = tlsServer(options, (socket) => {
    socket.on("error", () => {});
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { port, [Symbol.dispose]: () => void server.close() };
}

/** Connects with TLS, says something and returns what comes back, with the certificate's name. */
export function speakTls(
  port: number,
  servername: string,
  ALPNProtocols?: string[],
): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = tlsConnect({
      port,
      host: "127.0.0.1",
      servername,
      ALPNProtocols,
      rejectUnauthorized: false,
    });
    const timer = setTimeout(
      () => socket.destroy(new Error(`nothing more than ${received}`)),
      10_000,
    );
    socket.on("secureConnect", () => socket.write("ping\n"));
    socket.on("data", (chunk) => {
      received += String(chunk);
      if (!received.includes("ping\n")) return;
      clearTimeout(timer);
      const { CN } = socket.getPeerCertificate().subject;
      resolve(`${CN}: ${received.trim().replaceAll("\n", " ")}`);
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed behind ${JSON.stringify(received)}`)));
  });
}
