import { pingHandler } from "../api/internal.ts";
import { whoami } from "../api/whoami.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import type { Handler } from "../http/handler.ts";
import type { AppendFile, Runtime } from "../net/runtime.ts";
import { AccessLog } from "../observability/access-log.ts";
import { createLogger, type Logger } from "../observability/logger.ts";
import { FileProvider } from "../providers/file-provider.ts";
import type { Provider } from "../providers/provider.ts";
import { Server } from "../server/server.ts";
import { type EmbeddedConfiguration, withEmbeddedFiles } from "./embedded-configuration.ts";

/** Everything that a static configuration makes, before it listens. */
export interface Program {
  readonly server: Server;
  readonly logger: Logger;
  /** From now on ping says that the end is near. */
  terminating(): void;
  /** Flushes the logs. */
  close(): Promise<void>;
}
