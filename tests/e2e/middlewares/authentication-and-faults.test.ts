import { expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { startWebSocketPeer } from "../../support/http/websocket-peer.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const basic = (credentials: string) => `Authorization: Basic ${btoa(credentials)}`;

test("who may ask, what is asked again, and what takes the place of errors", async () => {
  let failures = 0;
  using upstream = startUpstream(
    answering(({ target, text, header }) => {
      if (target.startsWith("/page")) return plain(`page for ${target}`);
      if (target.startsWith("/broken")) return plain("broken", "500 Oh");
      if (target.startsWith("/retry") && failures-- > 0) return plain("not yet", "503 Busy");
      return plain(`${text}|${header("x-user") ?? ""}|${header("authorization") ?? ""}`);
    }),
  );
  using auth = startUpstream(
    answering(({ header }) =>
      header("cookie") === "session=good"
        ? plain("", "200 OK", ["X-User: cookie"])
        : plain("log in", "401 Unauthorized", ["WWW-Authenticate: Custom"]),
    ),
  );
  using peer = startWebSocketPeer();
  const bcrypt = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 10 });
  const middlewares = {
    users: { basicAuth: { usersFile: "users", headerField: "X-User", removeHeader: true } },
    digest: {
      digestAuth: {
        users: ["ann:traefik:e008efc4676c740d22dfb8460b00c71f"],
        headerField: "X-User",
      },
    },
    ask: { forwardAuth: { address: `${auth.url}/verify`, authResponseHeaders: ["X-User"] } },
    pages: { errors: { status: ["500-599"], service: "upstream", query: "/page?{status}" } },
    again: { retry: { attempts: 3, status: ["503"] } },
  };
  const paths: Record<string, [service: string, ...middlewares: string[]]> = {
    basic: ["upstream", "users"],
    digest: ["upstream", "digest"],
    forward: ["upstream", "ask"],
    broken: ["upstream", "pages"],
    nowhere: ["nowhere", "pages"],
    retry: ["upstream", "again"],
    "half-away": ["halfAway", "again"],
    chat: ["chat", "users", "ask", "pages", "again"],
  };
  const service = (...urls: string[]) => ({
    loadBalancer: { servers: urls.map((url) => ({ url })) },
  });
  const away = `http://127.0.0.1:${await freePort()}`;
  const http = {
    middlewares,
    routers: Object.fromEntries(
      Object.entries(paths).map(([path, [name, ...chain]]) => [
        path,
        { rule: `PathPrefix(\`/${path}\`)`, service: name, middlewares: chain },
      ]),
    ),
    services: {
      upstream: service(upstream.url),
      nowhere: service(away),
      halfAway: service(away, upstream.url),
      chat: service(peer.url),
    },
  };
  await using router = await startRouter({
    dynamic: JSON.stringify({ http }),
    files: { users: `# by htpasswd\nann:${bcrypt}\n` },
  });
  const { port } = router;
  const answerTo = async (path: string, fields: string[] = [], method?: string) => {
    const { status, text } = await get(port, path, fields, method);
    return `${status} ${text}`;
  };

  const refused = await get(port, "/basic");
  expect([refused.status, refused.text, refused.header("www-authenticate")]).toEqual([
    401,
    "401 Unauthorized\n",
    'Basic realm="traefik"',
  ]);
  expect(await answerTo("/basic", [basic("ann:wrong")])).toBe("401 401 Unauthorized\n");
  const good = [1, 2, 3].map(() => answerTo("/basic", [basic("ann:secret")]));
  expect(await Promise.all(good)).toEqual(Array(3).fill("200 |ann|"));

  const urls = [1, 2, 3].map((i) => `http://127.0.0.1:${port}/digest/${i}?q`);
  const curl = Bun.spawn(["curl", "-s", "--digest", "-u", "ann:secret", ...urls]);
  const answers = await new Response(curl.stdout).text();
  expect(answers).toMatch(/^(\|ann\|Digest [^|]*nc=0000000\d, [^|]*){3}$/);
  expect((await get(port, "/digest")).status).toBe(401);

  expect(await answerTo("/forward")).toBe("401 log in");
  expect(await answerTo("/forward", ["Cookie: session=good"])).toBe("200 |cookie|");
  expect(auth.requests.at(-1)!.header("x-forwarded-uri")).toBe("/forward");

  expect(await answerTo("/broken")).toBe("500 page for /page?500");
  expect(await answerTo("/broken", [], "HEAD")).toBe("500 ");
  expect(await answerTo("/nowhere")).toBe("502 page for /page?502");

  failures = 2;
  expect(await answerTo("/retry")).toBe("200 ||");
  failures = 3;
  expect(await answerTo("/retry")).toBe("503 not yet");
  for (let i = 0; i < 4; i++) expect(await answerTo("/half-away", [], "DELETE")).toBe("200 ||");

  const headers = { Authorization: `Basic ${btoa("ann:secret")}`, Cookie: "session=good" };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers } as never);
  const messages: string[] = [];
  socket.onmessage = ({ data }) => messages.push(String(data));
  await waitFor("the open socket", () => socket.readyState === WebSocket.OPEN);
  socket.send("hello");
  await waitFor("the echo", () => messages.length === 1);
  socket.close();
});
