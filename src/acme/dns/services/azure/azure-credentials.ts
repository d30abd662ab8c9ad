import type { HttpClient } from "../../../../net/clients/http-client.ts";
import { readPemBlocks } from "../../../../tls/pem.ts";
import { base64url } from "../../../x509/base64url.ts";
import { ApiClient } from "../../api/api-client.ts";
import { jsonField } from "../../api/json-field.ts";
import { signJwt } from "../../api/jwt.ts";
import { keptToken, oauthToken } from "../../api/oauth-token.ts";
import { pemKey } from "../../api/pem-key.ts";
import type { DnsContext } from "../../dns-provider.ts";
import type { AzureCloud } from "./azure-cloud.ts";
import { managedIdentity } from "./azure-managed-identity.ts";

export interface AzureCredentials {
  token(signal: AbortSignal): Promise<string>;
  readonly secrets: readonly string[];
}

interface Scene extends DnsContext {
  readonly cloud: AzureCloud;
  readonly http: HttpClient;
}

type Method = (scene: Scene) => Promise<AzureCredentials | undefined>;

/** Milliseconds. */
const TIMEOUT = 30_000;

const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** By AZURE_AUTH_METHOD; without it the first one that has what it needs. */
const METHODS: Readonly<Record<string, Method>> = {
  env: async (scene) => (await clientSecret(scene)) ?? (await clientCertificate(scene)),
  wli: workloadIdentity,
  msi: machineIdentity,
  cli: commandLine,
  oidc: openIdConnect,
  pipeline,
};

/**
 * Credentials for Azure, by AZURE_AUTH_METHOD or by what there is.
 * Source: lego's azuredns; Microsoft "Azure Identity".
 */
export async function azureCredentials(
  context: DnsContext,
  cloud: AzureCloud,
  http: HttpClient,
): Promise<AzureCredentials> {
  const scene = { ...context, cloud, http };
  const named = (await context.env.optional("AZURE_AUTH_METHOD"))?.toLowerCase();
  if (named === undefined) return byWhatThereIs(scene);
  const method = Object.hasOwn(METHODS, named) ? METHODS[named] : undefined;
  const found = await method?.(scene);
  if (found !== undefined) return found;
  throw new Error(
    method === undefined
      ? `azuredns: AZURE_AUTH_METHOD: expected one of ${Object.keys(METHODS).join(", ")}, found "${named}"`
      : `azuredns: AZURE_AUTH_METHOD is ${named}, and what that needs is not there: see docs/acme-dns.md`,
  );
}

/** What the environment names, else the machine's identity, else what `az login` left behind. */
async function byWhatThereIs(scene: Scene): Promise<AzureCredentials> {
  const named = (await METHODS["env"](scene)) ?? (await METHODS["wli"](scene));
  if (named !== undefined) return named;
  const machine = await machineIdentity(scene);
  const tool = await commandLine(scene);
  return {
    secrets: [],
    token: (signal) =>
      machine.token(signal).catch(async (error: Error) => {
        signal.throwIfAborted();
        return tool.token(signal).catch((other: Error) => {
          throw new Error(`${error.message}; ${other.message}; nor is AZURE_CLIENT_ID set`);
        });
      }),
  };
}

async function machineIdentity(scene: Scene): Promise<AzureCredentials> {
  const { env, runtime, cloud, http } = scene;
  const client = await env.optional("AZURE_CLIENT_ID");
  const timeout = await env.seconds(2000, "AZURE_AUTH_MSI_TIMEOUT");
  return { secrets: [], token: managedIdentity({ runtime, cloud, http, client, timeout }) };
}

async function clientSecret(scene: Scene): Promise<AzureCredentials | undefined> {
  const who = await identity(scene);
  const secret = await scene.env.optional("AZURE_CLIENT_SECRET");
  if (who === undefined || secret === undefined) return undefined;
  return byForm(scene, who, [secret], async () => ({ client_secret: secret }));
}

/** A file with a certificate and its key, in PEM. */
async function clientCertificate(scene: Scene): Promise<AzureCredentials | undefined> {
  const who = await identity(scene);
  const path = await scene.env.optional("AZURE_CLIENT_CERTIFICATE_PATH");
  if (who === undefined || path === undefined) return undefined;
  const text = new TextDecoder().decode(await scene.runtime.files.read(path));
  const key = await pemKey(text, path);
  const certificate = readPemBlocks(text).find(({ label }) => label === "CERTIFICATE");
  if (certificate === undefined)
    throw new Error(`azuredns: ${path}: expected a certificate and its key in PEM`);
  const digest = await crypto.subtle.digest("SHA-1", Uint8Array.from(certificate.bytes));
  const header = { x5t: base64url(new Uint8Array(digest)) };
  return byForm(scene, who, [], async () => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      aud: tokenUrl(scene.cloud.login, who.tenant),
      iss: who.client,
      sub: who.client,
      jti: crypto.randomUUID(),
      nbf: now,
      exp: now + 600,
    };
    return assertion(await signJwt(header, claims, key));
  });
}

async function workloadIdentity(scene: Scene): Promise<AzureCredentials | undefined> {
  const who = await identity(scene);
  const path = scene.runtime.env["AZURE_FEDERATED_TOKEN_FILE"];
  if (who === undefined || !path) return undefined;
  const login = scene.runtime.env["AZURE_AUTHORITY_HOST"] || scene.cloud.login;
  // The file is written anew before its token ends.
  const form = async () =>
    assertion(new TextDecoder().decode(await scene.runtime.files.read(path)).trim());
  return byForm({ ...scene, cloud: { ...scene.cloud, login } }, who, [], form);
}

async function openIdConnect(scene: Scene): Promise<AzureCredentials | undefined> {
  const { env, runtime, http } = scene;
  const who = await identity(scene);
  const token = await env.optional("AZURE_OIDC_TOKEN");
  const path = await env.optional("AZURE_OIDC_TOKEN_FILE_PATH");
  const url = await env.optional(
    "AZURE_OIDC_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ARM_OIDC_REQUEST_URL",
  );
  const request = await env.optional(
    "AZURE_OIDC_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ARM_OIDC_REQUEST_TOKEN",
  );
  if (who === undefined) return undefined;
  if (path !== undefined)
    return byForm(scene, who, [], async () =>
      assertion(new TextDecoder().decode(await runtime.files.read(path)).trim()),
    );
  if (token !== undefined) return byForm(scene, who, [token], async () => assertion(token.trim()));
  if (url === undefined || request === undefined) return undefined;
  return byForm(scene, who, [request], async (signal) => {
    const asked = new URL(url);
    if (!asked.searchParams.get("audience"))
      asked.searchParams.set("audience", "api://AzureADTokenExchange");
    return assertion(await fieldOf(http, "GET", asked.href, request, "value", signal));
  });
}

async function pipeline(scene: Scene): Promise<AzureCredentials | undefined> {
  const { env, runtime, http } = scene;
  const who = await identity(scene);
  const connection = await env.optional(
    "AZURE_SERVICE_CONNECTION_ID",
    "SERVICE_CONNECTION_ID",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
  );
  const access = await env.optional(
    "AZURE_SYSTEM_ACCESS_TOKEN",
    "ARM_OIDC_REQUEST_TOKEN",
    "SYSTEM_ACCESSTOKEN",
  );
  const uri = runtime.env["SYSTEM_OIDCREQUESTURI"];
  if (who === undefined || connection === undefined || access === undefined || !uri)
    return undefined;
  const query = new URLSearchParams({ "api-version": "7.1", serviceConnectionId: connection });
  return byForm(scene, who, [access], async (signal) =>
    assertion(await fieldOf(http, "POST", `${uri}?${query}`, access, "oidcToken", signal)),
  );
}

/** What `az login` left behind. */
async function commandLine({ env, runtime, cloud }: Scene): Promise<AzureCredentials> {
  const tenant = await env.optional("AZURE_TENANT_ID");
  return {
    secrets: [],
    token: keptToken(async (signal) => {
      const { code, stdout, stderr } = await runtime.runCommand({
        program: "az",
        args: [
          ..."account get-access-token -o json --resource".split(" "),
          cloud.management,
          ...(tenant === undefined ? [] : ["--tenant", tenant]),
        ],
        signal,
      });
      const token = jsonField(stdout, "accessToken");
      if (code !== 0 || token === undefined)
        throw new Error(`azuredns: az account get-access-token: ${stderr.trim().slice(-300)}`);
      const until = Number((JSON.parse(stdout) as { expires_on?: number }).expires_on ?? 0) * 1000;
      return { token, life: until - Date.now() };
    }),
  };
}

async function identity({ env }: Scene): Promise<{ tenant: string; client: string } | undefined> {
  const tenant = await env.optional("AZURE_TENANT_ID");
  const client = await env.optional("AZURE_CLIENT_ID");
  return tenant === undefined || client === undefined ? undefined : { tenant, client };
}

function byForm(
  { cloud, http }: Pick<Scene, "cloud" | "http">,
  { tenant, client }: { tenant: string; client: string },
  secrets: readonly string[],
  proof: (signal: AbortSignal) => Promise<Record<string, string>>,
): AzureCredentials {
  return {
    secrets,
    token: oauthToken({
      name: "azuredns",
      url: tokenUrl(cloud.login, tenant),
      timeout: TIMEOUT,
      secrets,
      http,
      form: async (signal) => ({
        grant_type: "client_credentials",
        client_id: client,
        scope: `${cloud.management}/.default`,
        ...(await proof(signal)),
      }),
    }),
  };
}

const tokenUrl = (login: string, tenant: string) =>
  `${login.replace(/\/$/, "")}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;

const assertion = (token: string) => ({
  client_assertion_type: ASSERTION,
  client_assertion: token,
});

/** A text of the JSON that an issuer of tokens answers with. */
async function fieldOf(
  http: HttpClient,
  method: "GET" | "POST",
  url: string,
  secret: string,
  field: string,
  signal: AbortSignal,
): Promise<string> {
  const { origin, pathname, searchParams } = new URL(url);
  const client = new ApiClient(
    {
      name: "azuredns",
      baseUrl: origin,
      timeout: TIMEOUT,
      secrets: [secret],
      headers: { Authorization: `Bearer ${secret}` },
    },
    http,
  );
  const query = Object.fromEntries(searchParams);
  const { text } = await client.send(method, pathname, { signal, query });
  const value = jsonField(text, field);
  if (value === undefined) throw new Error(`azuredns: ${method} ${origin}${pathname}: no ${field}`);
  return value;
}
