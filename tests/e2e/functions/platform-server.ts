/** The module behind the platform's own server; prints its port. */
import module from "./module-cases.ts";

declare const Deno: {
  serve(
    options: { port: number; hostname: string; onListen(address: { port: number }): void },
    handler: (request: Request, info: { remoteAddr: { hostname: string } }) => unknown,
  ): unknown;
};

const hostname = "127.0.0.1";
if ("Deno" in globalThis) {
  const onListen = ({ port }: { port: number }) => console.log(port);
  Deno.serve({ port: 0, hostname, onListen }, (request, info) => module.fetch(request, info));
} else {
  const server = Bun.serve({
    port: 0,
    hostname,
    fetch: (request, env) => module.fetch(request, env),
  });
  console.log(server.port);
}
