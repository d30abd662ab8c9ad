import { dlopen, type FFIFunction, FFIType, type Pointer, toArrayBuffer } from "bun:ffi";

/** The system calls that splicing needs, as the C library has them: -1 says that errno has a reason. */
export interface Libc {
  __errno_location(): Pointer;
  close(fd: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Pointer): number;
  epoll_wait(epoll: number, events: Pointer, count: number, milliseconds: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  getsockopt(fd: number, level: number, name: number, value: Pointer, length: Pointer): number;
  pipe2(ends: Pointer, flags: number): number;
  read(fd: number, to: Pointer, count: number): number;
  recv(fd: number, to: Pointer, count: number, flags: number): number;
  send(fd: number, from: Pointer, count: number, flags: number): number;
  setsockopt(fd: number, level: number, name: number, value: Pointer, length: number): number;
  shutdown(fd: number, how: number): number;
  splice(
    from: number,
    fromOffset: null,
    to: number,
    toOffset: null,
    count: number,
    flags: number,
  ): number;
  write(fd: number, from: Pointer, count: number): number;
}

/** Their signatures: a `long` that fits a number is `i64_fast`. */
const SYMBOLS: Record<keyof Libc, FFIFunction> = {
  __errno_location: { args: [], returns: "ptr" },
  close: { args: ["i32"], returns: "i32" },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: FFIType.i64_fast },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: FFIType.i64_fast },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "i32"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  splice: { args: ["i32", "ptr", "i32", "ptr", "u64", "u32"], returns: FFIType.i64_fast },
  write: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
};

/** glibc's name, and musl's for both architectures that Bun runs on. */
const NAMES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** The C library's system calls. Throws where there is none that this file knows. */
export function openLibc(): Libc {
  for (const name of NAMES) {
    try {
      return dlopen(name, SYMBOLS).symbols as unknown as Libc;
    } catch {
      // The next one.
    }
  }
  throw new Error(`none of ${NAMES.join(", ")} can be opened`);
}

/** The calling thread's errno, as it is now. */
export function errnoOf({ __errno_location }: Libc): Int32Array {
  return new Int32Array(toArrayBuffer(__errno_location(), 0, 4));
}

export const EAGAIN = 11;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const F_DUPFD_CLOEXEC = 1030;
export const F_SETPIPE_SZ = 1031;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLLIN = 0x1;
export const EPOLLPRI = 0x2;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
/** Bit 31, as a signed number. */
export const EPOLLET = 1 << 31;
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_LINGER = 13;
export const SO_BUF_LOCK = 72;
export const IPPROTO_TCP = 6;
export const TCP_INFO = 11;
export const TCP_NOTSENT_LOWAT = 25;
/** The state of struct tcp_info in which a connection is over. */
export const TCP_CLOSE = 7;
export const MSG_NOSIGNAL = 0x4000;
export const SHUT_WR = 1;
export const SPLICE_F_MOVE = 1;
export const SPLICE_F_NONBLOCK = 2;
