import { type Context, Hono } from "hono";
import type { Runtime } from "../net/runtime.ts";
import { failure, json } from "./answers.ts";

export type DebugRuntime = Pick<Runtime, "name" | "version" | "args" | "diagnostics">;

/** Of a CPU profile, in seconds: Go's default, and the most that may be asked for. */
const PROFILE_SECONDS = 30;
const LONGEST_PROFILE = 300;

/**
 * `api.debug`: Traefik's paths, with what a JavaScript engine has instead of Go's figures. A profile is
 * in the format of Chromium's developer tools, and of the control plane's thread: with several
 * workers their requests are not in it.
 */
export function debugRoutes(runtime: DebugRuntime): Hono {
  const app = new Hono({ strict: true });
  const cmdline = (c: Context) => c.text(["sluice", ...runtime.args].join("\0"));
  let isProfiling = false;
  app.get("/debug/vars", async (c) =>
    json(c, {
      cmdline: ["sluice", ...runtime.args],
      memstats: await runtime.diagnostics.memory(),
      runtime: { name: runtime.name, version: runtime.version },
    }),
  );
  app.get("/debug/pprof/cmdline", cmdline);
  app.get("/debug/pprof/profile", async (c) => {
    const text = c.req.query("seconds") ?? "";
    const seconds = text === "" ? PROFILE_SECONDS : Number(text);
    if (!(seconds > 0 && seconds <= LONGEST_PROFILE))
      return failure(
        c,
        400,
        `invalid request: seconds: expected more than 0 and at most ${LONGEST_PROFILE}, found ${text}`,
      );
    if (isProfiling) return failure(c, 503, "a CPU profile is being taken already");
    isProfiling = true;
    try {
      const profile = await runtime.diagnostics.cpuProfile(seconds * 1000);
      return c.body(profile, 200, {
        "Content-Type": "application/json",
        "Content-Disposition": 'attachment; filename="profile.cpuprofile"',
      });
    } finally {
      isProfiling = false;
    }
  });
  return app;
}
