import { runSuite } from "../conformance/run.ts";
import { denoRuntime } from "./deno-runtime.ts";

await runSuite(denoRuntime());
