/**
 * Arguments: port, count. Opens that many connections, has one request answered on each, prints how
 * many are open, and holds them until it is killed.
 */
import { CASES, HOST } from "../scenario/scenario.ts";

/** At the same time. */
const BATCH = 100;

const [port, count] = process.argv.slice(2).map(Number);
const request = `GET ${CASES.small.path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
let open = 0;

async function one(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let answer = "";
  await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        open++;
        socket.write(request);
      },
      data(_, chunk) {
        answer += chunk.toString("latin1");
        if (!answer.endsWith("hello")) return;
        if (answer.startsWith("HTTP/1.1 200")) resolve();
        else reject(new Error(answer));
      },
      close() {
        open--;
        reject(new Error(`closed after ${JSON.stringify(answer)}`));
      },
    },
  });
  await promise;
}

for (let made = 0; made < count; made += BATCH) {
  await Promise.all(Array.from({ length: Math.min(BATCH, count - made) }, one));
}
console.log(open);
setInterval(() => {}, 1000);
