import { dlopen, FFIType, ptr } from "bun:ffi";
import { readdirSync, readlinkSync } from "node:fs";

/** Linux: socket options (asm-generic/socket.h, linux/in.h, linux/in6.h). */
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SOCK_DGRAM = 2;
const SOL_IP = 0;
const IP_RECVERR = 11;
const SOL_IPV6 = 41;
const IPV6_RECVERR = 25;
const AF_INET6 = 10;

const SYMBOLS = {
  setsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i32,
  },
  getsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr],
    returns: FFIType.i32,
  },
  getsockname: { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
} as const;

/** glibc's name of itself, and musl's. */
const C_LIBRARIES = ["libc.so.6", "libc.so"];

const DESCRIPTORS = "/proc/self/fd";

/** The process's sockets by what the system calls them, such as "socket:[1234]", with their descriptors. */
export function openSockets(): Map<string, number> {
  const sockets = new Map<string, number>();
  if (process.platform !== "linux") return sockets;
  for (const descriptor of readdirSync(DESCRIPTORS)) {
    try {
      const name = readlinkSync(`${DESCRIPTORS}/${descriptor}`);
      if (name.startsWith("socket:")) sockets.set(name, Number(descriptor));
    } catch {
      // Closed meanwhile.
    }
  }
  return sockets;
}

/**
 * Keeps one client from disturbing the others on a UDP port: Bun asks Linux to report ICMP errors
 * (IP_RECVERR), which an unconnected socket gets at its next send, to whomever that goes, and
 * node:quic of Bun 1.4.5 then gives up the connection of that send. A client that went away would
 * cost others theirs. `before` is what `openSockets` said before the port was bound; elsewhere than
 * on Linux there is nothing to do. Throws where the socket can't be found or changed.
 */
export function ignoreUdpErrors(before: ReadonlyMap<string, number>, port: number): void {
  if (process.platform !== "linux") return;
  const { symbols } = openLibrary();
  for (const [name, descriptor] of openSockets()) {
    if (before.has(name) || portOf(symbols, descriptor) !== port) continue;
    const off = new Int32Array([0]);
    const ip = symbols.setsockopt(descriptor, SOL_IP, IP_RECVERR, ptr(off), 4);
    const ipv6 =
      familyOf(symbols, descriptor) !== AF_INET6 ||
      symbols.setsockopt(descriptor, SOL_IPV6, IPV6_RECVERR, ptr(off), 4) === 0;
    if (ip !== 0 || !ipv6) throw new Error("the system does not turn its reports of errors off");
    return;
  }
  throw new Error("the socket is not among the process's open ones");
}

type Library = ReturnType<typeof dlopen<typeof SYMBOLS>>;
type Symbols = Library["symbols"];

function openLibrary(): Library {
  let failure: unknown;
  for (const name of C_LIBRARIES) {
    try {
      return dlopen(name, SYMBOLS);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Where the UDP socket is bound; -1 for sockets of other kinds. */
function portOf(symbols: Symbols, descriptor: number): number {
  const type = new Int32Array(1);
  const size = new Uint32Array([4]);
  const asked = symbols.getsockopt(descriptor, SOL_SOCKET, SO_TYPE, ptr(type), ptr(size));
  const name = asked === 0 && type[0] === SOCK_DGRAM ? socketName(symbols, descriptor) : null;
  return name === null ? -1 : new DataView(name.buffer).getUint16(2);
}

function familyOf(symbols: Symbols, descriptor: number): number {
  return socketName(symbols, descriptor)?.[0] ?? -1;
}

/** A struct sockaddr. */
function socketName(symbols: Symbols, descriptor: number): Uint8Array | null {
  const name = new Uint8Array(128);
  const size = new Uint32Array([name.length]);
  return symbols.getsockname(descriptor, ptr(name), ptr(size)) === 0 ? name : null;
}
