import { expect } from "bun:test";
import { opensslClient } from "../../support/openssl-client.ts";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";

const test = testWith("openssl");

const WHOAMI = JSON.stringify({
  http: {
    routers: {
      plain: { rule: "PathPrefix(`/`)", service: "whoami@internal" },
      secure: { rule: "PathPrefix(`/`)", service: "whoami@internal", tls: {} },
    },
  },
});

test("a target with user information, or without a host, is 400 whatever Host says", async () => {
  await using router = await startRouter({ dynamic: WHOAMI });
  for (const target of ["http://@/", "http://user@app.test/", "http:///", "http://:80/"]) {
    using client = await router.client();
    const { status } = await client.request(`GET ${target} HTTP/1.1\r\nHost: app.test\r\n\r\n`);
    expect([target, status]).toEqual([target, 400]);
  }
});

test("a server name with a blank ends the connection, and the next one is served", async () => {
  await using router = await startRouter({ dynamic: WHOAMI });
  const input = "GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n";
  for (const name of ["app.test ", " app.test"]) {
    const refused = await opensslClient(router.port, { name, input });
    expect([refused.status, refused.certificates]).toEqual([undefined, 0]);
  }
  const served = await opensslClient(router.port, { name: "app.test", input });
  expect([served.status, served.certificates]).toEqual([200, 1]);
});
