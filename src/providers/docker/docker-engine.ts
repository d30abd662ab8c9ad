import { base64Of } from "../../net/clients/base64.ts";
import {
  type HttpClient,
  type HttpClientResponse,
  type HttpClientTls,
  jsonLines,
  textOf,
} from "../../net/clients/http-client.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { ContainerInspection } from "./docker-container.ts";

export interface DockerEngineOptions {
  /** unix:///path, tcp://host:port, http://host:port, https://host:port, or ssh://user@host:port. */
  readonly endpoint: string;
  readonly tls?: HttpClientTls;
  /** For HTTP basic authentication; "" for none. */
  readonly username: string;
  readonly password: string;
  /** Of an answer, the stream of events excepted; 0 for none. Milliseconds. */
  readonly timeout: number;
}

/** Something that happened to a container or a network. */
export interface DockerEvent {
  readonly type: string;
  readonly action: string;
  /** The container that it happened to; "" for none. */
  readonly container: string;
}

/** Bytes of one answer: a thousand services with all their labels are about 10 MB. */
const MAX_ANSWER = 256 * 1024 * 1024;
const MAX_EVENT = 4 * 1024 * 1024;

/** Seconds for ssh to connect. */
const SSH_TIMEOUT = 30;

/**
 * What Docker's own client runs for an endpoint such as ssh://user@host:22/var/run/docker.sock: the engine's
 * client there connects this one's pipes with its socket. Undefined where it is no such endpoint.
 */
function sshCommand(endpoint: string): string[] | undefined {
  const [, user, host, port, path] =
    /^ssh:\/\/(?:([^\s@/:-][^\s@/:]*)@)?([a-z0-9][^\s@/:]*|\[[0-9a-f:]+\])(?::(\d{1,5}))?(\/\S*)?$/i.exec(
      endpoint,
    ) ?? [];
  if (host === undefined) return undefined;
  const engine = path === undefined || path === "/" ? [] : ["--host", `unix://${path}`];
  return [
    ...["ssh", "-T", "-o", `ConnectTimeout=${SSH_TIMEOUT}`, "-o", "BatchMode=yes"],
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", port]),
    ...["--", host.replace(/^\[|\]$/g, "")],
    ...["docker", ...engine, "system", "dial-stdio"],
  ];
}

/** The interface of a Docker engine (or of Podman), as far as it is asked. */
export class DockerEngine {
  private readonly client: HttpClient;
  private readonly origin: string;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly timeout: number;

  /** Throws an Error where the endpoint is none of those that can be asked. */
  constructor(options: DockerEngineOptions, runtime: Pick<Runtime, "httpClient">) {
    const { endpoint, tls, username, password } = options;
    const url = /^([a-z]+):\/\/(.+)$/.exec(endpoint);
    const refuse = (found: string) =>
      new Error(
        `expected an endpoint such as unix:///var/run/docker.sock or tcp://127.0.0.1:2375, found ${found}`,
      );
    if (url === null) throw refuse(`"${endpoint}"`);
    const [, scheme, rest] = url;
    if (scheme === "unix") {
      this.origin = "http://docker";
      this.client = runtime.httpClient({ socketPath: rest });
    } else if (scheme === "ssh") {
      const command = sshCommand(endpoint);
      if (command === undefined) throw refuse(`"${endpoint}"`);
      this.origin = "http://docker";
      this.client = runtime.httpClient({ command });
    } else if (scheme === "tcp" || scheme === "http" || scheme === "https") {
      const secure = scheme === "https" || (scheme === "tcp" && tls !== undefined);
      this.origin = `${secure ? "https" : "http"}://${rest.replace(/\/+$/, "")}`;
      if (!URL.canParse(this.origin)) throw refuse(`"${endpoint}"`);
      this.client = runtime.httpClient({ tls });
    } else {
      throw refuse(`"${endpoint}"`);
    }
    this.headers =
      username === "" ? {} : { Authorization: `Basic ${base64Of(`${username}:${password}`)}` };
    this.timeout = options.timeout;
  }

  /** The ids of all containers, of those that don't run too. */
  async containerIds(signal: AbortSignal): Promise<readonly string[]> {
    const list = (await this.get("/containers/json?all=1", signal)) as { readonly Id: string }[];
    return list.map(({ Id }) => Id);
  }

  /** Undefined where the container is gone. */
  async inspect(id: string, signal: AbortSignal): Promise<ContainerInspection | undefined> {
    const path = `/containers/${encodeURIComponent(id)}/json`;
    return (await this.get(path, signal, 404)) as ContainerInspection | undefined;
  }

  /** Any other list of the engine's. Rejects with what the engine says where it refuses. */
  async get(path: string, signal: AbortSignal, missing = 0): Promise<unknown> {
    const limit = this.timeout > 0 ? AbortSignal.timeout(this.timeout) : undefined;
    const response = await this.ask(
      path,
      limit === undefined ? signal : AbortSignal.any([signal, limit]),
    );
    const text = await textOf(response, MAX_ANSWER);
    if (response.status === missing) return undefined;
    if (response.status !== 200) throw new Error(refusalOf(path, response, text));
    return JSON.parse(text);
  }

  /**
   * Subscribes to events of these types. Resolves once the engine has taken the subscription:
   * nothing that happens from then on is missed. The iteration ends with the connection.
   */
  async events(types: readonly string[], signal: AbortSignal): Promise<AsyncIterable<DockerEvent>> {
    const filters = encodeURIComponent(JSON.stringify({ type: types }));
    const path = `/events?filters=${filters}`;
    const response = await this.ask(path, signal);
    if (response.status !== 200)
      throw new Error(refusalOf(path, response, await textOf(response, MAX_ANSWER)));
    return eventsOf(response);
  }

  close(): void {
    this.client.close();
  }

  private ask(path: string, signal: AbortSignal): Promise<HttpClientResponse> {
    return this.client.request({ url: this.origin + path, headers: this.headers, signal });
  }
}

async function* eventsOf({ body }: HttpClientResponse): AsyncGenerator<DockerEvent> {
  for await (const value of jsonLines(body, MAX_EVENT)) {
    const { Type, Action, Actor } = value as {
      readonly Type?: string;
      readonly Action?: string;
      readonly Actor?: { readonly ID?: string; readonly Attributes?: Record<string, string> };
    };
    const container = Type === "container" ? Actor?.ID : Actor?.Attributes?.["container"];
    yield { type: Type ?? "", action: Action ?? "", container: container ?? "" };
  }
}

function refusalOf(path: string, { status }: HttpClientResponse, text: string): string {
  let message = text.slice(0, 200).trim();
  try {
    message = String((JSON.parse(text) as { message?: string }).message ?? message);
  } catch {
    // What stands in front of the engine answers in words of its own.
  }
  return `the engine answered ${status} to ${path.split("?")[0]}: ${message}`;
}
