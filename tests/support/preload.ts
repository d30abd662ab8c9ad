import { afterAll, setDefaultTimeout } from "bun:test";
import { killPrograms } from "./program.ts";

/** Above the patience of every wait in a test, so that the wait can say what it waited for. */
setDefaultTimeout(60_000);

afterAll(killPrograms);
