import { runSuite } from "../conformance/run.ts";
import { bunRuntime } from "./bun-runtime.ts";

await runSuite(bunRuntime());
