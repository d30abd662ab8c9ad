import { MemoryCounters } from "../core/counters/memory-counters.ts";
import { sharedNumbers } from "../core/counters/shared-numbers.ts";
import { messageOf } from "../core/errors.ts";
import { Unpacker } from "../core/pieces.ts";
import type { AskControl, ControlResponse } from "../internal/control-request.ts";
import type { AppendFile, Runtime } from "../net/runtime.ts";
import type { ThreadPort } from "../net/threads.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { FromWorker, Order, Start, ToWorker } from "./messages.ts";
import { createPlaneProgram, type PlaneProgram } from "./plane-program.ts";
import { PostingLogger } from "./posting-logger.ts";

/** How often a worker shows that its event loop turns, in milliseconds. */
const HEARTBEAT = 250;

/** The program of a worker: a data plane that does what the control plane's messages say. */
export function serveDataPlane(runtime: Runtime, port: ThreadPort): void {
  let program: PlaneProgram | undefined;
  const unpacker = new Unpacker();
  const questions = new Map<number, PromiseWithResolvers<ControlResponse>>();
  let lastQuestion = 0;
  const post = (message: FromWorker) => port.post(message);

  const askControl: AskControl = (request) => {
    const id = ++lastQuestion;
    const question = Promise.withResolvers<ControlResponse>();
    questions.set(id, question);
    post({ ask: id, request });
    return question.promise;
  };
  const carryOut = async (order: Order): Promise<unknown> => {
    switch (order.order) {
      case "start":
        program = await begin(runtime, order.start, post, askControl);
        return undefined;
      case "apply":
        return program!.plane.apply(await unpacker.unpack<Snapshot>(order.snapshot));
      case "listen":
        return program!.plane.listen(order.options);
      case "challenges":
        return program!.plane.showChallenges(order.certificates);
      case "scheduled":
        return program!.runScheduled(order.run);
      case "purge":
        return program!.plane.purge(order.middleware, order.purge);
      case "reopenLogs":
        return program!.reopenLogs();
      case "shutdown":
        return program?.shutdown();
    }
  };
  port.receive((message) => {
    const order = message as ToWorker;
    if ("answer" in order) {
      const question = questions.get(order.answer);
      questions.delete(order.answer);
      if (order.response === undefined) question?.reject(new Error(order.error));
      else question?.resolve(order.response);
      return;
    }
    if ("tell" in order) {
      if (order.tell === "health") program?.plane.tellHealth(order.verdicts);
      else if (order.tell === "forget") program?.metrics?.forget(order.owners);
      else program?.terminating();
      return;
    }
    carryOut(order).then(
      (result) => post({ id: order.id, result }),
      (error: unknown) => post({ id: order.id, error: messageOf(error) }),
    );
  });
}

async function begin(
  runtime: Runtime,
  { configuration, index, workers, level, memory }: Start,
  post: (message: FromWorker) => void,
  askControl: AskControl,
): Promise<PlaneProgram> {
  const logger = new PostingLogger((log, message, fields) => post({ log, message, fields }), level);
  // A module of the user's may leave a timer or a promise behind: that must not end the worker.
  runtime.onUncaught((error) =>
    logger.error("An error that was not caught", {
      error: messageOf(error),
      stack: error instanceof Error ? error.stack : undefined,
      worker: index,
    }),
  );
  const beats = new Int32Array(memory.heartbeats);
  const beat = () => Atomics.add(beats, index, 1);
  // The first one at once: one that hangs before it would pass for one that is starting.
  beat();
  let program: PlaneProgram | undefined;
  setInterval(() => {
    beat();
    program?.metrics?.refresh();
  }, HEARTBEAT);
  program = await createPlaneProgram({
    runtime,
    configuration,
    logger,
    stdout: postedOutput(post),
    lastResort: logger,
    tellTelemetry: (telemetry) => post({ telemetry }),
    askControl,
    demand: (demand) => post({ demand }),
    counters: new MemoryCounters(memory.counters, index, workers),
    requestNumbers: sharedNumbers(memory.requests),
  });
  return program;
}

/** Standard output has one writer, which is not this thread: lines of several would mix. */
function postedOutput(post: (message: FromWorker) => void): AppendFile {
  return {
    write: (output) => post({ output }),
    writeNow: (bytes, length) => post({ output: bytes.slice(0, length) }),
    flush: async () => {},
    close: async () => {},
    onTrouble: null,
  };
}
