import { describe, expect, test } from "bun:test";
import { route53 } from "../../../../../src/acme/dns/services/route53.ts";
import { signAwsRequest } from "../../../../../src/net/clients/aws/aws-signature.ts";
import { readXml, xmlText } from "../../../../../src/net/clients/xml.ts";
import {
  ApiDouble,
  type ApiHandler,
  type ApiRequest,
  dnsContext,
  NEVER,
  nameOf,
  recordOf,
} from "../api-double.ts";
import { failure, type Stored, testProvider } from "../provider-contract.ts";

const API = "https://route53.amazonaws.com/2013-04-01";
const ID = "AKIAEXAMPLE";
const SECRET = "aws-secret-0123456789/+x";

const answer = (root: string, body: string, status = 200) =>
  new Response(
    `<?xml version="1.0"?>\n<${root} xmlns="https://route53.amazonaws.com/doc/2013-04-01/">${body}</${root}>`,
    { status, headers: { "Content-Type": "text/xml" } },
  );
const refused = (code: string, message: string, status: number) =>
  answer(
    "ErrorResponse",
    `<Error><Type>Sender</Type><Code>${code}</Code><Message>${xmlText(message)}</Message></Error>`,
    status,
  );

/** Whether a request is signed with this secret at the time that it says. */
async function isSigned(request: ApiRequest, secret: string, region = "us-east-1") {
  const { method, origin, path, query, headers, body } = request;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers.get("x-amz-date") ?? "") ?? [];
  const search = Object.keys(query).length === 0 ? "" : `?${new URLSearchParams(query)}`;
  const type = headers.get("content-type");
  const token = headers.get("x-amz-security-token");
  const signed = await signAwsRequest(
    {
      method,
      url: `${origin}${path}${search}`,
      headers: type ? { "Content-Type": type } : {},
      body,
    },
    { accessKeyId: ID, secretAccessKey: secret, ...(token && { sessionToken: token }) },
    { region, service: "route53" },
    Date.UTC(+year, +month - 1, +day, +hour, +minute, +second),
  );
  return headers.get("authorization") === signed["Authorization"];
}

/** Route 53 API: ListHostedZonesByName, ListResourceRecordSets, ChangeResourceRecordSets, GetChange. */
function api(stored: Stored, secret = SECRET): ApiHandler {
  return async (request) => {
    const { headers, query, body } = request;
    if (!(await isSigned(request, secret)))
      return refused(
        "SignatureDoesNotMatch",
        `The signature does not match: ${headers.get("authorization")} ${headers.get("x-amz-security-token")}`,
        403,
      );
    if (nameOf(request) === `GET ${API}/hostedzonesbyname`) {
      const zone = (id: string, isPrivate: boolean) =>
        `<HostedZone><Id>/hostedzone/${id}</Id><Name>example.com.</Name><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`;
      expect(query["dnsname"]).not.toEndWith(".");
      return answer(
        "ListHostedZonesByNameResponse",
        `<HostedZones>${zone("Z0", true)}${zone("Z1", false)}</HostedZones>`,
      );
    }
    if (nameOf(request) === `GET ${API}/change/C1`)
      return answer("GetChangeResponse", "<ChangeInfo><Status>INSYNC</Status></ChangeInfo>");
    const set = (name: string, type: string, values: readonly string[]) =>
      `<ResourceRecordSet><Name>${name}</Name><Type>${type}</Type><TTL>77</TTL><ResourceRecords>${values
        .map((value) => `<ResourceRecord><Value>&quot;${value}&quot;</Value></ResourceRecord>`)
        .join("")}</ResourceRecords></ResourceRecordSet>`;
    if (nameOf(request) === `GET ${API}/hostedzone/Z1/rrset`) {
      const name = query["name"];
      const texts = stored.records.get(name) ?? [];
      // The service lists from that name on: the first may be another's.
      return answer(
        "ListResourceRecordSetsResponse",
        `<ResourceRecordSets>${texts.length > 0 ? set(name, "TXT", texts) : set("z.example.com.", "TXT", ["other"])}</ResourceRecordSets>`,
      );
    }
    if (nameOf(request) !== `POST ${API}/hostedzone/Z1/rrset/`) return undefined;
    const change = readXml(body);
    const name = change.textOf("Name")!;
    const values = change.all("Value").map(({ text }) => /^"(.*)"$/.exec(text)![1]);
    if (change.textOf("Action") === "DELETE") {
      if (change.textOf("TTL") !== "77" || `${values}` !== `${stored.records.get(name)}`)
        return refused("InvalidChangeBatch", "the values provided do not match", 400);
      stored.records.delete(name);
    } else {
      stored.records.set(name, values);
      stored.ttl = Number(change.textOf("TTL"));
    }
    return answer(
      "ChangeResourceRecordSetsResponse",
      "<ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status></ChangeInfo>",
    );
  };
}

testProvider({
  name: "route53",
  env: () => ({ AWS_ACCESS_KEY_ID: ID, AWS_SECRET_ACCESS_KEY: SECRET }),
  secrets: ["AWS_SECRET_ACCESS_KEY"],
  required: [],
  api: (stored) => api(stored),
  refusal: /route53: 403 SignatureDoesNotMatch: The signature does not match/,
  noZone: /route53: there is no public hosted zone "unknown.example."/,
  ttl: { fallback: 10, variable: "AWS_TTL" },
  timeout: { fallback: 120_000, variable: "AWS_PROPAGATION_TIMEOUT" },
  interval: { fallback: 4000, variable: "AWS_POLLING_INTERVAL" },
  ownLimits: true,
});

describe("route53", () => {
  const KEYS = { AWS_ACCESS_KEY_ID: ID, AWS_SECRET_ACCESS_KEY: SECRET };
  const stored = (): Stored => ({ records: new Map(), ttl: undefined });

  test("is asked again where it throttles, so often as the environment says", async () => {
    let left = 1;
    const works = api(stored());
    using double = new ApiDouble((request) =>
      left-- > 0 ? refused("Throttling", "Rate exceeded", 400) : works(request),
    );
    const provider = await route53(dnsContext(double, { ...KEYS, AWS_MAX_RETRIES: "2" }));
    await provider.present(recordOf("example.com", "v"), NEVER);
    left = 2;
    expect(await failure(() => provider.present(recordOf("example.com", "w"), NEVER))).toBe(
      "route53: 400 Throttling: Rate exceeded",
    );
  });

  test("needs no permission to list zones where one is named, and needn't be waited for", async () => {
    const records = stored();
    using double = new ApiDouble(api(records));
    const env = {
      ...KEYS,
      AWS_HOSTED_ZONE_ID: "Z1",
      AWS_WAIT_FOR_RECORD_SETS_CHANGED: "false",
      AWS_REGION: "eu-central-1",
    };
    const provider = await route53(dnsContext(double, env));
    await provider.present(recordOf("example.com", "v"), NEVER);
    expect(double.requests.map(nameOf)).toEqual([
      `GET ${API}/hostedzone/Z1/rrset`,
      `POST ${API}/hostedzone/Z1/rrset/`,
    ]);
    expect(records.records.size).toBe(1);
  });

  test("takes private zones, and those of other partitions", async () => {
    using double = new ApiDouble(api(stored()));
    const hidden = await route53(dnsContext(double, { ...KEYS, AWS_PRIVATE_ZONE: "true" }));
    await failure(() => hidden.present(recordOf("example.com", "v"), NEVER));
    expect(nameOf(double.requests.at(-1)!)).toContain("/hostedzone/Z0/");
    for (const [AWS_REGION, origin] of [
      ["cn-north-1", "https://route53.amazonaws.com.cn"],
      ["us-gov-east-1", "https://route53.us-gov.amazonaws.com"],
    ]) {
      const provider = await route53(dnsContext(double, { ...KEYS, AWS_REGION }));
      await failure(() => provider.present(recordOf("example.com", "v"), NEVER));
      expect(double.requests.at(-1)!.origin).toBe(origin);
    }
  });

  test("takes a role, with the token that it comes with", async () => {
    const works = api(stored(), "role-secret");
    using double = new ApiDouble((request) => {
      if (request.origin !== "https://sts.eu-west-1.amazonaws.com") return works(request);
      expect(request.form).toEqual({
        Action: "AssumeRole",
        Version: "2011-06-15",
        RoleArn: "arn:aws:iam::1:role/dns",
        RoleSessionName: "sluice",
        ExternalId: "outside",
      });
      return answer(
        "AssumeRoleResponse",
        `<AssumeRoleResult><Credentials><AccessKeyId>${ID}</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>`,
      );
    });
    const env = {
      ...KEYS,
      AWS_REGION: "eu-west-1",
      AWS_ASSUME_ROLE_ARN: "arn:aws:iam::1:role/dns",
      AWS_EXTERNAL_ID: "outside",
    };
    const provider = await route53(dnsContext(double, env));
    await provider.present(recordOf("example.com", "v"), NEVER);
    await provider.present(recordOf("example.com", "w"), NEVER);
    const asked = double.requests.filter(({ origin }) => origin.includes("sts"));
    expect(asked).toHaveLength(1);
    expect(double.requests.at(-1)!.headers.get("x-amz-security-token")).toBe("role-token");
  });
});
