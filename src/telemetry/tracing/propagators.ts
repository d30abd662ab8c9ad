import type { HeaderList } from "../../wire/header-list.ts";

/** Where a trace stands: what one program tells the next. */
export interface SpanContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** A way of writing it into headers. */
export interface Propagator {
  /** Null where the headers have none, or a broken one. */
  extract(headers: HeaderList): SpanContext | null;
  inject(headers: HeaderList, context: SpanContext): void;
}

const set = (headers: HeaderList, name: string, value: string) =>
  headers.setOther(name, name.toLowerCase(), value);

const ZERO_TRACE = "0".repeat(32);
const ZERO_SPAN = "0".repeat(16);

function valid(traceId: string, spanId: string, sampled: boolean): SpanContext | null {
  const trace = traceId.toLowerCase().padStart(32, "0");
  const span = spanId.toLowerCase().padStart(16, "0");
  return trace === ZERO_TRACE || span === ZERO_SPAN
    ? null
    : { traceId: trace, spanId: span, sampled };
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** W3C Trace Context. `tracestate` goes on as it came. */
const tracecontext: Propagator = {
  extract(headers) {
    const slot = headers.find("traceparent");
    if (slot < 0) return null;
    const match = TRACEPARENT.exec(headers.valueAt(slot).trim());
    if (match === null || match[1] === "ff" || (match[1] === "00" && match[5] !== undefined))
      return null;
    return valid(match[2], match[3], (Number.parseInt(match[4], 16) & 1) === 1);
  },
  inject(headers, { traceId, spanId, sampled }) {
    headers.setOther(
      "Traceparent",
      "traceparent",
      `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`,
    );
  },
};

const B3 = /^([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/i;
const isHex = (text: string, ...lengths: number[]) =>
  lengths.includes(text.length) && /^[0-9a-f]+$/i.test(text);

function b3Multi(headers: HeaderList): SpanContext | null {
  const traceId = headers.first("x-b3-traceid") ?? "";
  const spanId = headers.first("x-b3-spanid") ?? "";
  if (!isHex(traceId, 16, 32) || !isHex(spanId, 16)) return null;
  const sampled = headers.first("x-b3-sampled") ?? "";
  const debug = headers.first("x-b3-flags") === "1";
  return valid(traceId, spanId, debug || sampled === "1" || sampled.toLowerCase() === "true");
}

function b3Single(headers: HeaderList): SpanContext | null {
  const match = B3.exec(headers.first("b3") ?? "");
  return match === null
    ? null
    : valid(match[1], match[2], match[3] === "1" || match[3]?.toLowerCase() === "d");
}

/** B3 of Zipkin: reads both forms, writes one. */
const b3: Propagator = {
  extract: (headers) => b3Single(headers) ?? b3Multi(headers),
  inject: (headers, { traceId, spanId, sampled }) =>
    set(headers, "B3", `${traceId}-${spanId}-${sampled ? 1 : 0}`),
};

const b3multi: Propagator = {
  extract: b3.extract,
  inject(headers, { traceId, spanId, sampled }) {
    set(headers, "X-B3-Traceid", traceId);
    set(headers, "X-B3-Spanid", spanId);
    set(headers, "X-B3-Sampled", sampled ? "1" : "0");
  },
};

const UBER = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{1,16}:([0-9a-f]{1,2})$/i;

const jaeger: Propagator = {
  extract(headers) {
    const value = headers.first("uber-trace-id");
    if (value === null) return null;
    const match = UBER.exec(value.replace(/%3a/gi, ":"));
    return match === null
      ? null
      : valid(match[1], match[2], (Number.parseInt(match[3], 16) & 1) === 1);
  },
  inject: (headers, { traceId, spanId, sampled }) =>
    set(headers, "Uber-Trace-Id", `${traceId}:${spanId}:0:${sampled ? 1 : 0}`),
};

/** AWS X-Ray's: the trace's first eight digits are a time to it. */
const xray: Propagator = {
  extract(headers) {
    const value = headers.first("x-amzn-trace-id");
    if (value === null) return null;
    const parts = new Map(
      value.split(";").map((part): [string, string] => {
        const at = part.indexOf("=");
        return [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()];
      }),
    );
    const root = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/i.exec(parts.get("root") ?? "");
    const parent = parts.get("parent") ?? "";
    if (root === null || !isHex(parent, 16)) return null;
    return valid(root[1] + root[2], parent, parts.get("sampled") === "1");
  },
  inject: (headers, { traceId, spanId, sampled }) =>
    set(
      headers,
      "X-Amzn-Trace-Id",
      `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=${sampled ? 1 : 0}`,
    ),
};

/** OpenTracing's basic tracer's: 64 bits of the trace. */
const ottrace: Propagator = {
  extract(headers) {
    const traceId = headers.first("ot-tracer-traceid") ?? "";
    const spanId = headers.first("ot-tracer-spanid") ?? "";
    if (!isHex(traceId, 16, 32) || !isHex(spanId, 16)) return null;
    const sampled = headers.first("ot-tracer-sampled");
    return valid(traceId, spanId, sampled === "true" || sampled === "1");
  },
  inject(headers, { traceId, spanId, sampled }) {
    set(headers, "Ot-Tracer-Traceid", traceId.slice(16));
    set(headers, "Ot-Tracer-Spanid", spanId);
    set(headers, "Ot-Tracer-Sampled", String(sampled));
  },
};

/** Its header goes on as it came, and so there is nothing to do. */
const baggage: Propagator = { extract: () => null, inject() {} };

const PROPAGATORS: Readonly<Record<string, Propagator>> = {
  tracecontext,
  baggage,
  b3,
  b3multi,
  jaeger,
  xray,
  ottrace,
};

/**
 * What OTEL_PROPAGATORS names, separated by commas: by default W3C Trace Context and baggage, with "none" none.
 * Throws where a name is none.
 */
export function propagatorsOf(names: string | undefined): readonly Propagator[] {
  const wanted = (names ?? "").split(",").map((name) => name.trim().toLowerCase());
  const chosen = wanted.filter((name) => name !== "");
  if (chosen.length === 0) return [tracecontext];
  if (chosen.includes("none")) return [];
  return [...new Set(chosen)].map((name) => {
    const propagator = Object.hasOwn(PROPAGATORS, name) ? PROPAGATORS[name] : undefined;
    if (propagator !== undefined) return propagator;
    const known = Object.keys(PROPAGATORS).join(", ");
    throw new Error(`OTEL_PROPAGATORS: expected names of ${known} or none, found "${name}"`);
  });
}
