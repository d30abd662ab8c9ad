import { messageOf } from "../../core/errors.ts";

/** From this port on every user may listen, on Linux as it comes. */
const FIRST_UNPRIVILEGED = 1024;

/**
 * What the system has against an entrypoint's address, with what to do about it. The text of `error`
 * has the address and the system's code.
 */
export function listenError(entryPoint: string, port: number, error: unknown): Error {
  const advice = adviceFor((error as { code?: unknown }).code, entryPoint, port);
  const text = `entrypoint "${entryPoint}": ${messageOf(error)}`;
  return new Error(advice === undefined ? text : `${text}: ${advice}`, { cause: error });
}

function adviceFor(code: unknown, entryPoint: string, port: number): string | undefined {
  const other = `choose another entryPoints.${entryPoint}.address`;
  switch (code) {
    case "EADDRINUSE":
      return `stop the program that has it, or ${other}`;
    case "EADDRNOTAVAIL":
      return `no network interface of this machine has that address; ${other}`;
    case "EACCES":
    case "EPERM":
      if (port >= FIRST_UNPRIVILEGED) return undefined;
      return (
        `ports below ${FIRST_UNPRIVILEGED} are for root and for programs with the capability ` +
        "CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; containers: " +
        `--cap-add=NET_BIND_SERVICE); or ${other}`
      );
    default:
      return undefined;
  }
}
