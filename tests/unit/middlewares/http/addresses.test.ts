import { describe, expect, test } from "bun:test";
import { ipAllowList } from "../../../../src/middlewares/http/addresses/ip-allow-list.ts";
import type { HttpMiddlewareOptions } from "../../../../src/middlewares/http/http-middleware.ts";
import { apply, make } from "./apply.ts";

async function passes(
  options: HttpMiddlewareOptions<"ipAllowList">,
  remote: string,
  xff?: string,
): Promise<boolean> {
  const made = { remote, headers: xff === undefined ? [] : ([["X-Forwarded-For", xff]] as const) };
  return (await apply(make(ipAllowList, options), made)).reached;
}

describe("ipAllowList", () => {
  test("lets only its ranges pass", async () => {
    const options = { sourceRange: ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"] };
    for (const ip of ["10.1.2.3", "192.0.2.7", "2001:db8::1"])
      expect(await passes(options, ip)).toBe(true);
    for (const ip of ["11.0.0.1", "192.0.2.8", "2001:db9::1", ""])
      expect(await passes(options, ip)).toBe(false);
    expect(await passes(options, "11.0.0.1", "10.0.0.1")).toBe(false);
  });

  test("refuses with 403, or as configured", async () => {
    const refused = await apply(make(ipAllowList, { sourceRange: ["10.0.0.1"] }));
    expect(refused.response.status).toBe(403);
    expect(await refused.response.text()).toBe("Forbidden");
    const teapot = await apply(
      make(ipAllowList, { sourceRange: ["10.0.0.1"], rejectStatusCode: 404 }),
    );
    expect(`${teapot.response.status} ${await teapot.response.text()}`).toBe("404 Not Found");
  });

  test("goes by X-Forwarded-For where the strategy says so", async () => {
    const depth = { sourceRange: ["10.0.0.0/8"], ipStrategy: { depth: 2 } };
    expect(await passes(depth, "192.0.2.7", "10.0.0.1, 192.0.2.2")).toBe(true);
    expect(await passes(depth, "10.0.0.1", "192.0.2.1, 10.0.0.2")).toBe(false);
    expect(await passes(depth, "10.0.0.1", "10.0.0.1")).toBe(false);
    expect(await passes(depth, "10.0.0.1")).toBe(false);
    expect(await passes(depth, "192.0.2.7", "10.0.0.1:4711, x")).toBe(true);
    const bracketed = { sourceRange: ["2001:db8::1"], ipStrategy: { depth: 1 } };
    expect(await passes(bracketed, "x", "[2001:db8::1]:80")).toBe(true);
    expect(await passes(bracketed, "x", "2001:db8::1")).toBe(true);
    const excluded = { sourceRange: ["10.0.0.1"], ipStrategy: { excludedIPs: ["192.0.2.0/24"] } };
    expect(await passes(excluded, "x", "10.0.0.1, 192.0.2.9")).toBe(true);
    expect(await passes(excluded, "x", "10.0.0.1, 8.8.8.8, 192.0.2.9")).toBe(false);
  });

  test("refuses options that don't work", () => {
    expect(() => make(ipAllowList, {})).toThrow("sourceRange is empty");
    expect(() => make(ipAllowList, { sourceRange: ["10.0.0.0/33"] })).toThrow("10.0.0.0/33");
    expect(() => make(ipAllowList, { sourceRange: ["10.0.0.1"], rejectStatusCode: 599 })).toThrow(
      "found 599",
    );
    expect(() =>
      make(ipAllowList, { sourceRange: ["10.0.0.1"], ipStrategy: { ipv6Subnet: 129 } }),
    ).toThrow("found 129");
  });
});
