import { AwsClient } from "../../net/clients/aws/aws-client.ts";
import type { AwsCredentials } from "../../net/clients/aws/aws-signature.ts";
import type { HttpClient } from "../../net/clients/http-client.ts";
import { readXml } from "../../net/clients/xml.ts";

export interface EcsApiOptions {
  readonly region: string;
  credentials(signal: AbortSignal): Promise<AwsCredentials>;
  /** AWS's own variables may name other endpoints. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly http: HttpClient;
}

/** A container of a task, as DescribeTasks has it. */
export interface EcsContainer {
  readonly name?: string;
  readonly networkInterfaces?: readonly {
    readonly privateIpv4Address?: string;
    readonly ipv6Address?: string;
  }[];
  readonly networkBindings?: readonly PortMapping[];
}

export interface PortMapping {
  readonly containerPort?: number;
  readonly hostPort?: number;
}

export interface EcsTask {
  readonly taskArn: string;
  readonly taskDefinitionArn: string;
  readonly containerInstanceArn?: string;
  readonly group?: string;
  readonly lastStatus?: string;
  readonly healthStatus?: string;
  readonly attachments?: readonly unknown[];
  readonly containers?: readonly EcsContainer[];
}

export interface TaskDefinition {
  readonly networkMode?: string;
  readonly containerDefinitions?: readonly {
    readonly name?: string;
    readonly dockerLabels?: Readonly<Record<string, string>>;
    readonly portMappings?: readonly PortMapping[];
  }[];
}

/** A machine that containers run on. */
export interface EcsMachine {
  readonly address: string;
  readonly running: boolean;
}

/** Of one request, in milliseconds. */
const TIMEOUT = 30_000;

/** AWS's default for AWS_MAX_ATTEMPTS. */
const ATTEMPTS = 3;

/** Names in one request (AWS's limit). */
const CHUNK = 100;

/** Pages of one list: more would be a circle. */
const MAX_PAGES = 1000;

/**
 * The parts of AWS's interfaces that the provider asks: ECS (2014-11-13), EC2 (2016-11-15), and Systems
 * Manager for machines outside of AWS.
 */
export class EcsApi {
  private readonly ecs: AwsClient;
  private readonly ec2: AwsClient;
  private readonly ssm: AwsClient;

  constructor(options: EcsApiOptions) {
    const { env, region } = options;
    const attempts = Number(env["AWS_MAX_ATTEMPTS"] || ATTEMPTS);
    const client = (service: string) => {
      const given = env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] || env["AWS_ENDPOINT_URL"];
      const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
      const endpoint = given?.replace(/\/$/, "") ?? `https://${service}.${region}.${domain}`;
      return new AwsClient({ ...options, service, endpoint, timeout: TIMEOUT, attempts });
    };
    this.ecs = client("ecs");
    this.ec2 = client("ec2");
    this.ssm = client("ssm");
  }

  clusters(signal: AbortSignal): Promise<string[]> {
    return this.pages("ListClusters", {}, "clusterArns", signal);
  }

  /** Tasks that run or are to run. */
  async tasks(cluster: string, signal: AbortSignal): Promise<EcsTask[]> {
    const arns = await this.pages(
      "ListTasks",
      { cluster, desiredStatus: "RUNNING" },
      "taskArns",
      signal,
    );
    return this.chunks(arns, async (tasks) => {
      const answer = await this.call<{ tasks?: readonly EcsTask[] }>(
        "DescribeTasks",
        { cluster, tasks },
        signal,
      );
      return answer.tasks ?? [];
    });
  }

  async taskDefinition(arn: string, signal: AbortSignal): Promise<TaskDefinition> {
    const answer = await this.call<{ taskDefinition?: TaskDefinition }>(
      "DescribeTaskDefinition",
      { taskDefinition: arn },
      signal,
    );
    return answer.taskDefinition ?? {};
  }

  /**
   * The machines behind container instances, by the instances' ARNs. Those outside of AWS only where
   * `anywhere` says so.
   */
  async machines(
    cluster: string,
    arns: readonly string[],
    anywhere: boolean,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, EcsMachine>> {
    const instances = await this.chunks(arns, async (containerInstances) => {
      const answer = await this.call<{
        containerInstances?: readonly { containerInstanceArn: string; ec2InstanceId?: string }[];
      }>("DescribeContainerInstances", { cluster, containerInstances }, signal);
      return answer.containerInstances ?? [];
    });
    const ids = instances.flatMap(({ ec2InstanceId }) => ec2InstanceId ?? []);
    const outside = (id: string) => id.startsWith("mi-");
    const machines = new Map([
      ...(await this.ec2Machines(
        ids.filter((id) => !outside(id)),
        signal,
      )),
      ...(anywhere ? await this.outsideMachines(ids.filter(outside), signal) : []),
    ]);
    const found = new Map<string, EcsMachine>();
    for (const { containerInstanceArn, ec2InstanceId } of instances) {
      const machine = machines.get(ec2InstanceId ?? "");
      if (machine !== undefined) found.set(containerInstanceArn, machine);
    }
    return found;
  }

  private ec2Machines(
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<(readonly [string, EcsMachine])[]> {
    return this.chunks(ids, async (chunk) => {
      const form = new URLSearchParams({ Action: "DescribeInstances", Version: "2016-11-15" });
      for (const [index, id] of chunk.entries()) form.set(`InstanceId.${index + 1}`, id);
      const headers = { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" };
      const body = form.toString();
      const answer = readXml(
        await this.ec2.send({ method: "POST", path: "/", headers, body }, signal),
      );
      return answer
        .all("instancesSet")
        .flatMap(({ children }) => children)
        .map((instance) => {
          const own = (name: string) => instance.children.find((child) => child.name === name);
          const machine = {
            address: own("privateIpAddress")?.text ?? "",
            running: own("instanceState")?.textOf("name") === "running",
          };
          return [own("instanceId")?.text ?? "", machine] as const;
        });
    });
  }

  private outsideMachines(
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<(readonly [string, EcsMachine])[]> {
    return this.chunks(ids, async (Values) => {
      const found: (readonly [string, EcsMachine])[] = [];
      let NextToken: string | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const answer = await this.call<{
          InstanceInformationList?: readonly { InstanceId: string; IPAddress?: string }[];
          NextToken?: string;
        }>(
          "DescribeInstanceInformation",
          { Filters: [{ Key: "InstanceIds", Values }], ...(NextToken && { NextToken }) },
          signal,
          this.ssm,
          "AmazonSSM",
        );
        for (const { InstanceId, IPAddress } of answer.InstanceInformationList ?? [])
          found.push([InstanceId, { address: IPAddress ?? "", running: true }]);
        if (!answer.NextToken) break;
        NextToken = answer.NextToken;
      }
      return found;
    });
  }

  private async pages(
    action: string,
    input: object,
    key: string,
    signal: AbortSignal,
  ): Promise<string[]> {
    const found: string[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const more = nextToken === undefined ? {} : { nextToken };
      const answer = await this.call<Record<string, unknown>>(
        action,
        { ...input, ...more },
        signal,
      );
      found.push(...((answer[key] ?? []) as string[]));
      nextToken = answer["nextToken"] as string | undefined;
      if (!nextToken) return found;
    }
    throw new Error(`${action} has more than ${MAX_PAGES} pages`);
  }

  private async chunks<T>(
    names: readonly string[],
    ask: (chunk: readonly string[]) => Promise<readonly T[]>,
  ): Promise<T[]> {
    const found: T[] = [];
    for (let at = 0; at < names.length; at += CHUNK)
      found.push(...(await ask(names.slice(at, at + CHUNK))));
    return found;
  }

  private async call<T>(
    action: string,
    input: object,
    signal: AbortSignal,
    client = this.ecs,
    target = "AmazonEC2ContainerServiceV20141113",
  ): Promise<T> {
    const headers = {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": `${target}.${action}`,
    };
    const body = JSON.stringify(input);
    return JSON.parse(await client.send({ method: "POST", path: "/", headers, body }, signal)) as T;
  }
}
