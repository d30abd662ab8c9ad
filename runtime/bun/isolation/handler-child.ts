import { chmodSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { Background } from "../../../src/services/http/handler/background.ts";
import { CLIENT_FIELD } from "../../../src/services/http/handler/isolated/client-field.ts";
import { IsolatedModule } from "../../../src/services/http/handler/isolated/isolated-module.ts";
import { childInput } from "../../node/isolation/child-input.ts";
import { importModule } from "../modules/import-module.ts";

/** So long `waitUntil`'s work is waited for; the router's patience ends earlier as a rule. */
const LONGEST = 2 ** 31 - 1;

type Native = Request & { url: string };

/** The process of a module: Bun's own server on a unix socket, at the router's word. */
export async function handlerChild(bundledPackages: URL): Promise<void> {
  const input = childInput();
  const { module: path, name, socket, variables } = await input.start;
  process.chdir(dirname(path));
  const background = new Background();
  const upgraded = new WeakSet<Request>();
  // Bun wants to know of WebSockets when it begins to listen: the module says it later.
  let websocket: Partial<Bun.WebSocketHandler<unknown>> | undefined;
  const isolated = new IsolatedModule({
    name,
    variables,
    background,
    platform: {
      shown(request, scheme) {
        request.headers.delete(CLIENT_FIELD);
        if (scheme === "https") {
          const url = request.url.replace(/^http:/, "https:");
          Object.defineProperty(request, "url", { value: url, configurable: true });
        }
        return request as Native;
      },
      sockets: (request) => ({
        upgrade(_address, options) {
          if (websocket === undefined)
            throw new Error("upgrade: the module's default export has no `websocket`");
          const done = server.upgrade(request, options as { data: unknown });
          if (done) upgraded.add(request);
          return done;
        },
        publish: (topic, data) => server.publish(topic, data as string),
      }),
      upgraded: (request) => upgraded.has(request),
      complain: (line) => void process.stderr.write(`${line}\n`),
    },
  });
  const before = process.umask(0o177);
  // Bun closes what is silent for 10 seconds, here as well, though its types have no such option for a unix socket.
  const unlimited = { idleTimeout: 0 } as unknown as { idleTimeout?: undefined };
  const server: Bun.Server<unknown> = Bun.serve({
    unix: socket,
    ...unlimited,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    fetch: (request) => isolated.answer(request) as Response | Promise<Response>,
    websocket: {
      data: undefined as unknown,
      open: (ws) => websocket?.open?.(ws),
      message: (ws, message) => websocket?.message?.(ws, message as never),
      close: (ws, code, reason) => websocket?.close?.(ws, code, reason),
      drain: (ws) => websocket?.drain?.(ws),
      ping: (ws, data) => websocket?.ping?.(ws, data),
      pong: (ws, data) => websocket?.pong?.(ws, data),
    },
  });
  process.umask(before);
  chmodSync(socket, 0o600);
  void input.drain.then(async () => {
    await server.stop();
    await background.settled(LONGEST);
    process.exit(0);
  });
  const loaded = await isolated.load(() => importModule(path, "1", bundledPackages));
  websocket = (loaded as { default?: { websocket?: typeof websocket } } | undefined)?.default
    ?.websocket;
}
