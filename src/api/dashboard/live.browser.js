// Figures that move: what is counted, asked for again and again, and the rates between two answers.

import { ask } from "./api.browser.js";

/** Milliseconds between two questions. */
export const PERIOD = 2000;
const KEPT = 150;

/** What happened between two sums of one owner: rates, shares and percentiles. */
export function between(before, after, seconds, bounds) {
  const grown = (now, then = 0) => Math.max(0, (now ?? 0) - then);
  const requests = grown(after?.requests, before?.requests);
  const classes = {};
  for (const [digit, count] of Object.entries(after?.classes ?? {}))
    classes[digit] = grown(count, before?.classes[digit]) / seconds;
  const buckets = (after?.buckets ?? []).map((count, i) => grown(count, before?.buckets[i]));
  return {
    rate: requests / seconds,
    classes,
    p50: percentile(buckets, bounds, 0.5),
    p95: percentile(buckets, bounds, 0.95),
    p99: percentile(buckets, bounds, 0.99),
  };
}

/** Seconds, within the bucket that has it; undefined where nothing was counted. */
export function percentile(buckets, bounds, share) {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let left = total * share;
  for (let i = 0; i < buckets.length; i++) {
    if (left > buckets[i]) {
      left -= buckets[i];
      continue;
    }
    const low = i === 0 ? 0 : bounds[i - 1];
    return i < bounds.length ? low + ((bounds[i] - low) * left) / buckets[i] : low;
  }
  return bounds.at(-1);
}

/** All entrypoints together. */
export function totalOf(entryPoints) {
  const all = Object.values(entryPoints);
  if (all.length === 0) return undefined;
  const classes = {};
  const buckets = all[0].buckets.map((_, i) => all.reduce((sum, one) => sum + one.buckets[i], 0));
  for (const one of all)
    for (const [digit, count] of Object.entries(one.classes))
      classes[digit] = (classes[digit] ?? 0) + count;
  return { requests: all.reduce((sum, one) => sum + one.requests, 0), classes, buckets };
}

/**
 * Asks again and again while the page is seen, and keeps what came. `query` says of whom besides the
 * entrypoints; `heard(samples)` is called after each answer that can be compared with one before.
 */
export function follow(query, heard) {
  const samples = [];
  let last;
  let stopped = false;
  let timer;
  const round = async () => {
    try {
      if (!document.hidden) {
        const now = await ask(`live?${query()}`);
        if (stopped) return;
        if (last !== undefined && now.at > last.at) {
          samples.push(compare(last, now));
          if (samples.length > KEPT) samples.shift();
          heard(samples);
        }
        last = now;
      }
    } catch {
      // The API is away, or nothing is counted: the figures stay as they are.
    }
    if (!stopped) timer = setTimeout(round, PERIOD);
  };
  void round();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function compare(last, now) {
  const seconds = (now.at - last.at) / 1000;
  const each = (before, after) =>
    Object.fromEntries(
      Object.entries(after).map(([name, sums]) => [
        name,
        between(before[name], sums, seconds, now.bounds),
      ]),
    );
  return {
    at: now.at,
    connections: now.connections,
    total: between(totalOf(last.entryPoints), totalOf(now.entryPoints), seconds, now.bounds),
    entryPoints: each(last.entryPoints, now.entryPoints),
    owners: each(last.owners, now.owners),
    sums: now.owners,
  };
}

export function rateText(rate) {
  if (rate === undefined) return "–";
  return rate >= 100 ? Math.round(rate).toLocaleString("en") : rate.toFixed(rate >= 10 ? 1 : 2);
}

export function durationText(seconds) {
  if (seconds === undefined) return "–";
  return seconds >= 1
    ? `${seconds.toFixed(2)} s`
    : `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
}

/** The share of answers that are the server's fault. */
export function errorText({ rate, classes } = {}) {
  if (!rate) return "–";
  return `${(((classes["5"] ?? 0) / rate) * 100).toFixed(1)} %`;
}
