import { expect, test } from "bun:test";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { echoing } from "../../support/sockets/upstream-scripts.ts";

test("a request goes through the program to a server and back; SIGTERM ends it with 0", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawClient.connect(router.port);
  const response = await client.request(
    "POST /a?b HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\nhi",
  );
  expect(response.status).toBe(200);
  expect(JSON.parse(response.text)).toMatchObject({ method: "POST", target: "/a?b", body: "hi" });
  expect(upstream.requests[0].header("host")).toBe("app.test");
  expect(upstream.requests[0].header("x-forwarded-for")).toBe("127.0.0.1");
  expect(upstream.errors).toEqual([]);
  client.close();
  expect(await router.program.stop()).toBe(0);
});
