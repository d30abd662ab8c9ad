import process from "node:process";
import { Background } from "../../../src/services/http/handler/background.ts";
import { CLIENT_FIELD } from "../../../src/services/http/handler/isolated/client-field.ts";
import { IsolatedModule } from "../../../src/services/http/handler/isolated/isolated-module.ts";
import { childInput } from "../../node/isolation/child-input.ts";

/** So long `waitUntil`'s work is waited for; the router's patience ends earlier as a rule. */
const LONGEST = 2 ** 31 - 1;

/**
 * The process of a module: Deno's own server on a unix socket, at the router's word. `importModule` has the
 * module's URL as a literal: what Deno finds in the graph of the program needs no permission to be read.
 */
export async function handlerChild(importModule: () => Promise<unknown>): Promise<void> {
  const input = childInput();
  const { name, socket, variables, giveUp } = await input.start;
  const background = new Background();
  const originals = new WeakMap<Request, Request>();
  const isolated = new IsolatedModule({
    name,
    variables,
    background,
    platform: {
      // Deno's own has fields that can't be changed.
      shown(request, scheme) {
        const headers = new Headers(request.headers);
        headers.delete(CLIENT_FIELD);
        const url = request.url.replace(/^[^:]+/, scheme);
        // No copy can have this method, but the server's own has it.
        if (request.method === "TRACE")
          return Object.defineProperties(request, {
            url: { value: url, configurable: true },
            headers: { value: headers, configurable: true },
          });
        const copy = new Request(url, {
          method: request.method,
          headers,
          body: request.body,
          signal: request.signal,
          redirect: "manual",
        });
        originals.set(copy, request);
        return copy;
      },
      sockets: () => ({
        upgrade() {
          throw new Error("upgrade: on Deno it is Deno.upgradeWebSocket(request)");
        },
        publish: () => 0,
      }),
      upgraded: () => false,
      complain: (line) => void process.stderr.write(`${line}\n`),
    },
  });
  const { upgradeWebSocket } = Deno;
  Deno.upgradeWebSocket = (request, options) =>
    upgradeWebSocket(originals.get(request) ?? request, options);
  const server = Deno.serve(
    { path: socket, onListen() {} },
    (request) => isolated.answer(request) as Response | Promise<Response>,
  );
  Deno.chmodSync(socket, 0o600);
  void input.drain.then(async () => {
    await server.shutdown();
    await background.settled(LONGEST);
    process.exit(0);
  });
  if (giveUp.includes("env")) Deno.env.delete("DENO_DIR");
  await giveUpPermissions(giveUp, socket);
  await isolated.load(importModule);
}

/** What was only needed to listen. */
async function giveUpPermissions(names: readonly string[], socket: string): Promise<void> {
  const { permissions } = Deno;
  if (names.includes("read")) await permissions.revoke({ name: "read", path: socket });
  if (names.includes("write")) await permissions.revoke({ name: "write", path: socket });
  if (names.includes("net")) await permissions.revoke({ name: "net", host: `unix:${socket}` });
  if (names.includes("env")) await permissions.revoke({ name: "env", variable: "DENO_DIR" });
}
