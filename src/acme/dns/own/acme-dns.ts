import { messageOf } from "../../../core/errors.ts";
import { ApiClient, ApiError, pathOf } from "../api/api-client.ts";
import { jsonField } from "../api/json-field.ts";
import { Turns } from "../api/turns.ts";
import type { DnsContext, DnsProviderFactory } from "../dns-provider.ts";
import { DEFAULT_POLLING } from "../polling.ts";

/** What an acme-dns server gave, and goacmedns stores, for one domain. */
interface Account {
  readonly fulldomain: string;
  readonly subdomain: string;
  readonly username: string;
  readonly password: string;
  readonly server_url?: string;
}

interface Storage {
  fetch(domain: string, signal: AbortSignal): Promise<Account | undefined>;
  /** True where the store has made the CNAME itself. */
  put(domain: string, account: Account, signal: AbortSignal): Promise<boolean>;
}

/** Milliseconds. */
const TIMEOUT = 30_000;
const STORAGE_TIMEOUT = 120_000;

/**
 * An acme-dns server, whose records the domains' own CNAMEs lead to. Accounts are in a file
 * (ACME_DNS_STORAGE_PATH) or on a server (ACME_DNS_STORAGE_BASE_URL), as lego has them; a domain without
 * one is registered, and the CNAME that it needs is named in the error.
 * Source: lego's acmedns; acme-dns "API".
 */
export const acmeDns: DnsProviderFactory = async (context) => {
  const { env, httpClient } = context;
  const baseUrl = await env.required("ACME_DNS_API_BASE");
  const allowed = await env.optional("ACME_DNS_ALLOWLIST");
  const storage = await storageFrom(context);
  const http = httpClient({});
  const client = (account?: Account) =>
    new ApiClient(
      {
        name: "acme-dns",
        baseUrl,
        timeout: TIMEOUT,
        secrets: [account?.password ?? ""],
        ...(account !== undefined && {
          headers: { "X-Api-User": account.username, "X-Api-Key": account.password },
        }),
        explain: ({ text }) => jsonField(text, "error"),
      },
      http,
    );

  const register = async (domain: string, signal: AbortSignal): Promise<Account> => {
    const body = allowed === undefined ? {} : { json: { allowfrom: allowed.split(",") } };
    const made = await client().json<Account>("POST", "/register", { signal, ...body });
    const account = { ...made, server_url: baseUrl };
    if (await storage.put(domain, account, signal)) return account;
    throw new Error(
      `acme-dns: an account was made for ${domain}: create _acme-challenge.${domain}. CNAME ${account.fulldomain}. ` +
        "in its zone, once; orders succeed from then on",
    );
  };

  return {
    ...DEFAULT_POLLING,
    async present({ domain, value }, signal) {
      const account = (await storage.fetch(domain, signal)) ?? (await register(domain, signal));
      const json = { subdomain: account.subdomain, txt: value };
      await client(account).send("POST", "/update", { signal, json });
    },
    // The server keeps the last two records of an account, and has no other way to forget one.
    async cleanUp() {},
  };
};

async function storageFrom(context: DnsContext): Promise<Storage> {
  const path = await context.env.optional("ACME_DNS_STORAGE_PATH");
  const url = await context.env.optional("ACME_DNS_STORAGE_BASE_URL");
  if ((path === undefined) === (url === undefined))
    throw new Error(
      "acme-dns: expected ACME_DNS_STORAGE_PATH or ACME_DNS_STORAGE_BASE_URL, found " +
        (path === undefined ? "neither" : "both"),
    );
  return path === undefined ? serverStorage(context, url!) : fileStorage(context, path);
}

/** One object of JSON, by domains. It is read each time: others may write it too. */
function fileStorage({ runtime }: DnsContext, path: string): Storage {
  const turns = new Turns();
  const read = async (): Promise<Record<string, Account>> => {
    if ((await runtime.files.info(path)) === undefined) return {};
    const text = new TextDecoder().decode(await runtime.files.read(path));
    try {
      const found: unknown = JSON.parse(text);
      if (typeof found === "object" && found !== null) return found as Record<string, Account>;
    } catch {
      // What is in it is secret.
    }
    throw new Error(`acme-dns: ${path}: expected an object of accounts as JSON`);
  };
  return {
    fetch: async (domain) => {
      const accounts = await read();
      return Object.hasOwn(accounts, domain) ? accounts[domain] : undefined;
    },
    put: (domain, account) =>
      turns.run(async () => {
        const text = JSON.stringify({ ...(await read()), [domain]: account });
        try {
          await runtime.durableFiles.replace(path, new TextEncoder().encode(text));
        } catch (error) {
          throw new Error(`acme-dns: ${path} can't be written: ${messageOf(error)}`);
        }
        return false;
      }),
  };
}

function serverStorage({ httpClient }: DnsContext, baseUrl: string): Storage {
  const options = { name: "acme-dns", baseUrl, timeout: STORAGE_TIMEOUT, secrets: [] };
  const client = new ApiClient(options, httpClient({}));
  return {
    fetch: (domain, signal) =>
      client.json<Account>("GET", pathOf(domain), { signal }).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }),
    async put(domain, account, signal) {
      const { status } = await client.send("POST", pathOf(domain), { signal, json: account });
      return status === 201;
    },
  };
}
