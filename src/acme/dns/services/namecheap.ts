import { readXml, type XmlElement } from "../../../net/clients/xml.ts";
import { nameInZone, withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { ApiClient } from "../api/api-client.ts";
import { Turns } from "../api/turns.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { DEFAULT_TTL, pollingFrom } from "../polling.ts";

type Host = Readonly<Record<"Name" | "Type" | "Address" | "MXPref" | "TTL", string>>;

interface Hosts {
  readonly hosts: readonly Host[];
  /** How the domain takes mail: it has to be said again with the hosts, or is lost. */
  readonly emailType: string | undefined;
}

/**
 * Namecheap's API, with a user's name and key. It can only read all records of a domain and replace
 * them all.
 * Source: lego's namecheap; Namecheap "domains.dns.getHosts", "domains.dns.setHosts".
 */
export const namecheap: DnsProviderFactory = async ({ env, resolution, httpClient }) => {
  const user = await env.required("NAMECHEAP_API_USER");
  const key = await env.required("NAMECHEAP_API_KEY");
  const ttl = await env.integer(DEFAULT_TTL, "NAMECHEAP_TTL");
  const timeout = await env.seconds(60_000, "NAMECHEAP_HTTP_TIMEOUT");
  const sandbox = (await env.flag(false, "NAMECHEAP_SANDBOX")) ? ".sandbox" : "";
  const http = httpClient({});
  const options = { name: "namecheap", timeout, secrets: [key] };
  const client = new ApiClient(
    { ...options, baseUrl: `https://api${sandbox}.namecheap.com` },
    http,
  );
  // Namecheap asks for the address that it lets in, and this is how it says which one that is.
  const whoami = new ApiClient(
    { ...options, baseUrl: "https://dynamicdns.park-your-domain.com" },
    http,
  );
  let ownAddress: string | undefined;
  const turns = new Turns();

  const command = async (
    method: "GET" | "POST",
    name: string,
    zone: string,
    more: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<XmlElement> => {
    ownAddress ??= (await whoami.send("GET", "/getip", { signal })).text.trim();
    const [sld, ...tld] = withoutFinalDot(zone).split(".");
    const parameters = {
      ApiUser: user,
      ApiKey: key,
      UserName: user,
      ClientIp: ownAddress,
      Command: `namecheap.domains.dns.${name}`,
      SLD: sld,
      TLD: tld.join("."),
      ...more,
    };
    const how = method === "GET" ? { query: parameters } : { form: parameters };
    const { text } = await client.send(method, "/xml.response", { signal, ...how });
    return resultOf(client.withoutSecrets(text), name, zone);
  };

  const update = (
    { fqdn }: DnsRecord,
    signal: AbortSignal,
    change: (hosts: readonly Host[], name: string) => readonly Host[],
  ) =>
    turns.run(async () => {
      const zone = await resolution.zoneOf(fqdn, signal);
      const { hosts, emailType } = hostsIn(await command("GET", "getHosts", zone, {}, signal));
      const changed = change(hosts, nameInZone(fqdn, zone));
      if (changed.length === hosts.length) return;
      const result = await command("POST", "setHosts", zone, form(changed, emailType), signal);
      if (result.attributes["IsSuccess"] !== "true")
        throw new Error(`namecheap: setHosts for ${zone} failed`);
    });

  return {
    ...(await pollingFrom(env, ["NAMECHEAP"], { timeout: 3_600_000, interval: 15_000 })),
    present: ({ value, ...record }, signal) =>
      update({ value, ...record }, signal, (hosts, name) => [
        ...hosts,
        { Name: name, Type: "TXT", Address: value, MXPref: "10", TTL: String(ttl) },
      ]),
    cleanUp: (record, signal) =>
      update(record, signal, (hosts, name) =>
        hosts.filter(
          ({ Name, Type, Address }) => Name !== name || Type !== "TXT" || Address !== record.value,
        ),
      ),
  };
};

/** The element that a command answers with. Throws an Error with the API's own where it has some. */
function resultOf(text: string, name: string, zone: string): XmlElement {
  const answer = readXml(text);
  const errors = answer
    .all("Error")
    .map((error) => `${error.text} [${error.attributes["Number"]}]`);
  const command = `DomainDNS${name[0].toUpperCase()}${name.slice(1)}Result`;
  const [result] = answer.all(command);
  if (errors.length > 0 || result === undefined)
    throw new Error(
      `namecheap: ${name} for ${zone}: ${errors.join("; ") || `expected ${command}, found none`}`,
    );
  return result;
}

function hostsIn(result: XmlElement): Hosts {
  const hosts = result.all("host").map(({ attributes }) => ({
    Name: attributes["Name"] ?? "",
    Type: attributes["Type"] ?? "",
    Address: attributes["Address"] ?? "",
    MXPref: attributes["MXPref"] ?? "",
    TTL: attributes["TTL"] ?? "",
  }));
  return { hosts, emailType: result.attributes["EmailType"] };
}

function form(hosts: readonly Host[], emailType: string | undefined): Record<string, string> {
  const fields: Record<string, string> = emailType === undefined ? {} : { EmailType: emailType };
  hosts.forEach((host, index) => {
    const number = index + 1;
    fields[`HostName${number}`] = host.Name;
    fields[`RecordType${number}`] = host.Type;
    fields[`Address${number}`] = host.Address;
    fields[`MXPref${number}`] = host.MXPref;
    fields[`TTL${number}`] = host.TTL;
  });
  return fields;
}
