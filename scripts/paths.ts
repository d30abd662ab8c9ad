import { join } from "node:path";

/** The project's directory. */
export const ROOT = join(import.meta.dirname, "..");

/** What the build script makes. */
export const EXECUTABLE = join(ROOT, "dist/sluice");
