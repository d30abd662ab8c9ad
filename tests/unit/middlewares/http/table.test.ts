import { expect, test } from "bun:test";
import { HTTP_MIDDLEWARES } from "../../../../src/middlewares/http/table.ts";

test("the table names what Sluice has by Traefik's keys", () => {
  expect(Object.keys(HTTP_MIDDLEWARES)).toEqual([
    "addPrefix",
    "contentType",
    "encodedCharacters",
    "headers",
    "inFlightReq",
    "ipAllowList",
    "rateLimit",
    "redirectRegex",
    "redirectScheme",
    "replacePath",
    "replacePathRegex",
    "stripPrefix",
    "stripPrefixRegex",
  ]);
});
