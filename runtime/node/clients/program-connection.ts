import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** What is kept of a program's complaints, in characters. */
const COMPLAINT = 1000;

/**
 * A connection that is a program's input and output, such as `ssh host docker system dial-stdio`. It ends
 * with the program, and the program with it; a program that fails is an error with its own words.
 */
export function programConnection([program, ...args]: readonly string[]): Socket {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  const stream = new Duplex({
    read: () => void stdout.resume(),
    // A program that is gone takes nothing more: its end says why.
    write: (chunk, _encoding, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(() => done()),
    destroy(error, done) {
      child.kill();
      done(error);
    },
  });
  stdin.on("error", () => {});
  stdout.on("data", (chunk) => {
    if (!stream.push(chunk)) stdout.pause();
  });
  let complaint = "";
  stderr.on("data", (chunk) => {
    complaint = `${complaint}${String(chunk)}`.slice(-COMPLAINT);
  });
  child.once("error", (error) => stream.destroy(error));
  child.once("close", (code) => {
    if (code === 0) stream.push(null);
    else stream.destroy(new Error(`${program} ended with ${code}: ${complaint.trim()}`));
  });
  // node:http asks of a connection what only sockets have.
  const itself = () => stream;
  return Object.assign(stream, {
    setTimeout: itself,
    setNoDelay: itself,
    setKeepAlive: itself,
    ref: itself,
    unref: itself,
  }) as unknown as Socket;
}
