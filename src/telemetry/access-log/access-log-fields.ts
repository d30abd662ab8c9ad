/** `accessLog` of the static configuration. Durations are milliseconds. */
export interface AccessLogOptions {
  /** "common" (the default), "genericCLF" or "json". */
  readonly format?: string;
  readonly filters?: {
    /** Codes and ranges: "404", "500-599". */
    readonly statusCodes?: readonly string[];
    readonly retryAttempts?: boolean;
    readonly minDuration?: number;
  };
  readonly fields?: {
    /** "keep" (the default) or "drop". */
    readonly defaultMode?: string;
    /** Modes by field name, in any case. */
    readonly names?: Readonly<Record<string, string>>;
    readonly headers?: {
      /** "drop" (the default), "keep" or "redact". */
      readonly defaultMode?: string;
      /** Modes by header name, in any case. */
      readonly names?: Readonly<Record<string, string>>;
    };
    readonly queryParameters?: {
      /** "keep" (the default) or "drop". */
      readonly defaultMode?: string;
    };
  };
  /** Lines that may wait to be written together; see AccessLog. */
  readonly bufferingSize?: number;
  /** Into the file as well, where the lines go by OTLP. */
  readonly dualOutput?: boolean;
}

export type HeaderMode = "keep" | "drop" | "redact";

function headerMode(value: string | undefined, otherwise: HeaderMode): HeaderMode {
  return value === "keep" || value === "drop" || value === "redact" ? value : otherwise;
}

/** Which fields and headers the access log keeps, as Traefik's pkg/observability/types/logs.go decides. */
export class AccessLogFields {
  readonly queryParameters: boolean;
  /** False where no header can be in the log. */
  readonly anyHeader: boolean;
  private readonly keepByDefault: boolean;
  private readonly names = new Map<string, boolean>();
  private readonly headerDefault: HeaderMode;
  private readonly headerNames = new Map<string, HeaderMode>();

  constructor(fields: AccessLogOptions["fields"] = {}) {
    this.keepByDefault = fields.defaultMode !== "drop";
    for (const [name, mode] of Object.entries(fields.names ?? {})) {
      const keep = mode === "keep" || (mode !== "drop" && this.keepByDefault);
      this.names.set(name.toLowerCase(), keep);
    }
    this.headerDefault = headerMode(fields.headers?.defaultMode, "drop");
    for (const [name, mode] of Object.entries(fields.headers?.names ?? {})) {
      this.headerNames.set(name.toLowerCase(), headerMode(mode, this.headerDefault));
    }
    this.queryParameters = fields.queryParameters?.defaultMode !== "drop";
    this.anyHeader = [this.headerDefault, ...this.headerNames.values()].some(
      (mode) => mode !== "drop",
    );
  }

  keep(name: string): boolean {
    return this.names.get(name.toLowerCase()) ?? this.keepByDefault;
  }

  header(name: string): HeaderMode {
    return this.headerNames.get(name.toLowerCase()) ?? this.headerDefault;
  }
}
