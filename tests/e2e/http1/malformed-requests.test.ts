import { describe, expect, test } from "bun:test";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { exchange, RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { echoing } from "../../support/sockets/upstream-scripts.ts";

const GET = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const LOG = "log:\n  level: DEBUG\n";

describe("what is no HTTP/1.1 request", () => {
  const cases: Record<string, [bytes: string, status: number]> = {
    "no Host": ["GET / HTTP/1.1\r\n\r\n", 400],
    "a Host that is none": ["GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
    garbage: ["\x00\x01\x02garbage\r\n\r\n", 400],
    "a field line without a colon": ["GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400],
    "a bare LF": ["GET / HTTP/1.1\nHost: a\n\n", 400],
    "an unknown version": ["GET / HTTP/3.1\r\nHost: a\r\n\r\n", 505],
    "an unknown transfer coding": [
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: br, chunked\r\n\r\n",
      501,
    ],
    "an unknown expectation": ["GET / HTTP/1.1\r\nHost: a\r\nExpect: pigs\r\n\r\n", 417],
    CONNECT: ["CONNECT app.test:443 HTTP/1.1\r\nHost: app.test:443\r\n\r\n", 501],
    "a target too long": [`GET /${"a".repeat(70_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    "a field too large": [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"b".repeat(21_000)}\r\n\r\n`, 431],
    "too many fields": [`GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(1500)}\r\n`, 431],
  };

  test("gets its status, the connection's end and a line in the log; others go on", async () => {
    using upstream = startUpstream(echoing());
    await using router = await startRouter({
      dynamic: forwardingTo(upstream.url),
      web: "    http:\n      maxHeaderBytes: 16384",
      static: LOG,
    });
    using bystander = await RawClient.connect(router.port);
    for (const [name, [bytes, status]] of Object.entries(cases)) {
      using client = await RawClient.connect(router.port);
      await client.send(Buffer.from(bytes, "latin1"));
      const text = await client.readToEnd();
      expect(`${name}: ${text.slice(0, 12)}`).toBe(`${name}: HTTP/1.1 ${status}`);
      expect(text).toMatch(/^Connection: close\r$/m);
      expect((await bystander.request(GET)).status).toBe(200);
    }
    await router.program.logged(/Refused a request/);
    expect(upstream.requests.length).toBe(Object.keys(cases).length);
  });

  test("other protocols are closed with the reason in the log", async () => {
    await using router = await startRouter({ dynamic: "http: {}\n", static: LOG });
    for (const [bytes, reason] of [
      ["\x16\x03\x01\x00\x05hello", "ClientHello"],
      ["PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY protocol"],
    ]) {
      using client = await RawClient.connect(router.port);
      await client.send(Buffer.from(bytes, "latin1"));
      expect(await client.readToEnd()).toBe("");
      await router.program.logged(new RegExp(`Closed a connection.*${reason}`));
    }
  });
});

describe("PROXY protocol", () => {
  const v1 = "PROXY TCP4 203.0.113.7 198.51.100.2 4711 80\r\n";
  const v2 = Buffer.concat([
    Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1"),
    Buffer.from([0x21, 0x11, 0, 12, 203, 0, 113, 7, 198, 51, 100, 2, 0x12, 0x67, 0, 80]),
  ]);

  async function seenFrom(web: string, header: Uint8Array | string, size: number): Promise<string> {
    using upstream = startUpstream(echoing());
    await using router = await startRouter({ dynamic: forwardingTo(upstream.url), web });
    using client = await RawClient.connect(router.port);
    await client.sendSegmented(Buffer.concat([Buffer.from(header), Buffer.from(GET)]), size, 0);
    const { fields } = JSON.parse((await client.response()).text) as { fields: [string, string][] };
    return fields.find(([name]) => name.toLowerCase() === "x-forwarded-for")![1];
  }

  for (const [name, header] of [
    ["v1", v1],
    ["v2", v2],
  ] as const) {
    for (const size of [1, 1000]) {
      test(`${name} in segments of ${size}: believed from a trusted peer, read past from another`, async () => {
        const trusted = "    proxyProtocol:\n      trustedIPs: [127.0.0.1]";
        expect(await seenFrom(trusted, header, size)).toBe("203.0.113.7");
        const others = "    proxyProtocol:\n      trustedIPs: [10.0.0.0/8]";
        expect(await seenFrom(others, header, size)).toBe("127.0.0.1");
      });
    }
  }

  test("a malformed header closes the connection; none at all is fine", async () => {
    using upstream = startUpstream(echoing());
    await using router = await startRouter({
      dynamic: forwardingTo(upstream.url),
      web: "    proxyProtocol:\n      insecure: true",
    });
    using client = await RawClient.connect(router.port);
    await client.send(`PROXY TCP4 999.0.0.1 1.1.1.1 1 2\r\n${GET}`);
    expect(await client.readToEnd()).toBe("");
    expect((await exchange(router.port, GET)).status).toBe(200);
  });
});
