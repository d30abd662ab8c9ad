import type { Runtime } from "../../net/runtime.ts";

/**
 * Whether standard output gets colours: a terminal does, unless NO_COLOR is set (https://no-color.org);
 * FORCE_COLOR gives them to pipes and files too, 0 takes them away (as in Node and Deno).
 */
export function wantsColors({ env, isTerminal }: Pick<Runtime, "env" | "isTerminal">): boolean {
  const { NO_COLOR = "", FORCE_COLOR = "", TERM } = env;
  if (NO_COLOR !== "") return false;
  if (FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isTerminal && TERM !== "dumb";
}
