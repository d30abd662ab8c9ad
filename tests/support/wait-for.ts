/** How long a black-box test waits for anything, in milliseconds. Generous: it only bounds a hang. */
export const PATIENCE = 20_000;

/**
 * Polls until `probe` returns something other than undefined and false, and returns that.
 * Throws after `patience` milliseconds, with the last error that `probe` threw as the cause.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  patience = PATIENCE,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + patience;
  let cause: unknown;
  do {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await Bun.sleep(10);
  } while (performance.now() < deadline);
  throw new Error(`waited ${patience} ms in vain for ${what}`, { cause });
}

/** Fails with what was waited for instead of hanging for ever. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  patience = PATIENCE,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited ${patience} ms in vain for ${what}`)),
      patience,
    );
  });
  try {
    return await Promise.race([promise, bound]);
  } finally {
    clearTimeout(timer);
  }
}
