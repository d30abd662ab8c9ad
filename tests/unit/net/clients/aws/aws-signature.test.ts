import { expect, test } from "bun:test";
import { signAwsRequest } from "../../../../../src/net/clients/aws/aws-signature.ts";

const CREDENTIALS = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const NOW = Date.UTC(2015, 7, 30, 12, 36, 0);

test("a request is signed as AWS's documentation signs it", async () => {
  const headers = await signAwsRequest(
    {
      method: "GET",
      url: "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
      headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" },
      body: "",
    },
    CREDENTIALS,
    { region: "us-east-1", service: "iam" },
    NOW,
  );
  expect(headers["Authorization"]).toBe(
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, " +
      "SignedHeaders=content-type;host;x-amz-date, " +
      "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
  );
  expect(headers["X-Amz-Date"]).toBe("20150830T123600Z");
});

test("queries are sorted, and bodies and session tokens are signed", async () => {
  const sign = (body: string, query: string, sessionToken?: string) =>
    signAwsRequest(
      { method: "POST", url: `https://example.amazonaws.com/${query}`, headers: {}, body },
      { ...CREDENTIALS, ...(sessionToken !== undefined && { sessionToken }) },
      { region: "us-east-1", service: "service" },
      NOW,
    );
  const plain = await sign("", "?b=2&a=1");
  expect(await sign("", "?a=1&b=2")).toEqual(plain);
  // The suite of AWS's documentation, "post-vanilla".
  expect((await sign("", ""))["Authorization"]).toEndWith(
    "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  );
  expect((await sign("x", "?b=2&a=1"))["Authorization"]).not.toBe(plain["Authorization"]);
  const temporary = await sign("", "", "the-token");
  expect(temporary["X-Amz-Security-Token"]).toBe("the-token");
  expect(temporary["Authorization"]).toContain("host;x-amz-date;x-amz-security-token");
});
