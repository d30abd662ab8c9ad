const PREFIX = "urn:ietf:params:acme:error:";

/** A problem document of an authority's (RFC 8555 section 6.7, RFC 9457), or an answer without one. */
export class AcmeError extends Error {
  override readonly name = "AcmeError";
  readonly status: number;
  /** Behind the prefix that all have, such as "rateLimited"; "" where it isn't said. */
  readonly type: string;
  /** When it may be asked again, in milliseconds since the epoch; undefined where it isn't said. */
  readonly retryAt: number | undefined;

  constructor(message: string, status: number, type: string, retryAt?: number) {
    super(message);
    this.status = status;
    this.type = type;
    this.retryAt = retryAt;
  }

  /** The authority is busy, or has a limit, and may be asked again. */
  get hasNoTime(): boolean {
    return this.status === 429 || this.status === 503;
  }

  /** From a problem document, or what stands in its place. */
  static of(url: string, status: number, problem: unknown, retryAt?: number): AcmeError {
    const type = problemType(problem);
    return new AcmeError(
      `${url} answered ${status}: ${problemText(problem)}`,
      status,
      type,
      retryAt,
    );
  }
}

interface Problem {
  readonly type?: unknown;
  readonly detail?: unknown;
  readonly subproblems?: unknown;
  readonly identifier?: { readonly value?: unknown };
}

export function problemType(problem: unknown): string {
  const type = (problem as Problem | null)?.type;
  return typeof type === "string" && type.startsWith(PREFIX) ? type.slice(PREFIX.length) : "";
}

/** Its detail, and those of its parts with their names. At most 2,000 characters. */
export function problemText(problem: unknown): string {
  const { detail, subproblems } = (problem ?? {}) as Problem;
  const type = problemType(problem);
  const parts = (Array.isArray(subproblems) ? subproblems : []).map((part: Problem) => {
    return `${String(part?.identifier?.value ?? "?")}: ${String(part?.detail ?? "")}`;
  });
  const own = typeof detail === "string" && detail !== "" ? detail : "nothing more is said";
  const text = [`${type === "" ? "" : `${type}: `}${own}`, ...parts].join("; ");
  return text.length <= 2000 ? text : `${text.slice(0, 2000)}...`;
}
