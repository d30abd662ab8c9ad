import dynamicText from "../../config/dynamic.yml" with { type: "text" };
import staticText from "../../config/sluice.yml" with { type: "text" };
import { boot } from "../../src/cli/boot.ts";
import { bunRuntime } from "./bun-runtime.ts";

/** Sluice with the configuration that it brings. */
export const startRouter = (): Promise<void> =>
  boot(bunRuntime(), {
    file: "config/sluice.yml",
    text: staticText as unknown as string,
    files: { "config/dynamic.yml": dynamicText as unknown as string },
  });
