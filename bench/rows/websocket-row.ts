import { join } from "node:path";
import type { BenchContext, Row } from "../context.ts";
import { loadScript } from "../load/load-script.ts";
import { startServer } from "../measure/measured-process.ts";
import { LOAD_CORES } from "../measure/pinning.ts";
import { freePorts } from "../measure/ports.ts";
import { HOST, WEBSOCKET_PATH } from "../scenario/scenario.ts";
import { scenarioRow } from "./scenario-row.ts";

/** Bytes of a message's payload. */
const SIZE = 100;
const TITLE = `${SIZE} bytes, echoed`;

/** Messages that a server echoes: each passes the proxy twice. */
export const websocketRow: Row = async (context) => {
  const [echoPort] = await freePorts(1);
  const script = (name: string) => join(import.meta.dirname, "../load", name);
  const echo = await startServer(
    [process.execPath, script("websocket-echo-main.ts"), String(echoPort)],
    context.workspace,
    echoPort,
    { cores: LOAD_CORES },
  );
  const row = scenarioRow({
    name: "websocket",
    heading: "WebSocket: CPU of the proxy for each message and its echo, in microseconds",
    title: TITLE,
    aim: { nginx: 1.1 },
    extras: () => ({ echoPort }),
    load: ({ port }, { settings }: BenchContext, seconds) =>
      loadScript(
        script("websocket-load-main.ts"),
        [port, settings.connections, SIZE, HOST, WEBSOCKET_PATH],
        seconds,
      ),
    // A connection is logged, a message isn't.
    logged: () => context.settings.connections,
  });
  try {
    return await row(context);
  } finally {
    echo.kill();
  }
};
