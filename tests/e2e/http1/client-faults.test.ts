import { describe, expect, test } from "bun:test";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream, type UpstreamScript } from "../../support/sockets/recording-upstream.ts";
import { answering, chunked, echoing, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const GET = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";

async function before(script: UpstreamScript, web = "", more = "") {
  const upstream = startUpstream(script);
  const router = await startRouter({
    workers: 1,
    dynamic: forwardingTo(upstream.url),
    web,
    static: more,
  });
  return {
    upstream,
    router,
    client: () => RawClient.connect(router.port),
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]();
      upstream.stop();
    },
  };
}

const ACCESS_LOG = "accessLog: {}\n";

describe("a client that vanishes", () => {
  test("in its request body: the upstream never sees a whole request", async () => {
    await using scene = await before(echoing(), "", ACCESS_LOG);
    const client = await scene.client();
    await client.send(
      "POST /part HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100\r\n\r\nbeginning",
    );
    const upstream = await scene.upstream.connection(0);
    await upstream.readUntil("beginning");
    client.reset();
    await upstream.ended();
    expect(scene.upstream.requests).toEqual([]);
    await scene.router.program.logged(/"POST \/part HTTP\/1.1" 499 /);
  });

  test("while the upstream thinks: the upstream's request is dropped, the log says 499", async () => {
    await using scene = await before(
      async (connection) => void (await connection.request()),
      "",
      ACCESS_LOG,
    );
    const client = await scene.client();
    await client.send(GET);
    const upstream = await scene.upstream.connection(0);
    await waitFor("the request", () => scene.upstream.requests.length === 1);
    client.reset();
    await upstream.ended();
    await scene.router.program.logged(/"GET \/ HTTP\/1.1" 499 /);
  });

  test("in its download: the upstream's connection is closed, others go on", async () => {
    const endless: UpstreamScript = async (connection) => {
      const request = await connection.request();
      if (request?.target === "/small") return connection.send(plain("small"));
      await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmore\r\n");
    };
    await using scene = await before(endless);
    const client = await scene.client();
    await client.send(GET);
    await client.readUntil("more");
    client.reset();
    await (await scene.upstream.connection(0)).ended();
    using other = await scene.client();
    expect((await other.request(GET.replace("/ ", "/small "))).text).toBe("small");
  });
});

describe("one connection", () => {
  test("a thousand requests in one segment are answered in order", async () => {
    await using scene = await before(answering((request) => plain(request.target)));
    using client = await scene.client();
    const count = 1000;
    let requests = "";
    for (let i = 0; i < count; i++) requests += GET.replace("/ ", `/${i} `);
    client.offer(requests);
    for (let i = 0; i < count; i++) expect((await client.response()).text).toBe(`/${i}`);
  });

  test("the built-in service too, whose answers never wait", async () => {
    await using router = await startRouter({
      dynamic:
        "http:\n  routers:\n    all:\n      rule: PathPrefix(`/`)\n      service: whoami@internal\n",
    });
    using client = await RawClient.connect(router.port);
    client.offer(GET.replace("/ ", "/health ").repeat(3000));
    for (let i = 0; i < 3000; i++) expect((await client.response()).status).toBe(200);
  });

  test("pipelines split at odd places are the same requests", async () => {
    await using scene = await before(echoing());
    const pipeline = [
      "POST /a HTTP/1.1\r\nHost: app.test\r\nContent-Length: 3\r\n\r\nabc",
      "GET /b HTTP/1.1\r\nHost: app.test\r\n\r\n",
      "POST /c HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n0\r\n\r\n",
    ].join("");
    for (const size of [1, 2, 3, 5, 17, 40]) {
      using client = await scene.client();
      await client.sendSegmented(pipeline, size, 0);
      const seen: string[] = [];
      for (const method of ["POST", "GET", "POST"]) {
        const { target, body } = JSON.parse((await client.response(method)).text);
        seen.push(`${target}=${body}`);
      }
      expect(seen).toEqual(["/a=abc", "/b=", "/c=xy"]);
    }
    expect(scene.upstream.errors).toEqual([]);
  });

  test("HEAD, 204 and 304 have no body, whatever the upstream says of one", async () => {
    await using scene = await before(
      answering((request) => {
        if (request.target === "/204") return "HTTP/1.1 204 No Content\r\n\r\n";
        if (request.target === "/304")
          return "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n";
        return request.method === "HEAD"
          ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
          : plain("hello");
      }),
    );
    using client = await scene.client();
    const head = await client.request("HEAD / HTTP/1.1\r\nHost: app.test\r\n\r\n", "HEAD");
    expect(head.fields.find(([name]) => name.toLowerCase() === "content-length")?.[1]).toBe("5");
    expect((await client.request(GET.replace("/ ", "/204 "))).status).toBe(204);
    expect((await client.request(GET.replace("/ ", "/304 "))).status).toBe(304);
    expect((await client.request(GET)).text).toBe("hello");
  });

  test("trailers pass in both directions", async () => {
    await using scene = await before(async (connection) => {
      const request = await connection.request();
      await connection.send(chunked(["ok"], [`X-Seen: ${request?.trailers[0]?.join("=")}`]));
    });
    using client = await scene.client();
    const response = await client.request(
      "POST / HTTP/1.1\r\nHost: app.test\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n",
      "POST",
    );
    expect(response.trailers).toEqual([["X-Seen", "X-Sum=7"]]);
  });

  test("an HTTP/1.0 client gets a length or the connection's end, and keeps it only if it asks", async () => {
    await using scene = await before(
      answering((request) =>
        request.target === "/long" ? chunked(["one", "two"]) : plain("short"),
      ),
    );
    using kept = await scene.client();
    const request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    expect((await kept.request(request)).text).toBe("short");
    expect((await kept.request(request)).text).toBe("short");
    using closed = await scene.client();
    await closed.send("GET /long HTTP/1.0\r\n\r\n");
    const text = await closed.readToEnd();
    expect(text).toEndWith("\r\n\r\nonetwo");
    expect(text).not.toMatch(/transfer-encoding/i);
  });
});

describe("limits of a connection", () => {
  const closing = (fields: readonly (readonly [string, string])[]) =>
    fields.some(([name, value]) => name.toLowerCase() === "connection" && value === "close");

  test("keepAliveMaxRequests: the last response says so", async () => {
    await using scene = await before(
      answering(plain("x")),
      "    transport:\n      keepAliveMaxRequests: 3",
    );
    using client = await scene.client();
    const said = [];
    for (let i = 0; i < 3; i++) said.push(closing((await client.request(GET)).fields));
    expect(said).toEqual([false, false, true]);
    expect(await client.ended()).toBe("fin");
  });

  test("idleTimeout closes an idle connection, readTimeout answers a slow head and a slow body with 408", async () => {
    await using scene = await before(
      echoing(),
      "    transport:\n      respondingTimeouts:\n        idleTimeout: 300ms\n        readTimeout: 300ms",
    );
    using idle = await scene.client();
    await idle.request(GET);
    expect(await idle.ended()).toBe("fin");

    using slowHead = await scene.client();
    await slowHead.send("GET / HTTP/1.1\r\nHost: app");
    expect((await slowHead.response()).status).toBe(408);

    using slowBody = await scene.client();
    await slowBody.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nslow");
    expect((await slowBody.response("POST")).status).toBe(408);
    expect(scene.upstream.errors).toEqual([]);
  });

  test("a slow reader makes the upstream wait; the program's memory stays", async () => {
    const total = 200 * 1024 * 1024;
    const block = Buffer.alloc(1024 * 1024, 0x61);
    await using scene = await before(async (connection) => {
      await connection.request();
      await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      for (let sent = 0; sent < total; sent += block.length) await connection.send(block);
    });
    using client = await scene.client();
    const idle = scene.router.program.rss();
    await client.send(GET);
    await client.readUntil("aaaa");
    client.pause();
    // Time enough for 200 MB to pile up, if they did.
    await Bun.sleep(1500);
    expect(scene.router.program.rss() - idle).toBeLessThan(60 * 1024 * 1024);
  });
});

test("thousands of faulty exchanges leave no socket and little memory behind", async () => {
  await using scene = await before(
    async (connection, index) => {
      await connection.request();
      if (index % 4 === 0) connection.reset();
      else if (index % 4 === 1) {
        await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        connection.close();
      } else if (index % 4 === 2) await connection.send("garbage\r\n\r\n");
      else {
        await connection.send(plain("fine"));
        await answering(plain("fine"))(connection, index);
      }
    },
    "",
    "serversTransport:\n  maxIdleConnsPerHost: 2\n",
  );
  const { program } = scene.router;
  const round = async (count: number) => {
    for (let i = 0; i < count; i += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, k) => {
          const client = await scene.client();
          if (k % 5 === 0) client.offer("GET / HTTP/1.1\r\nHost");
          else if (k % 5 === 1)
            client.offer("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 9\r\n\r\nx");
          else {
            client.offer(GET);
            await client.readUntil("\r\n\r\n").catch(() => {});
          }
          client.reset();
        }),
      );
    }
    // What may stay is what the pool is allowed to keep.
    await waitFor("closed sockets", () => program.sockets() <= sockets + 2);
  };
  const sockets = program.sockets();
  await round(1000);
  const settled = program.rss();
  await round(2000);
  expect(program.rss() - settled).toBeLessThan(40 * 1024 * 1024);
}, 120_000);
