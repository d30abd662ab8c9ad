import { SealedBox } from "../../../src/middlewares/http/auth/oidc/sealed-box.ts";
import { FLAVOUR } from "../flavour.ts";
import { digestCredentials } from "../http/digest-credentials.ts";
import { get } from "../http/get.ts";

/** What the scene has for middlewares that need more than options. */
export interface ContractPeers {
  /** A server that answers every request with an empty 200. */
  readonly allowing: string;
}

/** A request that is to be sent. */
export interface ContractRequest {
  readonly port: number;
  readonly method: string;
  readonly target: string;
}

/** How one kind of middleware takes part in the contract. */
export interface ContractLine {
  /** Under these the middleware lets the contract's requests pass, and owns no byte of a body. */
  readonly options: object | ((peers: ContractPeers) => object);
  /** Further field lines of each request, or what finds them out for one. */
  readonly fields?: readonly string[] | ((request: ContractRequest) => Promise<readonly string[]>);
  /** It answers itself, always: no request passes. */
  readonly answers?: true;
  /** The trailers of requests are lost, because it sees requests of the platform's own. */
  readonly losesTrailers?: boolean;
  /** What it reads to its end before it goes on, and so doesn't stream. */
  readonly collects?: readonly ("request" | "response")[];
}

const OIDC_SECRET = "a secret of thirty-two bytes or so";

/** Signed with the secret below; good until 2100. */
const TOKEN =
  "eyJhbGciOiAiSFMyNTYifQ.eyJpc3MiOiAiY29udHJhY3QiLCAiYXVkIjogImNvbnRyYWN0IiwgImV4cCI6IDQxMDI0NDQ4MDB9.FmeBRnSX_MAYla0S9Y1ZUugqC80tq2SdmmFoxZS6Uss";

/** Files in the program's directory. */
export const CONTRACT_FILES = {
  "passing.js": "export default () => (next) => (request) => next(request);\n",
};

/**
 * A line for each kind of HTTP middleware: the contract's test fails for a kind that has none. `service`
 * names the contract's own service.
 */
export const CONTRACT_LINES: Readonly<Record<string, ContractLine>> = {
  addPrefix: { options: { prefix: "/added" } },
  apiKey: {
    options: { keys: ["u:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"] },
    fields: ["X-Api-Key: secret"],
  },
  basicAuth: {
    options: { users: ["u:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="] },
    fields: [`Authorization: Basic ${btoa("u:secret")}`],
  },
  bodyLimit: { options: { maxRequestBodyBytes: 1_000_000 } },
  buffering: { options: { memResponseBodyBytes: 2 }, collects: ["request", "response"] },
  cache: { options: { defaultTTL: "1m" } },
  chain: { options: { middlewares: ["addPrefix", "headers"] } },
  circuitBreaker: { options: { expression: "ResponseCodeRatio(599, 600, 0, 600) > 0.5" } },
  compress: { options: {} },
  contentType: { options: {} },
  digestAuth: {
    options: { users: ["u:traefik:440f8965274ecd4931cd982890807df0"] },
    async fields({ port, method, target }) {
      const challenge = (await get(port, target)).header("www-authenticate")!;
      const answer = { user: "u", password: "secret", method, uri: target };
      return [`Authorization: ${digestCredentials(challenge, answer)}`];
    },
  },
  encodedCharacters: { options: {} },
  errors: { options: { status: ["503-599"], service: "service" } },
  files: { options: { root: "." } },
  forwardAuth: { options: ({ allowing }) => ({ address: allowing }) },
  grpcWeb: { options: { allowOrigins: ["*"] } },
  headers: {
    options: { customRequestHeaders: { "X-A": "1" }, customResponseHeaders: { "X-B": "2" } },
  },
  inFlightReq: { options: { amount: 1_000 } },
  ipAllowList: { options: { sourceRange: ["127.0.0.0/8"] } },
  ipDenyList: { options: { sourceRange: ["192.0.2.0/24"] } },
  jwt: {
    options: {
      secret: "a secret of thirty-two bytes or so",
      issuers: ["contract"],
      audiences: ["contract"],
    },
    fields: [`Authorization: Bearer ${TOKEN}`],
  },
  oidc: {
    options: { issuer: "http://127.0.0.1:9", clientId: "contract", secret: OIDC_SECRET },
    async fields() {
      const payload = btoa(JSON.stringify({ sub: "u" })).replace(/=+$/, "");
      const late = 4_102_444_800;
      const session = { id: "1", turn: 0, idToken: `e.${payload}.s`, renewFrom: late, ends: late };
      const box = new SealedBox(
        new TextEncoder().encode(OIDC_SECRET),
        "http://127.0.0.1:9\ncontract",
      );
      return [`Cookie: sluice_session=${await box.seal("session", { ...session, begun: late })}`];
    },
  },
  passTLSClientCert: { options: { pem: true } },
  plugin: {
    options: { passing: { module: "passing.js" } },
    // Deno can't copy lazy requests, so that plugins get native ones.
    losesTrailers: FLAVOUR === "deno",
  },
  rateLimit: { options: { average: 100_000, burst: 100_000 } },
  redirectRegex: { options: { regex: "^http://old[.]test/(.*)", replacement: "/$1" } },
  redirectScheme: { options: { scheme: "http", port: "80" }, fields: ["X-Forwarded-Proto: http"] },
  replacePath: { options: { path: "/replaced" } },
  replacePathRegex: { options: { regex: "^/(.*)$", replacement: "/again/$1" } },
  requestId: { options: {} },
  respond: { options: { body: "fixed" }, answers: true },
  retry: { options: { attempts: 3, status: ["503"], retryNonIdempotentMethod: true } },
  stripPrefix: { options: { prefixes: ["/stripPrefix"] } },
  stripPrefixRegex: { options: { regex: ["^/[a-zA-Z]+"] } },
  timeout: { options: { response: "1m", idle: "1m" } },
};
