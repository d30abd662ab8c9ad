/** Arguments: port, file. Everything that is sent to the port is appended to the file. */
import { openSync, writeSync } from "node:fs";

const [port, file] = process.argv.slice(2);
const descriptor = openSync(file, "a");
Bun.listen({
  hostname: "127.0.0.1",
  port: Number(port),
  socket: {
    data(_, chunk) {
      writeSync(descriptor, chunk);
    },
  },
});
