import process from "node:process";
import { CHILD_ARGUMENT } from "./isolation/child-argument.ts";

// A module's process loads nothing of the router.
if (process.argv[2] === CHILD_ARGUMENT) {
  await import(new URL("./handler.ts", import.meta.url).pathname);
} else {
  const { startRouter } = await import("./router.ts");
  await startRouter();
}
