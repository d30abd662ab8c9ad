import type { Agent, IncomingMessage, RequestOptions } from "node:http";
import process from "node:process";
import {
  environmentProxy,
  proxyAuthorization,
} from "../../../src/net/clients/environment-proxy.ts";
import type {
  HttpClient,
  HttpClientOptions,
  HttpClientRequest,
  HttpClientResponse,
} from "../../../src/net/clients/http-client.ts";
import { systemRoots } from "../tls/system-roots.ts";

/** Connections to one server, and programs that are connections: sshd lets ten begin at once. */
const MAX_SOCKETS = 16;
const MAX_PROGRAMS = 4;

/**
 * The control plane's HTTP client over node:http and node:https, which both runtimes have. They are
 * loaded at the first request: a router without such providers doesn't pay for them. Proxies are those
 * of the environment.
 */
export function nodeHttpClient(
  { command, socketPath, tls }: HttpClientOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): HttpClient {
  const agents: Agent[] = [];
  const agentOf: Partial<Record<string, Promise<Caller>>> = {};
  const direct = command !== undefined || socketPath !== undefined;
  const callerFor = ({ protocol }: URL, proxy: URL | undefined): Promise<Caller> =>
    (agentOf[`${protocol} ${proxy?.href}`] ??= load(protocol).then(async ({ Agent, request }) => {
      const maxSockets = command === undefined ? MAX_SOCKETS : MAX_PROGRAMS;
      const agent = new Agent({ keepAlive: true, maxSockets });
      if (command !== undefined) {
        const { programConnection } = await import("./program-connection.ts");
        agent.createConnection = () => programConnection(command);
      }
      if (proxy !== undefined && protocol === "https:") {
        const { proxyTunnel } = await import("./proxy-tunnel.ts");
        agent.createConnection = (await proxyTunnel(proxy)) as typeof agent.createConnection;
      }
      agents.push(agent);
      return { agent, request };
    }));
  /** A proxy is asked for the whole URL where there is no TLS (RFC 9112 section 3.2.2). */
  const byProxy = async (proxy: URL, url: URL, wanted: HttpClientRequest) => {
    const { agent, request } = await callerFor(proxy, undefined);
    const options = {
      hostname: proxy.hostname,
      port: proxy.port,
      path: url.href,
      method: wanted.method ?? "GET",
      headers: {
        "User-Agent": "Sluice",
        ...wanted.headers,
        Host: url.host,
        ...proxyAuthorization(proxy),
      },
      agent,
    };
    return send((onResponse) => request(options, onResponse), wanted);
  };
  return {
    async request(wanted) {
      const url = new URL(wanted.url);
      const proxy = direct ? undefined : environmentProxy(url, env);
      if (proxy !== undefined && url.protocol === "http:") return byProxy(proxy, url, wanted);
      const { agent, request } = await callerFor(url, proxy);
      const secure = url.protocol === "https:" && {
        ...(tls?.ca !== undefined && {
          ca: tls.systemRoots === true ? [...systemRoots(), tls.ca] : tls.ca,
        }),
        ...(tls?.serverName !== undefined && { servername: tls.serverName }),
        ...(tls?.keyPair !== undefined && {
          cert: tls.keyPair.certificate,
          key: tls.keyPair.privateKey,
        }),
        rejectUnauthorized: tls?.verify ?? true,
      };
      const options: RequestOptions & { servername?: string } = {
        method: wanted.method ?? "GET",
        headers: { "User-Agent": "Sluice", ...wanted.headers },
        agent,
        ...(socketPath !== undefined && { socketPath }),
        ...secure,
      };
      return send((onResponse) => request(url, options, onResponse), wanted);
    },
    close() {
      for (const agent of agents) agent.destroy();
    },
  };
}

interface Caller {
  readonly agent: Agent;
  readonly request: typeof import("node:http").request;
}

async function load(protocol: string): Promise<{
  Agent: typeof Agent;
  request: Caller["request"];
}> {
  if (protocol === "http:") return import("node:http");
  if (protocol === "https:") return import("node:https");
  throw new Error(`expected a URL with http or https, found "${protocol}"`);
}

function send(
  begin: (onResponse: (message: IncomingMessage) => void) => import("node:http").ClientRequest,
  { body, signal }: HttpClientRequest,
): Promise<HttpClientResponse> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let answer: IncomingMessage | undefined;
    const outgoing = begin((message) => {
      answer = message;
      message.once("close", () => signal?.removeEventListener("abort", stop));
      resolve({
        status: message.statusCode ?? 0,
        headers: headersOf(message),
        body: message,
      });
    });
    const stop = () => {
      reject(signal!.reason);
      answer?.destroy(signal!.reason as Error);
      outgoing.destroy();
    };
    signal?.addEventListener("abort", stop, { once: true });
    outgoing.on("error", (error) => {
      signal?.removeEventListener("abort", stop);
      reject(error);
    });
    outgoing.end(body);
  });
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}
