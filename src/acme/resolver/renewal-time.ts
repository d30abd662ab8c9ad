/** A certificate that lives so long is renewed with a third of its life left, a shorter one with half. */
const LONG_LIFE = 10 * 86_400_000;
/** The part of its life by which it may come earlier, so that many certificates don't come at once. */
const JITTER = 1 / 50;

/**
 * When to renew a certificate whose authority doesn't say, in milliseconds since the epoch: by its own
 * lifetime, unlike Traefik's `certificatesDuration`. For 90 days that is Traefik's 30 days before.
 */
export function renewalTime(
  { notBefore, notAfter }: { readonly notBefore: number; readonly notAfter: number },
  random = Math.random(),
): number {
  const life = Math.max(0, notAfter - notBefore);
  return notAfter - life / (life >= LONG_LIFE ? 3 : 2) - life * JITTER * random;
}
