import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRouter } from "../../support/router.ts";
import { DnsDouble } from "../../support/servers/dns-double.ts";
import { exchange } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";

test("a rule takes hosts whose CNAME it names, and servers see the host of the client", async () => {
  using names = await DnsDouble.start({
    "www.shop.test.": { cname: "edge.test." },
    "edge.test.": { cname: "shop.test." },
  });
  const directory = mkdtempSync(join(tmpdir(), "sluice-host-resolver-"));
  const resolvConfig = join(directory, "resolv.conf");
  writeFileSync(resolvConfig, `nameserver ${names.address}\n`);
  using upstream = startUpstream(
    answering(({ fields }) => plain(fields.find(([name]) => name === "Host")?.[1] ?? "none")),
  );
  await using router = await startRouter({
    workers: 1,
    dynamic: JSON.stringify({
      http: {
        routers: { shop: { rule: "Host(`shop.test`)", service: "app" } },
        services: { app: { loadBalancer: { servers: [{ url: upstream.url }] } } },
      },
    }),
    static: `hostResolver: ${JSON.stringify({ cnameFlattening: true, resolvConfig })}\n`,
  });
  const ask = async (host: string) => {
    const { status, text } = await exchange(
      router.port,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      "GET",
    );
    return `${status} ${text}`.trim();
  };
  expect(await ask("shop.test")).toBe("200 shop.test");
  expect(names.asked).toEqual([]);
  expect(await Promise.all([ask("www.shop.test"), ask("WWW.shop.test:80")])).toEqual([
    "200 www.shop.test",
    "200 WWW.shop.test:80",
  ]);
  expect(await ask("other.test")).toBe("404 404 page not found");
  expect(names.asked).toEqual([
    "CNAME www.shop.test. udp",
    "CNAME edge.test. udp",
    "CNAME shop.test. udp",
    "CNAME other.test. udp",
  ]);
  rmSync(directory, { recursive: true });
});
