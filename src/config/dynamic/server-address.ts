import { z } from "zod";
import { messageOf } from "../../core/errors.ts";
import { parseHostPort } from "../../net/host-port.ts";
import { parseUnixServer } from "../../net/unix-socket.ts";

/** A TCP server's address: a host and a port, or a Unix socket's path. */
export const tcpServerAddress = () =>
  z.string().superRefine((value, context) => {
    const complain = (message: string) => context.addIssue({ code: "custom", message });
    try {
      const unix = parseUnixServer(value);
      if (unix?.protocol === "h2c") complain(`expected the scheme unix, found "${value}"`);
      if (unix !== undefined || isServerAddress(value)) return;
    } catch (error) {
      complain(messageOf(error));
      return;
    }
    complain(
      `expected an address such as "127.0.0.1:53", "[::1]:53", "example.com:53" or "unix:/run/app.sock", found "${value}"`,
    );
  });

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
