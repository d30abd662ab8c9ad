import { z } from "zod";
import { parseHostPort } from "../../net/host-port.ts";

/** A server's address as layer 4 has them: a host and a port, and nothing else. */
export const serverAddress = () =>
  z.string().superRefine((value, context) => {
    if (isServerAddress(value)) return;
    context.addIssue({
      code: "custom",
      message: `expected an address such as "127.0.0.1:53", "[::1]:53" or "example.com:53", found "${value}"`,
    });
  });

function isServerAddress(text: string): boolean {
  try {
    const { hostname, port } = parseHostPort(text);
    return hostname !== "" && port !== 0 && !text.includes("/");
  } catch {
    return false;
  }
}
