import { startTestServer } from "../../../src/cli/testing/test-server.ts";
import type {
  TestServer,
  TestServerOptions,
} from "../../../src/cli/testing/test-server-options.ts";
import { bunRuntime } from "../bun-runtime.ts";

/**
 * Starts a real router in this process, on a free port of 127.0.0.1, for a test of a module or of a
 * configuration. Rejects with everything that is wrong with the configuration.
 */
export function createTestServer(options: TestServerOptions): Promise<TestServer> {
  return startTestServer(bunRuntime(), options);
}
