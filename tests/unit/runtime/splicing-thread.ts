/** A thread that relays connections to the port that it is told, and tells its own. */
import { bunRuntime } from "../../../runtime/bun/bun-runtime.ts";
import { noteDescriptors } from "../../../runtime/bun/splice/splice-sockets.ts";
import { threadMemory, threadPort } from "../../../runtime/node/threads/threads.ts";
import type { ConnectionHandler } from "../../../src/net/connection.ts";
import { relay } from "../../../src/net/relay.ts";

const QUIET: ConnectionHandler = { data() {}, drain() {}, end() {}, close() {} };

noteDescriptors(threadMemory()!);
const runtime = bunRuntime();
const port = threadPort();
port.receive(async (upstream) => {
  const listener = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (client) => {
    client.pause();
    runtime.connect(
      { hostname: "127.0.0.1", port: upstream as number },
      {
        connected(server) {
          relay(client, server);
          return server.handler;
        },
        failed: () => client.reset(),
      },
    );
    return QUIET;
  });
  port.post(listener.address.port);
});
