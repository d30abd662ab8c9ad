import { join } from "node:path";
import type { BenchContext, Row } from "./bench-context.ts";
import { costResult } from "./comparison.ts";
import { loadScript } from "./load-script.ts";
import { startServer } from "./measured-process.ts";
import { freePorts } from "./ports.ts";
import { HOST, WEBSOCKET_PATH } from "./scenario.ts";
import { scenarioRow } from "./scenario-row.ts";

/** Bytes of a message's payload. */
const SIZE = 100;
const TITLE = `${SIZE} bytes, echoed`;

/** Messages that a server echoes: each passes the proxy twice. */
export const websocketRow: Row = async (context) => {
  const [echoPort] = await freePorts(1);
  const script = (name: string) => join(import.meta.dirname, name);
  const echo = await startServer(
    [process.execPath, script("websocket-echo-main.ts"), String(echoPort)],
    context.workspace,
    echoPort,
  );
  const row = scenarioRow({
    name: "websocket",
    title: `WebSocket, ${TITLE}`,
    extras: () => ({ echoPort }),
    load: ({ port }, { settings }: BenchContext, seconds) =>
      loadScript(
        script("websocket-load-main.ts"),
        [port, settings.connections, SIZE, HOST, WEBSOCKET_PATH],
        seconds,
      ),
    // A connection is logged, a message isn't.
    logged: () => context.settings.connections,
    result: (costs) =>
      costResult(
        "WebSocket: CPU of the proxy for each message and its echo, in microseconds",
        "messages",
        TITLE,
        { nginx: 1 },
        costs,
      ),
  });
  try {
    return await row(context);
  } finally {
    echo.kill();
  }
};
