import type { Result } from "../context.ts";
import type { Settings } from "../settings.ts";
import { resultTables } from "./tables.ts";

/** docs/performance.md */
export function performanceDocument(
  results: readonly Result[],
  machine: readonly string[],
  { rounds, seconds, connections }: Settings,
): string {
  return `# Performance

Written by \`bun run bench\`; run it on your machine. Every figure is from one run: the proxies are
measured in turn, ${rounds} rounds of ${seconds} s with ${connections} connections, and the median counts.

## Results

${resultTables(results)}
## Machine

${machine.map((line) => `- ${line}`).join("\n")}

Load, backend and proxy share the cores. The figure that counts is the CPU time (user and system, of
the process with its children, from /proc) that the proxy needs for a request: it says how far a core
goes, and the load generator's share of the machine doesn't change it much. Requests per second do
depend on that share.

## What is measured

**Full chain.** All three proxies do the same work for a request, in one process with one thread
(nginx: a worker):

- 100 routes, 10 path prefixes on each of 10 hosts; the load takes one from the middle;
- X-Forwarded-For, -Proto, -Host, -Port, -Server and X-Real-Ip are set;
- one more request header and one response header are set;
- weighted round robin (3 to 1) over two addresses of the backend, with a pool of kept-alive
  connections;
- a buffered access log in Common or Combined Log Format.

Before the load each proxy has to show that it does this. Otherwise all have their defaults, buffer
sizes included. nginx finds routes by server name and location, HAProxy in a prefix map of host and
path, Sluice by \`Host\` and \`PathPrefix\` rules. nginx writes its log in blocks of 64 KiB
(\`buffer=64k\`), Sluice in blocks of 400 lines (\`bufferingSize\`). HAProxy writes no files; it logs
to a ring buffer in its memory, which it sends in batches over TCP to a process that writes the file
and isn't counted. The backend is nginx on the same machine; it serves 5 bytes from memory, 64 KiB
and 1 MiB from files with sendfile. The load is \`wrk\` with one thread.

**TLS and HTTP/2.** The same chain and the same backend, which gets HTTP/1.1. One certificate, made
for the run, with an ECDSA key on P-256; TLS 1.3 with TLS_AES_128_GCM_SHA256 and X25519 for all. The
load is \`h2load\` with one thread: as many kept-alive connections as above for HTTP/1.1, 16 with 10
requests at once on each for HTTP/2. It fails where protocol, cipher or curve are others. Connections
are made in a second of their own, which doesn't count. HTTP/2 without TLS is that of clients that
know it beforehand.

**Handshakes.** Each connection is new and makes a full handshake: the client offers no session and
checks that none was resumed. It sends one request for a host that nobody routes, which the proxy
refuses by itself, and is closed. All of that counts.

**TCP and TLS passed through.** Downloads of 1 MiB on 16 kept-alive connections, through a TCP router
for each of 10 names in the ClientHello (nginx: \`ssl_preread\` of libnginx-mod-stream, HAProxy:
\`req.ssl_sni\`) to a backend with TLS, and through one for everything to a backend without. No access
log. Only bytes of the responses' bodies count, a megabyte is 1,000,000.

**WebSocket.** Through the whole chain to a server that echoes. Each connection sends 100 bytes and,
once they are back, sends them again; such a round is a message.

**Floods.** A client on one connection sends one HTTP/1.1 request after the other through the whole
chain, while 4 others flood the proxy with HTTP/2 frames as fast as it takes them; who is cut off
connects again at once. Those who ask for 1 MiB on each of 100 streams and take nothing (windows of 0)
hold on for a second. They have the lowest priority, as they stand for other machines, yet share the
cores: what a flood costs is best seen beside what it costs the other proxies. At most 3 rounds of 2 s.

**Number of routers.** Sluice with 10 and with 10,000 routers of the kind
\`Host(...) && PathPrefix(...)\`, small response.

**Reload.** The dynamic file with 10,000 routers is replaced by rename while requests go on. The time
until an answer shows the new configuration, and the longest that a request took meanwhile.

**Idle connections.** Each of the 10,000 connections has had one request answered through the whole
chain. Resident memory of the process with its children.

**Start.** From the start of the process until the built-in \`whoami\` service has answered.
`;
}
