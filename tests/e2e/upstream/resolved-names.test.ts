import { expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { waitFor } from "../../support/wait-for.ts";

test("a name is a server for each address: Host, checks and the API's states", async () => {
  const checked: (string | null)[] = [];
  await using upstream = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const host = request.headers.get("host");
      if (new URL(request.url).pathname === "/health") checked.push(host);
      return new Response(host);
    },
  });
  const { port } = upstream;
  await using router = await startRouter({
    static: "api: {}",
    dynamic: `http:
  routers:
    app: { rule: PathPrefix(\`/app\`), service: app }
    api: { rule: PathPrefix(\`/api\`), service: api@internal }
  services:
    app:
      loadBalancer:
        resolve: { interval: 1s }
        passHostHeader: false
        healthCheck: { path: /health, interval: 50ms, timeout: 5s }
        servers: [{ url: "http://localhost:${port}" }]
`,
  });
  // An address of IPv6, where the machine has one for the name, is found to be down.
  await waitFor("an answer by the name", async () => {
    return (await get(router.port, "/app")).text === `localhost:${port}`;
  });
  const { text } = await get(router.port, "/api/http/services/app@file");
  const { serverStatus } = JSON.parse(text);
  expect(serverStatus[`http://127.0.0.1:${port}`]).toBe("UP");
  expect(serverStatus[`http://localhost:${port}`]).toBeUndefined();
  await waitFor("a check by the name", () => checked.includes(`localhost:${port}`));
});
