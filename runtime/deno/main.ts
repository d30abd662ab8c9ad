import { boot } from "../../src/cli/boot.ts";
import { denoRuntime } from "./deno-runtime.ts";

const shipped = (name: string) =>
  Deno.readTextFileSync(new URL(`../../config/${name}`, import.meta.url));

await boot(denoRuntime(), {
  file: "config/sluice.yml",
  text: shipped("sluice.yml"),
  files: { "config/dynamic.yml": shipped("dynamic.yml") },
});
