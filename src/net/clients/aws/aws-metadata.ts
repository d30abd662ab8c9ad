import { type HttpClient, textOf } from "../http-client.ts";

/** Metadata services are on the same machine or link: they answer at once or aren't there. Milliseconds. */
const TIMEOUT = 2000;
const MAX_ANSWER = 1024 * 1024;

/** An address of the machine's own link. */
const HOST = "http://169.254.169.254";

/**
 * What asks the machine's metadata service (its second version: a token first) for a path such as
 * "meta-data/placement/region". Rejects where there is none.
 * Source: Amazon EC2 "Use the Instance Metadata Service".
 */
export async function machineMetadata(
  env: Readonly<Record<string, string | undefined>>,
  http: HttpClient,
  signal: AbortSignal,
): Promise<(path: string) => Promise<string>> {
  if (/^true$/i.test(env["AWS_EC2_METADATA_DISABLED"] ?? ""))
    throw new Error("AWS_EC2_METADATA_DISABLED is set");
  const host = (env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || HOST).replace(/\/$/, "");
  const life = { "X-aws-ec2-metadata-token-ttl-seconds": "21600" };
  const token = await askMetadata(http, "PUT", `${host}/latest/api/token`, life, signal);
  const headers = { "X-aws-ec2-metadata-token": token };
  return (path) => askMetadata(http, "GET", `${host}/latest/${path}`, headers, signal);
}

/** Asks a metadata service. Rejects where it answers with anything but 200. */
export async function askMetadata(
  http: HttpClient,
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const length: Record<string, string> = method === "GET" ? {} : { "Content-Length": "0" };
  const response = await http.request({
    method,
    url,
    headers: { ...headers, ...length },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
  });
  const text = await textOf(response, MAX_ANSWER);
  if (response.status !== 200) throw new Error(`${method} ${url}: ${response.status}`);
  return text;
}
