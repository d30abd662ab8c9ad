import type { Result } from "../context.ts";
import type { Settings } from "../settings.ts";
import { resultTables } from "./tables.ts";

/** docs/performance.md */
export function performanceDocument(
  results: readonly Result[],
  machine: readonly string[],
  { rounds, seconds, connections, warmUp }: Settings,
): string {
  return `# Performance

Written by \`bun run bench\`; run it on your machine (\`bun run bench ROW...\` for some rows, \`--quick\`
for a first look). Those who are compared are under load at the same time, on one core, ${rounds} rounds of
${seconds} s with ${connections} connections each.

## Results

${resultTables(results)}
## Machine

${machine.map((line) => `- ${line}`).join("\n")}

Machines change their speed: proxies that are measured in turn scatter by a factor of two. Here all of
a row run at the same time and share one core, each with a load generator of its own; load and backend
have the others. What counts is the CPU time of all threads of the proxy and its children, from the
scheduler (/proc/PID/task/TID/schedstat), for each request: it says how far a core goes. The same program
twice differs by less than 2 % for small responses and 5 % for large ones. Programs that compile their code
while they run get ${warmUp.requests} requests (at most ${warmUp.seconds} s) before anything counts. More than
four are measured in groups, with Sluice in each.

## What is measured

**Full chain.** All proxies do the same work for a request, in one process with one thread
(nginx: a worker):

- 100 routes, 10 path prefixes on each of 10 hosts; the load takes one from the middle;
- X-Forwarded-For, -Proto, -Host, -Port, -Server and X-Real-Ip are set;
- one more request header and one response header are set;
- weighted round robin (3 to 1) over two addresses of the backend, with a pool of kept-alive
  connections;
- a buffered access log in Common or Combined Log Format.

Before the load each proxy has to show that it does this. Otherwise all have their defaults, buffer
sizes included. nginx finds routes by server name and location, HAProxy in a prefix map of host and
path, Caddy by host and path matchers, Sluice and Traefik by \`Host\` and \`PathPrefix\` rules (their\nconfiguration is the same). nginx writes its log in blocks of 64 KiB
(\`buffer=64k\`), Sluice in blocks of 400 lines (\`bufferingSize\`). HAProxy writes no files; it logs
to a ring buffer in its memory, which it sends in batches over TCP to a process that writes the file
and isn't counted. Caddy's log is JSON. The backend is nginx on the same machine; it serves 5 bytes from memory, 64 KiB
and 1 MiB from files with sendfile. The load is \`wrk\` with one thread.

**TLS and HTTP/2.** The same chain and the same backend, which gets HTTP/1.1. One certificate, made
for the run, with an ECDSA key on P-256; TLS 1.3 with TLS_AES_128_GCM_SHA256 and X25519 for all. The
load is \`h2load\` with one thread: as many kept-alive connections as above for HTTP/1.1, 16 with 10
requests at once on each for HTTP/2. It fails where protocol, cipher or curve are others. Connections
are made in a second of their own, which doesn't count. HTTP/2 without TLS is that of clients that
know it beforehand.

**Handshakes.** Each connection is new and makes a full handshake: the client offers no session and
checks that none was resumed. It sends one request for a host that no router names, which the proxy
refuses by itself, and is closed. All of that counts.

**TCP and TLS passed through.** Through a TCP router for each of 10 names in the ClientHello (nginx:
\`ssl_preread\` of libnginx-mod-stream, HAProxy: \`req.ssl_sni\`) to a backend with TLS, and through one for
everything to a backend without; 16 connections, kept alive or one for each response. No access log. Only
bytes of the responses' bodies count, a megabyte is 1,000,000.

**WebSocket.** Through the whole chain to a server that echoes. Each connection sends 100 bytes and,
once they are back, sends them again; such a round is a message.

**Floods.** A client on one connection sends one HTTP/1.1 request after the other through the whole
chain, while 4 others flood the proxy with HTTP/2 frames as fast as it takes them; who is cut off
connects again at once. Those who ask for 1 MiB on each of 100 streams and take nothing (windows of 0)
hold on for a second. They have the lowest priority, as they stand for other machines, yet share the
cores: what a flood costs is best seen beside what it costs the other proxies. At most 3 rounds of 2 s.

**HTTP/1.1 after HTTP/2.** Two Sluices; one has served HTTP/2 beside HTTP/1.1 before.

**Latency.** One proxy at a time on its core. What it is able to do comes first; then requests at 70 % of
that rate, spread evenly over the connections (\`h2load --rps\`).

**Workers.** One worker and two, in turn, on all cores, which load and backend share: beside them there is
no room for twice the rate on a machine with two cores. CPU for each request says what two workers cost.

**Middlewares.** A single router without a middleware, and with one more, each in a process of its own.

**Number of routers.** Sluice with 10 and with 10,000 routers of the kind
\`Host(...) && PathPrefix(...)\`, small response.

**Reload.** The dynamic file with 10,000 routers is replaced by rename while requests go on. The time
until an answer shows the new configuration, and the longest that a request took meanwhile.

**Idle connections.** Each of the 10,000 connections has had one request answered through the whole
chain. Resident memory of the process with its children.

**Start.** From the start of the process until the built-in \`whoami\` service has answered.

${STEPS}
${RELAYING}`;
}

const STEPS = `## What a request costs beside before

Steps since the figures above, each beside the same program without it, all under load at the same time
on one core (medians of 6 to 20 rounds, while the machine did other work):

| step | case | cost beside before |
|---|---|---:|
| small read buffers get no ArrayBuffer | 5 bytes | 0.94 |
| buffered log lines written by their own thread, no idle scopes | 5 bytes | 1.00 |
| hosts and targets that come again, lines copied together | 5 bytes | 0.94 |
| heads are read by parts that all connections share | 5 bytes | 0.97 |
| all of these | HTTPS, HTTP/1.1, 5 bytes | 0.94 |
| all of these | HTTPS, HTTP/2, 5 bytes | 0.89 |
| all of these | HTTP/2 without TLS, 5 bytes | 0.89 |
| recycled requests, texts of hosts and paths over HTTP/2 | HTTPS, HTTP/2, 5 bytes | 0.98 |

An idle connection takes 1.4 KB of the JavaScript heap instead of 2.0 since its heads are read by shared
parts. What is left of a small request's JavaScript waits for memory: the profile's peaks are the
first touches of the socket's, the connection's and the handler's objects, and the compiled code of a
request, 180 KB, is six times what the processor's first cache holds.
`;

const RELAYING = `## Relaying without copies

On Linux with Bun, a TCP relay that has carried 128 KiB or 32 pieces is handed to a thread that runs
epoll and splice on descriptors of its own (\`core.splice: false\` forbids it). What it costs beside the
same program without it, all under load at the same time on one core:

| case | before | spliced / before | spliced / HAProxy |
|---|---:|---:|---:|
| TCP, 5 bytes, kept-alive | 21.6 us | 0.81 | 0.90 |
| TCP, 64 KiB, kept-alive | 50.8 us | 0.65 | 0.54 |
| TCP, 1 MiB, kept-alive | 479 us | 0.48 | 0.29 |
| TCP, a connection for each 1 MiB | 967 us | 0.70 | 0.64 |
| TCP, a connection for each 64 KiB | 197 us | 1.01 | 1.39 |
| TLS passed through, 64 KiB, kept-alive | 79.6 us | 0.66 | 0.66 |
| WebSocket, 100 bytes echoed | 32.4 us | 0.82 | 1.15 |

Before the relay freed its read buffers at once, 64 KiB cost 100 us and 1 MiB 1143 us. Half of what is
left of a small exchange is the kernel's send; 92 % of the thread's time is spent in system calls.

A connection for each 64 KiB stays above HAProxy: it ends before handing it over could pay. Of its time
53 % are system calls, the same as HAProxy's but for 12 setsockopt and 8 getsockname or getpeername of
the runtime's, which are 4 %; 17 % are Bun's native code that makes and frees two sockets (HAProxy has
7 %), 8 % copying and clearing memory, 3 % our JavaScript, 5 % the collector and the allocator's threads.
`;
