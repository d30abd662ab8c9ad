import type { Exchange } from "../../../http/exchange.ts";
import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { type FieldEdit, fieldEdit, fieldText } from "./field-edits.ts";

/** The part of `headers` that is about browsers' security features. */
export interface SecureHeadersOptions {
  readonly allowedHosts?: readonly string[];
  readonly hostsProxyHeaders?: readonly string[];
  readonly sslProxyHeaders?: Readonly<Record<string, string>>;
  readonly stsSeconds?: number;
  readonly stsIncludeSubdomains?: boolean;
  readonly stsPreload?: boolean;
  readonly forceSTSHeader?: boolean;
  readonly frameDeny?: boolean;
  readonly customFrameOptionsValue?: string;
  readonly contentTypeNosniff?: boolean;
  readonly browserXssFilter?: boolean;
  readonly customBrowserXSSValue?: string;
  /** `$NONCE` becomes 'nonce-...' with a value of its own for each request. */
  readonly contentSecurityPolicy?: string;
  readonly contentSecurityPolicyReportOnly?: string;
  readonly publicKey?: string;
  readonly referrerPolicy?: string;
  readonly permissionsPolicy?: string;
  /** Hosts, STS and public keys are left alone. */
  readonly isDevelopment?: boolean;
}

const KEYS: readonly (keyof SecureHeadersOptions)[] = [
  "allowedHosts",
  "hostsProxyHeaders",
  "sslProxyHeaders",
  "stsIncludeSubdomains",
  "stsPreload",
  "forceSTSHeader",
  "frameDeny",
  "customFrameOptionsValue",
  "contentTypeNosniff",
  "browserXssFilter",
  "customBrowserXSSValue",
  "contentSecurityPolicy",
  "contentSecurityPolicyReportOnly",
  "publicKey",
  "referrerPolicy",
  "permissionsPolicy",
  "isDevelopment",
];

const NONCE = "$NONCE";

/**
 * Checks hosts and knows the fields that responses get. Source: Traefik's
 * pkg/middlewares/headers/secure.go, which is unrolled/secure 1.0.9.
 */
export class SecureHeaders {
  /** Null for every host. */
  private readonly hosts: ReadonlySet<string> | null;
  private readonly hostHeaders: readonly string[];
  private readonly sslHeaders: readonly (readonly [string, string])[];
  private readonly options: SecureHeadersOptions;
  /** Whether edits differ between requests by HTTP and by HTTPS. */
  readonly dependsOnScheme: boolean;
  readonly hasNonce: boolean;

  /** Null where the options say nothing of this kind. */
  static create(options: SecureHeadersOptions): SecureHeaders | null {
    const asked = options.stsSeconds !== undefined || KEYS.some((key) => isSet(options[key]));
    return asked ? new SecureHeaders(options) : null;
  }

  private constructor(options: SecureHeadersOptions) {
    const { allowedHosts = [], isDevelopment = false } = options;
    this.options = options;
    this.hosts =
      allowedHosts.length === 0 || isDevelopment
        ? null
        : new Set(allowedHosts.map((host) => host.toLowerCase()));
    this.hostHeaders = (options.hostsProxyHeaders ?? []).map((name) => name.toLowerCase());
    this.sslHeaders = Object.entries(options.sslProxyHeaders ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      fieldText(value),
    ]);
    this.dependsOnScheme =
      !isDevelopment && (isSet(options.stsSeconds) || isSet(options.publicKey));
    this.hasNonce =
      (options.contentSecurityPolicy ?? "").includes(NONCE) ||
      (options.contentSecurityPolicyReportOnly ?? "").includes(NONCE);
  }

  /** The host is an allowed one. */
  allows(request: LazyRequest): boolean {
    if (this.hosts === null) return true;
    let { host } = request;
    for (const name of this.hostHeaders) {
      const value = request.headerList.first(name);
      if (value) {
        host = value;
        break;
      }
    }
    return this.hosts.has(host.toLowerCase());
  }

  /** The client's side is HTTPS, here or at a proxy in front. */
  isSecure(request: LazyRequest, exchange: Exchange): boolean {
    if (request.scheme === "https" || exchange.downstream.tls !== null) return true;
    for (const [name, value] of this.sslHeaders) {
      if (request.headerList.first(name) === value) return true;
    }
    return false;
  }

  /** What happens to a response's fields. */
  edits(secure: boolean, nonce = ""): FieldEdit[] {
    const { options } = this;
    const edits: FieldEdit[] = [];
    const set = (name: string, value: string | undefined) => {
      if (value) edits.push(fieldEdit(name, value));
    };
    const { stsSeconds = 0, isDevelopment = false } = options;
    if (stsSeconds !== 0 && (secure || options.forceSTSHeader) && !isDevelopment) {
      const subdomains = options.stsIncludeSubdomains ? "; includeSubDomains" : "";
      const preload = options.stsPreload ? "; preload" : "";
      set("Strict-Transport-Security", `max-age=${stsSeconds}${subdomains}${preload}`);
    }
    set("X-Frame-Options", options.customFrameOptionsValue || (options.frameDeny ? "DENY" : ""));
    set("X-Content-Type-Options", options.contentTypeNosniff ? "nosniff" : "");
    set(
      "X-XSS-Protection",
      options.customBrowserXSSValue || (options.browserXssFilter ? "1; mode=block" : ""),
    );
    if (secure && !isDevelopment) set("Public-Key-Pins", options.publicKey);
    const withNonce = (policy = "") => policy.replaceAll(NONCE, () => `'nonce-${nonce}'`);
    set("Content-Security-Policy", withNonce(options.contentSecurityPolicy));
    set("Content-Security-Policy-Report-Only", withNonce(options.contentSecurityPolicyReportOnly));
    set("Referrer-Policy", options.referrerPolicy);
    set("Permissions-Policy", options.permissionsPolicy);
    return edits;
  }
}

/** 16 random bytes in base64 without padding. */
export function randomNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
}

function isSet(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
