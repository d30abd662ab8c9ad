import { afterEvents } from "./after-events.ts";

/** Milliseconds of such work behind the events of one turn. */
const STRETCH = 1;
/** At least this part of what waits is done in one turn: it must not grow without end beside new events. */
const LEAST_PART = 1 / 32;

let waiting: (() => void)[] = [];
let next = 0;
let planned = false;

/**
 * Does `task` behind the events at hand, in the order given, about a millisecond's worth of all tasks in
 * one turn of the event loop: what one client causes in a mass doesn't hold up the others.
 */
export function inTurns(task: () => void): void {
  waiting.push(task);
  plan();
}

/** Tasks that `nowOrInTurns` does at once. */
const AT_ONCE = 8;
let doneNow = 0;

/** The same, but for the first few of a turn, which are done at once. */
export function nowOrInTurns(task: () => void): void {
  if (doneNow === AT_ONCE) {
    inTurns(task);
    return;
  }
  if (doneNow++ === 0) afterEvents(newTurn);
  task();
}

function newTurn(): void {
  doneNow = 0;
}

function plan(): void {
  if (planned) return;
  planned = true;
  afterEvents(run);
}

function run(): void {
  const end = performance.now() + STRETCH;
  const least = next + Math.ceil((waiting.length - next) * LEAST_PART);
  try {
    do waiting[next++]();
    while (next < waiting.length && (next < least || performance.now() < end));
  } finally {
    planned = false;
    if (next === waiting.length) {
      waiting = [];
      next = 0;
    } else {
      if (next > waiting.length >> 1) {
        waiting = waiting.slice(next);
        next = 0;
      }
      plan();
    }
  }
}
