import { codeOf } from "./system-error.ts";

/** Binds to all addresses of both families, or of IPv4 alone where the system has no IPv6. */
export async function bindAll<Bound>(bind: (ip: string) => Bound | Promise<Bound>): Promise<Bound> {
  try {
    return await bind("::");
  } catch (error) {
    const code = codeOf(error);
    if (code === "EADDRINUSE" || code === "EACCES" || code === "EMFILE") throw error;
    return bind("0.0.0.0");
  }
}
