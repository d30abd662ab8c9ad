/** The program of a worker. Its place beside main.ts is what the runtime finds it by. */
import { serveDataPlane } from "../../src/worker/serve-data-plane.ts";
import { threadMemory, threadPort } from "../node/threads/threads.ts";
import { bunRuntime } from "./bun-runtime.ts";
import { noteDescriptors } from "./splice/splice-sockets.ts";

const memory = threadMemory();
if (memory !== undefined) noteDescriptors(memory);
serveDataPlane(bunRuntime(), threadPort());
