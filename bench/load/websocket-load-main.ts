/**
 * Arguments: port, connections, bytes of a message, host, path, seconds. Sends a message on each
 * connection, the next one when it has come back, and prints how many came back.
 */
const [port, connections, size] = process.argv.slice(2).map(Number);
const [host, path, seconds] = process.argv.slice(5);
const handshake =
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/** RFC 6455 section 1.3: for the key above. */
const ACCEPT = /\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i;

const payload = Buffer.alloc(size, "message ");
const MASK = [0x5a, 0xc3, 0x17, 0x88];
/** A text frame of less than 126 bytes, masked as a client has to (RFC 6455 section 5.3), and plain. */
const message = Buffer.concat([
  Uint8Array.of(0x81, 0x80 | size, ...MASK),
  payload.map((byte, i) => byte ^ MASK[i % 4]),
]);
const echo = Buffer.concat([Uint8Array.of(0x81, size), payload]);

let echoed = 0;
let over = false;

async function one(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let open = false;
  let received: Buffer = Buffer.alloc(0);
  await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        socket.write(handshake);
      },
      data(socket, chunk) {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        if (!open) {
          const end = received.indexOf("\r\n\r\n");
          if (end < 0) return;
          const head = received.toString("latin1", 0, end + 2);
          if (!head.startsWith("HTTP/1.1 101 ") || !ACCEPT.test(head)) reject(new Error(head));
          received = received.subarray(end + 4);
          open = true;
          socket.write(message);
        }
        if (received.length < echo.length) return;
        if (!received.equals(echo)) reject(new Error(`an echo of ${received.toString("latin1")}`));
        received = Buffer.alloc(0);
        if (over) {
          resolve();
          return;
        }
        echoed++;
        socket.write(message);
      },
      close() {
        reject(new Error("a connection was closed"));
      },
    },
  });
  await promise;
}

setTimeout(() => {
  over = true;
}, Number(seconds) * 1000);
await Promise.all(Array.from({ length: connections }, one));
console.log(echoed);
process.exit(0);

export {};
