import process from "node:process";

type Report = (error: unknown) => void;

/** Before anyone has asked: an error that is never told is worse than one that spoils the log's format. */
const toStderr: Report = (error) => console.error(error);

let report: Report = toStderr;
let watching = false;

/** Reports what a handler threw; never throws itself. */
export function reportUncaught(error: unknown): void {
  try {
    report(error);
  } catch (failure) {
    toStderr(failure);
  }
}

/** Names who hears of errors that no code caught. From then on no such error ends the process. */
export function onUncaught(callback: Report): void {
  report = callback;
  if (watching) return;
  watching = true;
  process.on("uncaughtException", reportUncaught);
  process.on("unhandledRejection", reportUncaught);
}
