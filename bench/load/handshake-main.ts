/**
 * Arguments: port, connections at a time, host, seconds. Makes TLS connections one after the other,
 * each with a full handshake and one request that is refused, and prints how many.
 */
import { connect } from "node:tls";
import { TLS } from "../scenario/certificate-files.ts";

const [port, connections] = process.argv.slice(2).map(Number);
const [servername, seconds] = process.argv.slice(4);
const REQUEST = "GET / HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n";
/** What nginx and Sluice say where no route fits, and what HAProxy says. */
const REFUSED = /^HTTP\/1\.1 (404|503) /;

function one(): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({
      host: "127.0.0.1",
      port,
      servername,
      rejectUnauthorized: false,
      minVersion: TLS.version,
      ecdhCurve: TLS.curve,
      ALPNProtocols: ["http/1.1"],
    });
    socket.on("secureConnect", () => {
      const { standardName } = socket.getCipher();
      const seen = `${socket.getProtocol()} ${standardName}`;
      if (socket.isSessionReused()) socket.destroy(new Error("a resumed session"));
      else if (seen !== `${TLS.version} ${TLS.cipher}`) socket.destroy(new Error(seen));
      else socket.write(REQUEST);
    });
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => {
      if (REFUSED.test(answer)) resolve();
      else reject(new Error(`closed after ${JSON.stringify(answer)}`));
    });
  });
}

const end = performance.now() + Number(seconds) * 1000;
let made = 0;
await Promise.all(
  Array.from({ length: connections }, async () => {
    while (performance.now() < end) {
      await one();
      made++;
    }
  }),
);
console.log(made);
process.exit(0);
