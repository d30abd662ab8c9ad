import { describe, expect, test } from "bun:test";
import { whoami } from "../../../src/internal/whoami.ts";
import { type MadeRequest, makeRequest } from "../../support/http/make-request.ts";

const handler = whoami({ hostname: "edge-1" });

async function ask(made: MadeRequest, by = handler): Promise<Response> {
  const { request, exchange } = makeRequest(made);
  return by(request, exchange);
}

describe("whoami", () => {
  test("prints who asks and what arrived", async () => {
    const headers = [
      ["Host", "example.com"],
      ["X-Forwarded-For", "192.0.2.9"],
      ["Accept", "*/*"],
      ["x-forwarded-for", "192.0.2.8"],
    ] as const;
    const response = await ask({ target: "/any/path?x=1", method: "PUT", headers });
    expect(response.headers.get("content-type")).toStartWith("text/plain");
    expect(await response.text()).toBe(
      [
        "Hostname: edge-1",
        "IP: 192.0.2.1",
        "RemoteAddr: 192.0.2.7:4711",
        "PUT /any/path?x=1 HTTP/1.1",
        "Host: example.com",
        "Accept: */*",
        "X-Forwarded-For: 192.0.2.9",
        "X-Forwarded-For: 192.0.2.8",
        "",
        "",
      ].join("\n"),
    );
  });

  test("shows its name and an IPv6 peer", async () => {
    const text = await (
      await ask({ remote: "::1" }, whoami({ hostname: "h", name: "blue" }))
    ).text();
    expect(text).toStartWith("Name: blue\nHostname: h\n");
    expect(text).toContain("RemoteAddr: [::1]:4711\n");
  });

  test("gives the same as JSON", async () => {
    const response = await ask({
      target: "/api?x",
      headers: [
        ["A", "1"],
        ["a", "2"],
      ],
    });
    expect(await response.json()).toEqual({
      hostname: "edge-1",
      ip: ["192.0.2.1"],
      headers: { A: ["1", "2"] },
      url: "/api?x",
      host: "example.com",
      method: "GET",
      remoteAddr: "192.0.2.7:4711",
    });
  });

  test("answers /health and /bench", async () => {
    expect((await ask({ target: "/health" })).status).toBe(200);
    expect(await (await ask({ target: "/bench" })).text()).toBe("1");
  });

  test("gives as much data as asked for, within its limit", async () => {
    const data = async (query: string) => ask({ target: `/data${query}` });
    expect(await (await data("?size=8")).text()).toBe("|ABCDEF|");
    expect(await (await data("")).text()).toBe("|");
    expect(await (await data("?size=0")).text()).toBe("");
    const big = await data("?size=2&unit=mb");
    expect(big.headers.get("content-length")).toBe(String(2 * 1024 * 1024));
    expect((await big.arrayBuffer()).byteLength).toBe(2 * 1024 * 1024);
    for (const query of [
      "?size=1&unit=TB",
      "?size=-1",
      "?size=x",
      "?size=1&unit=pb",
      "?size=99999999999999999",
    ]) {
      expect((await data(query)).status).toBe(400);
    }
  });
});
