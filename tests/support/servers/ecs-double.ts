import { createHash } from "node:crypto";
import { signAwsRequest } from "../../../src/net/clients/aws/aws-signature.ts";

/** A container of a task, as its definition and its run have it. */
export interface EcsDoubleContainer {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Ports inside, and outside. */
  readonly ports?: Readonly<Record<number, number>>;
}

export interface EcsDoubleTask {
  readonly id: string;
  readonly group?: string;
  readonly containers: readonly EcsDoubleContainer[];
  /** In a network of its own; else on a machine. */
  readonly address?: string;
  /** The id of a machine: "i-..." or "mi-...". */
  readonly machine?: string;
  readonly status?: string;
  readonly health?: string;
}

const ACCESS_KEY = "AKIADOUBLE";
const SECRET = "ecs-secret-0123456789";

/** Names on a page. */
const PAGE = 100;

/**
 * Stands for Amazon ECS with EC2 and Systems Manager, written from their API references: lists with
 * pages, tasks, definitions and instances. No such service can be had for the tests. It checks each
 * request's signature.
 */
export class EcsDouble implements Disposable {
  /** Tasks by the names of their clusters. */
  readonly clusters = new Map<string, readonly EcsDoubleTask[]>();
  /** Addresses of machines that run, by id. */
  readonly machines = new Map<string, string>();
  /** Actions that were asked for. */
  readonly asked: string[] = [];
  /** Instead of an answer. */
  broken: Response | undefined;
  secret = SECRET;
  private readonly port: number;
  private server;

  constructor(port = 0) {
    this.server = this.listen(port);
    this.port = this.server.port!;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** With which the provider reaches it. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.url,
      AWS_REGION: "eu-west-1",
      AWS_MAX_ATTEMPTS: "1",
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET,
    };
  }

  stop(): void {
    void this.server.stop(true);
  }

  start(): void {
    this.server = this.listen(this.port);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  private listen(port: number) {
    return Bun.serve({
      hostname: "127.0.0.1",
      port,
      fetch: async (request) => this.answer(request, await request.text()),
    });
  }

  private async answer(request: Request, body: string): Promise<Response> {
    const target = request.headers.get("x-amz-target") ?? "";
    const form = new URLSearchParams(target === "" ? body : "");
    const [service, action] =
      target === "" ? ["ec2", form.get("Action") ?? ""] : [serviceOf(target), target.split(".")[1]];
    this.asked.push(action);
    if (this.broken !== undefined) return this.broken.clone();
    if (!(await this.isSigned(request, body, service)))
      return Response.json(
        { __type: "InvalidSignatureException", message: `The signature does not match ${body}` },
        { status: 403 },
      );
    if (action === "DescribeInstances") return this.describeInstances(form);
    const input = JSON.parse(body) as Readonly<Record<string, unknown>>;
    const tasks = this.clusters.get(String(input["cluster"]));
    switch (action) {
      case "ListClusters":
        return page("clusterArns", [...this.clusters.keys()], input);
      case "ListTasks":
        if (tasks === undefined)
          return Response.json(
            { __type: "ClusterNotFoundException", message: "Cluster not found." },
            { status: 400 },
          );
        return page(
          "taskArns",
          tasks.map(({ id }) => arnOf(id)),
          input,
        );
      case "DescribeTasks":
        return Response.json({
          tasks: tasks!
            .filter(({ id }) => (input["tasks"] as string[]).includes(arnOf(id)))
            .map(describeTask),
          failures: [],
        });
      case "DescribeTaskDefinition":
        return this.describeDefinition(String(input["taskDefinition"]));
      case "DescribeContainerInstances":
        return Response.json({
          containerInstances: (input["containerInstances"] as string[]).map((arn) => ({
            containerInstanceArn: arn,
            ec2InstanceId: arn.split("/").at(-1),
          })),
        });
      case "DescribeInstanceInformation": {
        const [{ Values }] = input["Filters"] as [{ Values: string[] }];
        return Response.json({
          InstanceInformationList: Values.flatMap((InstanceId) => {
            const IPAddress = this.machines.get(InstanceId);
            return IPAddress === undefined ? [] : [{ InstanceId, IPAddress }];
          }),
        });
      }
    }
    return Response.json({ __type: "UnknownOperationException" }, { status: 400 });
  }

  private describeDefinition(arn: string): Response {
    const task = [...this.clusters.values()].flat().find((task) => definitionOf(task) === arn);
    if (task === undefined)
      return Response.json(
        { __type: "ClientException", message: "Unable to describe task definition." },
        { status: 400 },
      );
    return Response.json({
      taskDefinition: {
        networkMode: task.address === undefined ? "bridge" : "awsvpc",
        containerDefinitions: task.containers.map(({ name, labels, ports = {} }) => ({
          name,
          dockerLabels: labels,
          portMappings: Object.entries(ports).map(([containerPort, hostPort]) => ({
            containerPort: Number(containerPort),
            hostPort,
            protocol: "tcp",
          })),
        })),
      },
    });
  }

  private describeInstances(form: URLSearchParams): Response {
    const items = [...form]
      .filter(([key]) => key.startsWith("InstanceId."))
      .map(([, id]) => {
        const address = this.machines.get(id);
        const state = address === undefined ? "stopped" : "running";
        return `<item><instanceId>${id}</instanceId><instanceState><code>16</code><name>${state}</name></instanceState><privateIpAddress>${address ?? ""}</privateIpAddress><networkInterfaceSet><item><privateIpAddress>192.0.2.99</privateIpAddress></item></networkInterfaceSet></item>`;
      });
    return new Response(
      `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><reservationId>r</reservationId><instancesSet>${items.join("")}</instancesSet></item></reservationSet></DescribeInstancesResponse>`,
    );
  }

  private async isSigned(request: Request, body: string, service: string): Promise<boolean> {
    const { headers, method, url } = request;
    const [, year, month, day, hour, minute, second] =
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers.get("x-amz-date") ?? "") ?? [];
    const names = /SignedHeaders=([^,]+)/.exec(headers.get("authorization") ?? "")?.[1] ?? "";
    const sent = Object.fromEntries(
      names
        .split(";")
        .filter((name) => name !== "host" && name !== "x-amz-date")
        .map((name) => [name, headers.get(name) ?? ""]),
    );
    const signed = await signAwsRequest(
      { method, url, headers: sent, body },
      { accessKeyId: ACCESS_KEY, secretAccessKey: this.secret },
      { region: "eu-west-1", service },
      Date.UTC(+year, +month - 1, +day, +hour, +minute, +second),
    );
    return signed["Authorization"] === headers.get("authorization");
  }
}

const serviceOf = (target: string) => (target.startsWith("AmazonSSM.") ? "ssm" : "ecs");

const arnOf = (id: string) => `arn:aws:ecs:eu-west-1:1:task/x/${id}`;

/** Another one for each change, as a revision is. */
const definitionOf = (task: EcsDoubleTask) =>
  `arn:aws:ecs:eu-west-1:1:task-definition/${createHash("sha1").update(JSON.stringify(task.containers)).digest("hex")}:1`;

function describeTask(task: EcsDoubleTask): object {
  const { address, machine } = task;
  return {
    taskArn: arnOf(task.id),
    taskDefinitionArn: definitionOf(task),
    group: task.group ?? `service:${task.id}`,
    lastStatus: task.status ?? "RUNNING",
    healthStatus: task.health ?? "UNKNOWN",
    attachments: address === undefined ? [] : [{ type: "ElasticNetworkInterface" }],
    ...(machine !== undefined && {
      containerInstanceArn: `arn:aws:ecs:eu-west-1:1:container-instance/x/${machine}`,
    }),
    containers: task.containers.map(({ name, ports = {} }) => ({
      name,
      networkInterfaces: address === undefined ? [] : [{ privateIpv4Address: address }],
      networkBindings:
        machine === undefined
          ? []
          : Object.entries(ports).map(([containerPort, hostPort]) => ({
              containerPort: Number(containerPort),
              hostPort,
            })),
    })),
  };
}

function page(
  key: string,
  names: readonly string[],
  input: Readonly<Record<string, unknown>>,
): Response {
  const from = Number(input["nextToken"] ?? 0);
  const next = from + PAGE;
  return Response.json({
    [key]: names.slice(from, next),
    ...(next < names.length && { nextToken: String(next) }),
  });
}
