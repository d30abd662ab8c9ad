import manifest from "../../package.json" with { type: "json" };

/** Sluice's own version. */
export const VERSION: string = manifest.version;
