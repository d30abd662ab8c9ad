import type { HttpClient } from "../../../../net/clients/http-client.ts";
import { ApiClient, pathOf } from "../../api/api-client.ts";
import { signJwt } from "../../api/jwt.ts";
import { keptToken, oauthToken } from "../../api/oauth-token.ts";
import { pemKey } from "../../api/pem-key.ts";
import type { DnsContext } from "../../dns-provider.ts";

/** Gets tokens for Google's APIs. */
export interface GoogleCredentials {
  token(signal: AbortSignal): Promise<string>;
  /** The project that they belong to; undefined where that isn't known. */
  project(signal: AbortSignal): Promise<string | undefined>;
  readonly secrets: readonly string[];
}

interface KeyFile {
  readonly type?: string;
  readonly project_id?: string;
  readonly quota_project_id?: string;
  readonly client_email?: string;
  readonly private_key?: string;
  readonly private_key_id?: string;
  readonly token_uri?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly refresh_token?: string;
}

const TOKEN_URL = "https://oauth2.googleapis.com/token";
const DNS_SCOPE = "https://www.googleapis.com/auth/ndev.clouddns.readwrite";
const ALL_SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** Milliseconds. */
const TIMEOUT = 30_000;

/**
 * GCE_SERVICE_ACCOUNT, else Google's application default credentials: a file, that of the gcloud tool, the
 * machine's. With GCE_IMPERSONATE_SERVICE_ACCOUNT tokens are another account's.
 * Source: Google "How Application Default Credentials works".
 */
export async function googleCredentials(
  context: DnsContext,
  http: HttpClient,
): Promise<GoogleCredentials> {
  const target = await context.env.optional("GCE_IMPERSONATE_SERVICE_ACCOUNT");
  const scope = target === undefined ? DNS_SCOPE : ALL_SCOPE;
  const own = await ownCredentials(context, scope, http);
  return target === undefined ? own : impersonated(own, target, http);
}

async function ownCredentials(
  { env, runtime }: DnsContext,
  scope: string,
  http: HttpClient,
): Promise<GoogleCredentials> {
  const given = await env.optional("GCE_SERVICE_ACCOUNT");
  if (given !== undefined) return ofKeyFile(given, "GCE_SERVICE_ACCOUNT", scope, http);
  const named = runtime.env["GOOGLE_APPLICATION_CREDENTIALS"];
  const path =
    named || `${runtime.env["HOME"] ?? ""}/.config/gcloud/application_default_credentials.json`;
  if (named || (await runtime.files.info(path)) !== undefined)
    return ofKeyFile(new TextDecoder().decode(await runtime.files.read(path)), path, scope, http);
  return ofMachine(runtime.env["GCE_METADATA_HOST"] || "metadata.google.internal", http);
}

async function ofKeyFile(
  text: string,
  where: string,
  scope: string,
  http: HttpClient,
): Promise<GoogleCredentials> {
  const file = parse(text, where);
  const project = async () => file.project_id ?? file.quota_project_id;
  const url = file.token_uri ?? TOKEN_URL;
  const options = { name: "gcloud", url, timeout: TIMEOUT, http };
  if (file.type === "service_account") {
    const key = await pemKey(file.private_key ?? "", `${where}: private_key`);
    const header: Record<string, string> =
      file.private_key_id === undefined ? {} : { kid: file.private_key_id };
    const form = async () => {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: file.client_email, scope, aud: url, iat: now, exp: now + 3600 };
      return {
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: await signJwt(header, claims, key),
      };
    };
    const secrets = [file.private_key ?? ""];
    return { project, secrets, token: oauthToken({ ...options, secrets, form }) };
  }
  if (file.type !== "authorized_user")
    throw new Error(
      `gcloud: ${where}: expected a key of the type service_account or authorized_user, found "${file.type}"`,
    );
  const secrets = [file.client_secret ?? "", file.refresh_token ?? ""];
  const form = async () => ({
    grant_type: "refresh_token",
    client_id: file.client_id ?? "",
    client_secret: file.client_secret ?? "",
    refresh_token: file.refresh_token ?? "",
  });
  return { project, secrets, token: oauthToken({ ...options, secrets, form }) };
}

/** The account of the machine that this runs on, by its metadata server. */
function ofMachine(host: string, http: HttpClient): GoogleCredentials {
  const client = new ApiClient(
    {
      name: "gcloud",
      baseUrl: `http://${host}/computeMetadata/v1`,
      timeout: TIMEOUT,
      secrets: [],
      headers: { "Metadata-Flavor": "Google" },
    },
    http,
  );
  return {
    secrets: [],
    token: keptToken(async (signal) => {
      const path = "/instance/service-accounts/default/token";
      const answer = await client.json<{ access_token: string; expires_in: number }>("GET", path, {
        signal,
      });
      return { token: answer.access_token, life: 1000 * answer.expires_in };
    }),
    project: async (signal) =>
      (await client.send("GET", "/project/project-id", { signal })).text.trim(),
  };
}

function impersonated(own: GoogleCredentials, target: string, http: HttpClient): GoogleCredentials {
  const client = new ApiClient(
    {
      name: "gcloud",
      baseUrl: "https://iamcredentials.googleapis.com/v1/projects/-",
      timeout: TIMEOUT,
      secrets: own.secrets,
      authorize: async (_, signal) => ({ Authorization: `Bearer ${await own.token(signal)}` }),
    },
    http,
  );
  return {
    ...own,
    token: keptToken(async (signal) => {
      const path = `${pathOf("serviceAccounts", target)}:generateAccessToken`;
      const answer = await client.json<{ accessToken: string; expireTime: string }>("POST", path, {
        signal,
        json: { scope: [DNS_SCOPE], lifetime: "3600s" },
      });
      return { token: answer.accessToken, life: Date.parse(answer.expireTime) - Date.now() };
    }),
  };
}

function parse(text: string, where: string): KeyFile {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null) return found;
  } catch {
    // What was found is a secret.
  }
  throw new Error(`gcloud: ${where}: expected a key as JSON, found something else`);
}
