import { bunRuntime } from "../bun/bun-runtime.ts";
import { runSuite } from "./run.ts";

await runSuite(bunRuntime());
