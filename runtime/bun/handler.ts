/** The program of a module's process. Its place beside main.ts is what the runtime finds it by. */
import { handlerChild } from "./isolation/handler-child.ts";

await handlerChild(new URL("./bundled-packages.ts", import.meta.url));
