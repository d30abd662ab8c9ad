import { messageOf } from "../../../core/errors.ts";
import type { Files } from "../../runtime.ts";
import { type HttpClient, textOf } from "../http-client.ts";
import { readXml } from "../xml.ts";
import { AwsClient } from "./aws-client.ts";
import { askMetadata, machineMetadata } from "./aws-metadata.ts";
import { type AwsProfile, readAwsProfiles } from "./aws-profile.ts";
import type { AwsCredentials } from "./aws-signature.ts";

export interface AwsEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Pick<Files, "read">;
  readonly http: HttpClient;
}

export interface AssumedRole {
  readonly arn: string;
  readonly externalId?: string;
}

interface Temporary {
  readonly credentials: AwsCredentials;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** How long before their end credentials are got anew, in milliseconds. */
const MARGIN = 300_000;

const STS_TIMEOUT = 30_000;
const MAX_ANSWER = 1024 * 1024;

/** Where containers ask for their credentials: an address of their own link. */
const CONTAINER_HOST = "http://169.254.170.2";

/**
 * Credentials where AWS's own tools find them, in their order: the environment, a web identity, a profile's
 * file, the container's, the machine's; and then of a role, where one is named. They are kept until
 * shortly before their end.
 * Source: AWS SDKs "Standardized credential providers".
 */
export class AwsCredentialChain {
  private readonly from: AwsEnvironment;
  private readonly role: AssumedRole | undefined;
  private kept: Temporary | undefined;

  constructor(from: AwsEnvironment, role?: AssumedRole) {
    this.from = from;
    this.role = role;
  }

  /** Rejects with an Error that says where none were found. */
  async get(signal: AbortSignal): Promise<AwsCredentials> {
    if (this.kept !== undefined && this.kept.until > Date.now()) return this.kept.credentials;
    let found = await this.find(signal);
    if (this.role !== undefined) found = await this.assume(this.role, found.credentials, signal);
    this.kept = { ...found, until: found.until - MARGIN };
    return found.credentials;
  }

  private async find(signal: AbortSignal): Promise<Temporary> {
    const { env } = this.from;
    const [id, secret] = [env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]];
    if (id && secret) return forever(id, secret, env["AWS_SESSION_TOKEN"]);
    if (id || secret)
      throw new Error(
        "expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, found one of them",
      );
    if (env["AWS_WEB_IDENTITY_TOKEN_FILE"] && env["AWS_ROLE_ARN"])
      return this.webIdentity(env["AWS_WEB_IDENTITY_TOKEN_FILE"], env["AWS_ROLE_ARN"], signal);
    const found = (await this.profile(signal)) ?? (await this.container(signal));
    if (found !== undefined) return found;
    try {
      return await this.machine(signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(
        "found no AWS credentials: not in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor in a profile's file, " +
          `nor by a role of the container or machine (${messageOf(error)})`,
      );
    }
  }

  private async profile(signal: AbortSignal): Promise<Temporary | undefined> {
    const { env, files } = this.from;
    const name = env["AWS_PROFILE"] || "default";
    const profiles = await readAwsProfiles(env, files);
    const profile = profiles.get(name);
    if (profile === undefined) {
      if (env["AWS_PROFILE"]) throw new Error(`AWS_PROFILE: there is no profile "${name}"`);
      return undefined;
    }
    const own = ofProfile(profile);
    const arn = profile["role_arn"];
    if (arn === undefined) return own;
    const source = ofProfile(profiles.get(profile["source_profile"] ?? "") ?? {});
    if (source === undefined)
      throw new Error(`the AWS profile "${name}" has a role_arn and no source_profile with a key`);
    const externalId = profile["external_id"];
    const role = { arn, ...(externalId !== undefined && { externalId }) };
    return this.assume(role, source.credentials, signal);
  }

  private async container(signal: AbortSignal): Promise<Temporary | undefined> {
    const { env, files } = this.from;
    const relative = env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
    const url = relative
      ? `${CONTAINER_HOST}${relative}`
      : env["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    if (!url) return undefined;
    const file = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
    const token = file
      ? new TextDecoder().decode(await files.read(file)).trim()
      : env["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
    const headers: Record<string, string> = token ? { Authorization: token } : {};
    return ofMetadata(await askMetadata(this.from.http, "GET", url, headers, signal));
  }

  private async machine(signal: AbortSignal): Promise<Temporary> {
    const { env, http } = this.from;
    const get = await machineMetadata(env, http, signal);
    const path = "meta-data/iam/security-credentials/";
    const [role] = (await get(path)).split("\n");
    return ofMetadata(await get(`${path}${role.trim()}`));
  }

  private async webIdentity(file: string, arn: string, signal: AbortSignal): Promise<Temporary> {
    const { env, files, http } = this.from;
    const token = new TextDecoder().decode(await files.read(file)).trim();
    const body = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: arn,
      RoleSessionName: env["AWS_ROLE_SESSION_NAME"] || "sluice",
      WebIdentityToken: token,
    }).toString();
    // The token is the proof: nothing is signed.
    const response = await http.request({
      method: "POST",
      url: `${stsEndpoint(env)}/`,
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": String(body.length),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(STS_TIMEOUT)]),
    });
    const text = await textOf(response, MAX_ANSWER);
    if (response.status !== 200)
      throw new Error(`sts: ${response.status} ${readXml(text).textOf("Message") ?? ""}`);
    return ofSts(text);
  }

  private async assume(
    { arn, externalId }: AssumedRole,
    credentials: AwsCredentials,
    signal: AbortSignal,
  ): Promise<Temporary> {
    const { env, http } = this.from;
    const client = new AwsClient({
      service: "sts",
      region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "us-east-1",
      endpoint: stsEndpoint(env),
      credentials: async () => credentials,
      http,
      timeout: STS_TIMEOUT,
      attempts: 3,
    });
    const body = new URLSearchParams({
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: arn,
      RoleSessionName: env["AWS_ROLE_SESSION_NAME"] || "sluice",
      ...(externalId !== undefined && { ExternalId: externalId }),
    }).toString();
    const headers = { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" };
    return ofSts(await client.send({ method: "POST", path: "/", headers, body }, signal));
  }
}

function stsEndpoint(env: Readonly<Record<string, string | undefined>>): string {
  const given = env["AWS_ENDPOINT_URL_STS"] || env["AWS_ENDPOINT_URL"];
  if (given) return given.replace(/\/$/, "");
  const region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"];
  if (!region) return "https://sts.amazonaws.com";
  return `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

function forever(accessKeyId: string, secretAccessKey: string, sessionToken?: string): Temporary {
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    until: Number.POSITIVE_INFINITY,
  };
}

function ofProfile(profile: AwsProfile): Temporary | undefined {
  const id = profile["aws_access_key_id"];
  const secret = profile["aws_secret_access_key"];
  return id && secret ? forever(id, secret, profile["aws_session_token"]) : undefined;
}

function ofMetadata(text: string): Temporary {
  const found = JSON.parse(text) as Readonly<Record<string, string | undefined>>;
  return temporary(
    found["AccessKeyId"],
    found["SecretAccessKey"],
    found["Token"],
    found["Expiration"],
  );
}

function ofSts(text: string): Temporary {
  const answer = readXml(text);
  const [id, secret, token, until] = [
    "AccessKeyId",
    "SecretAccessKey",
    "SessionToken",
    "Expiration",
  ].map((name) => answer.textOf(name));
  return temporary(id, secret, token, until);
}

function temporary(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
  expiration: string | undefined,
): Temporary {
  const until = Date.parse(expiration ?? "");
  if (!accessKeyId || !secretAccessKey || Number.isNaN(until))
    throw new Error("expected AWS credentials with an expiration, found something else");
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    until,
  };
}
