/** The kinds of challenges (RFC 8555 section 8, RFC 8737), in the order in which lego prefers them. */
export const CHALLENGE_TYPES = ["dns-01", "tls-alpn-01", "http-01"] as const;
export type ChallengeType = (typeof CHALLENGE_TYPES)[number];

/** What an authority wants to be shown. */
export interface Challenge {
  /** The name, without "*."; or an address. */
  readonly domain: string;
  readonly token: string;
  readonly keyAuthorization: string;
}

/** Shows what authorities want to see, by one kind of challenge. */
export interface ChallengeSolver {
  /** Challenges come one after another with so many milliseconds between them; undefined: side by side. */
  readonly sequence?: number;
  /**
   * Resolves when the authority may look, with what takes away again what it looks at. Rejects with an
   * Error that says what is wrong, with nothing left behind.
   */
  present(challenge: Challenge, signal: AbortSignal): Promise<() => Promise<void>>;
}

export type Solvers = Readonly<Partial<Record<ChallengeType, ChallengeSolver>>>;
