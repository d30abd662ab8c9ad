import { canonicalFieldName } from "../headers/field-edits.ts";
import type { HttpMiddlewareOptions } from "../http-middleware.ts";

/** What the options say, with their defaults. Times in milliseconds. */
export interface CacheOptions {
  /** Of one worker. */
  readonly memoryBytes: number;
  readonly disk: { readonly path: string; readonly bytes: number } | null;
  readonly maxObjectBytes: number;
  readonly maxVariants: number;
  readonly defaultTTL: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly collapseTimeout: number;
  readonly methods: ReadonlySet<string>;
  readonly key: KeyOptions;
  readonly ignoreRequestDirectives: boolean;
  readonly statusHeader: boolean;
}

export interface KeyOptions {
  /** The query belongs to the URL. */
  readonly query: boolean;
  /** Of the query only these parameters count; null for all. */
  readonly parameters: ReadonlySet<string> | null;
  /** Header fields whose values tell responses apart, in lower case. */
  readonly headers: readonly string[];
}

const MIB = 1024 * 1024;
const MEMORY = 64 * MIB;
const DISK = 1024 * MIB;
const OBJECT = 8 * MIB;
const VARIANTS = 32;
const COLLAPSE = 5_000;
const METHODS = ["GET", "HEAD"];

/** Throws where the options can't work. */
export function cacheOptions(
  options: HttpMiddlewareOptions<"cache">,
  workers: number,
): CacheOptions {
  const { disk, key = {}, methods = METHODS } = options;
  const odd = methods.find((method) => !METHODS.includes(method));
  if (odd !== undefined || methods.length === 0)
    throw new Error(`cache: methods: expected GET, HEAD or both, found "${odd ?? ""}"`);
  if (disk !== undefined && disk.path === "") throw new Error("cache: disk: the path is missing");
  if (key.query === false && key.queryParameters !== undefined)
    throw new Error("cache: key: queryParameters has no effect where query is false");
  const memoryBytes = Math.floor((options.memoryBytes ?? MEMORY) / workers);
  return {
    memoryBytes,
    disk: disk === undefined ? null : { path: disk.path, bytes: disk.bytes ?? DISK },
    maxObjectBytes: options.maxObjectBytes ?? OBJECT,
    maxVariants: options.maxVariants ?? VARIANTS,
    defaultTTL: options.defaultTTL ?? 0,
    staleWhileRevalidate: options.staleWhileRevalidate ?? 0,
    staleIfError: options.staleIfError ?? 0,
    collapseTimeout: options.collapseTimeout ?? COLLAPSE,
    methods: new Set(methods),
    key: {
      query: key.query ?? true,
      parameters: key.queryParameters === undefined ? null : new Set(key.queryParameters),
      headers: (key.headers ?? []).map((name) => canonicalFieldName(name).toLowerCase()),
    },
    ignoreRequestDirectives: options.ignoreRequestDirectives ?? false,
    statusHeader: options.statusHeader ?? true,
  };
}
