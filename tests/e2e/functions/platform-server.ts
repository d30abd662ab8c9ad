/** The module that the first argument names behind the platform's own server; prints its port. */

interface Module {
  readonly default: { fetch(request: Request, env: unknown): Response | Promise<Response> };
}

declare const Deno: {
  readonly args: readonly string[];
  serve(
    options: { port: number; hostname: string; onListen(address: { port: number }): void },
    handler: (request: Request, info: { remoteAddr: { hostname: string } }) => unknown,
  ): unknown;
};

const hostname = "127.0.0.1";
const path = "Deno" in globalThis ? Deno.args[0] : process.argv[2];
const { default: module } = (await import(path)) as Module;
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

export {};
