import { type HttpClient, jsonLines, textOf } from "../../net/clients/http-client.ts";

export interface NomadPlace {
  /** A URL. */
  readonly address: string;
  readonly region: string;
  readonly token: string;
  /** "" for the default one. */
  readonly namespace: string;
  /** Any server may answer, not only the leader. */
  readonly stale: boolean;
}

export interface ListedService {
  readonly ServiceName: string;
  readonly Tags?: readonly string[] | null;
}

/** An instance of a service. */
export interface Registration {
  readonly ID: string;
  readonly ServiceName: string;
  /** "" for a service that has no instance. */
  readonly Address: string;
  readonly Port: number;
  readonly Tags?: readonly string[] | null;
}

interface ListedJob {
  readonly ID: string;
  readonly JobModifyIndex?: number;
}

interface JobService {
  readonly Name: string;
  readonly TaskName?: string;
  readonly Tags?: readonly string[] | null;
}

interface Job {
  readonly ID: string;
  readonly TaskGroups?: readonly {
    readonly Name: string;
    readonly Count?: number;
    readonly Scaling?: { readonly Enabled?: boolean } | null;
    readonly Services?: readonly JobService[] | null;
    readonly Tasks?: readonly { readonly Services?: readonly JobService[] | null }[] | null;
  }[];
}

const MAX_ANSWER = 64 * 1024 * 1024;
const MAX_EVENT = 4 * 1024 * 1024;

/** Jobs that are asked for at once. */
const CONCURRENCY = 8;

/**
 * The parts of Nomad's HTTP API that the provider asks.
 * Source: Nomad's documentation, "Services", "Jobs" and "Events".
 */
export class NomadApi {
  private readonly place: NomadPlace;
  private readonly client: HttpClient;
  /** Services of jobs without instances, as long as the job stays the same. */
  private jobs = new Map<string, { readonly index: number; readonly empty: Registration[] }>();

  constructor(place: NomadPlace, client: HttpClient) {
    this.place = place;
    this.client = client;
  }

  async services(signal: AbortSignal): Promise<readonly ListedService[]> {
    const lists = (await this.get("/v1/services", signal)) as readonly {
      readonly Services: readonly ListedService[];
    }[];
    return lists.flatMap(({ Services }) => Services);
  }

  async instances(name: string, signal: AbortSignal): Promise<readonly Registration[]> {
    const path = `/v1/service/${encodeURIComponent(name)}`;
    return (await this.get(path, signal)) as readonly Registration[];
  }

  /** The services of task groups that are scaled to none, which Nomad doesn't list. */
  async emptyServices(signal: AbortSignal): Promise<readonly Registration[]> {
    const listed = [...((await this.get("/v1/jobs", signal)) as readonly ListedJob[])];
    const jobs: typeof this.jobs = new Map();
    const next = async (): Promise<void> => {
      for (let job = listed.pop(); job !== undefined; job = listed.pop()) {
        const index = job.JobModifyIndex ?? 0;
        const known = this.jobs.get(job.ID);
        const path = `/v1/job/${encodeURIComponent(job.ID)}`;
        const same = known !== undefined && index !== 0 && known.index === index;
        const empty = same ? known.empty : emptyOf((await this.get(path, signal)) as Job);
        jobs.set(job.ID, { index, empty });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, next));
    this.jobs = jobs;
    return [...jobs.values()].flatMap(({ empty }) => empty);
  }

  /**
   * Subscribes to events of services. Resolves once Nomad has taken the subscription; the iteration ends
   * with the connection.
   */
  async serviceEvents(signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const path = "/v1/event/stream";
    const response = await this.client.request({
      ...this.request(path, { topic: "Service" }),
      signal,
    });
    if (response.status !== 200)
      throw new Error(
        `${path} was answered ${response.status}: ${(await textOf(response, MAX_ANSWER)).slice(0, 200)}`,
      );
    return eventsOf(response.body);
  }

  /** The parsed answer. */
  private async get(path: string, signal: AbortSignal): Promise<unknown> {
    const stale: Record<string, string> = this.place.stale ? { stale: "" } : {};
    const response = await this.client.request({ ...this.request(path, stale), signal });
    const text = await textOf(response, MAX_ANSWER);
    if (response.status !== 200)
      throw new Error(`${path} was answered ${response.status}: ${text.slice(0, 200)}`);
    return JSON.parse(text);
  }

  private request(path: string, query: Readonly<Record<string, string>>) {
    const { address, namespace, region, token } = this.place;
    const url = new URL(address.replace(/\/+$/, "") + path);
    if (namespace !== "") url.searchParams.set("namespace", namespace);
    if (region !== "") url.searchParams.set("region", region);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers: Record<string, string> = token === "" ? {} : { "X-Nomad-Token": token };
    return { url: url.href, headers };
  }
}

function emptyOf({ ID, TaskGroups = [] }: Job): Registration[] {
  return TaskGroups.filter(
    ({ Count, Scaling }) => Scaling?.Enabled === true && Count === 0,
  ).flatMap(({ Name: group, Services, Tasks }) =>
    [...(Services ?? []), ...(Tasks ?? []).flatMap(({ Services }) => Services ?? [])].map(
      ({ Name, TaskName = "", Tags = [] }) => ({
        ID: `${ID}-${group}-${TaskName}-${Name}`,
        ServiceName: Name,
        Address: "",
        Port: 0,
        Tags,
      }),
    ),
  );
}

/** Lines without events are signs of life. */
async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  for await (const line of jsonLines(body, MAX_EVENT)) {
    const { Events } = line as { readonly Events?: readonly unknown[] | null };
    if ((Events?.length ?? 0) > 0) yield line;
  }
}
