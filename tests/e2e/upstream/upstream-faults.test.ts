import { describe, expect, test } from "bun:test";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { exchange, RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream, type UpstreamScript } from "../../support/sockets/recording-upstream.ts";
import {
  answering,
  plain,
  sendingThenClosing,
  sendingThenResetting,
  sendingThenStalling,
} from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const GET = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";

/** The router before an upstream with that script. */
async function before(script: UpstreamScript, transport = "") {
  const upstream = startUpstream(script);
  const router = await startRouter({
    dynamic: forwardingTo(upstream.url),
    static: `serversTransport:\n  forwardingTimeouts:\n    idleConnTimeout: 60s\n${transport}`,
  });
  return {
    upstream,
    router,
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]();
      upstream.stop();
    },
  };
}

describe("an upstream that gives no response", () => {
  test("refuses: 502", async () => {
    const port = await freePort();
    await using router = await startRouter({ dynamic: forwardingTo(`http://127.0.0.1:${port}`) });
    const response = await exchange(router.port, GET);
    expect([response.status, response.text]).toEqual([502, "Bad Gateway"]);
  });

  const cases: Record<string, UpstreamScript> = {
    "closes without a byte": sendingThenClosing(""),
    resets: sendingThenResetting(),
    "breaks off in the head": sendingThenClosing("HTTP/1.1 200 OK\r\nContent-"),
    "answers garbage": sendingThenClosing("SSH-2.0-OpenSSH_9.6\r\n"),
    "answers a status of two digits": sendingThenClosing("HTTP/1.1 20 OK\r\n\r\n"),
    "answers with both framings": sendingThenClosing(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "switches protocols unasked": sendingThenClosing(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ),
  };
  for (const [name, script] of Object.entries(cases)) {
    test(`${name}: 502, and the client's connection goes on`, async () => {
      await using scene = await before(script);
      using client = await RawClient.connect(scene.router.port);
      expect((await client.request(GET)).status).toBe(502);
      expect((await client.request(GET)).status).toBe(502);
    });
  }

  test("stalls: 504 after responseHeaderTimeout", async () => {
    await using scene = await before(sendingThenStalling(), "    responseHeaderTimeout: 200ms\n");
    expect((await exchange(scene.router.port, GET)).status).toBe(504);
  });
});

describe("a response that breaks off", () => {
  const cases: Record<string, string> = {
    "short of its length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    "between chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "in a chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    "with a bad chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
  };
  for (const [name, bytes] of Object.entries(cases)) {
    for (const [how, script] of [
      ["closed", sendingThenClosing(bytes)],
      ["reset", sendingThenResetting(bytes)],
    ] as const) {
      test(`${name}, ${how}: is cut short below, never ended cleanly`, async () => {
        await using scene = await before(script);
        using client = await RawClient.connect(scene.router.port);
        await client.send(GET);
        const text = await client.readToEnd();
        expect(text).not.toContain("\r\n0\r\n");
        expect(text.startsWith("HTTP/1.1 200") ? "cut" : text.slice(9, 12)).toMatch(/cut|502/);
        if (text.includes("Content-Length: 10")) expect(text.endsWith("half")).toBe(true);
      });
    }
  }

  test("is cut by a reset for an HTTP/1.0 client, which knows no other sign", async () => {
    await using scene = await before(sendingThenClosing(cases["between chunks"]));
    using client = await RawClient.connect(scene.router.port);
    await client.send("GET / HTTP/1.0\r\nHost: app.test\r\n\r\n");
    expect(await client.ended()).toBe("reset");
  });

  test("a body that ends with the connection is complete", async () => {
    await using scene = await before(sendingThenClosing("HTTP/1.1 200 OK\r\n\r\nall of it"));
    const response = await exchange(scene.router.port, GET);
    expect([response.status, response.text]).toEqual([200, "all of it"]);
  });
});

describe("pooled connections", () => {
  test("surplus bytes poison a connection: it is never used again", async () => {
    await using scene = await before(async (connection, index) => {
      await connection.request();
      await connection.send(
        `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${index}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
      );
    });
    using client = await RawClient.connect(scene.router.port);
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push((await client.request(GET)).text);
    expect(answers).toEqual(["0", "1", "2", "3"]);
  });

  test("bytes on an idle connection poison it too", async () => {
    await using scene = await before(async (connection, index) => {
      await connection.request();
      await connection.send(plain(String(index)));
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    });
    using client = await RawClient.connect(scene.router.port);
    expect((await client.request(GET)).text).toBe("0");
    await waitFor("the end of the poisoned connection", () => scene.upstream.open === 0);
    expect((await client.request(GET)).text).toBe("1");
  });

  /** The first connection answers once and dies when it is asked again; the others answer. */
  const dyingOnReuse: UpstreamScript = async (connection, index) => {
    await connection.request();
    await connection.send(plain(String(index)));
    if (index > 0) return answering(plain(String(index)))(connection, index);
    await connection.request();
    connection.close();
  };

  test("a GET is sent once more where a reused connection turns out to be dead", async () => {
    await using scene = await before(dyingOnReuse);
    using client = await RawClient.connect(scene.router.port);
    expect((await client.request(GET)).text).toBe("0");
    expect((await client.request(GET)).text).toBe("1");
    expect(scene.upstream.requests.length).toBe(3);
  });

  test("a POST is not", async () => {
    await using scene = await before(dyingOnReuse);
    using client = await RawClient.connect(scene.router.port);
    const post = "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\nhi";
    expect((await client.request(GET)).text).toBe("0");
    expect((await client.request(post, "POST")).status).toBe(502);
    expect(scene.upstream.connections.length).toBe(1);
  });

  test("a fresh connection that dies is not tried again", async () => {
    await using scene = await before(sendingThenClosing(""));
    expect((await exchange(scene.router.port, GET)).status).toBe(502);
    expect(scene.upstream.connections.length).toBe(1);
  });

  test("an answer before the request's end closes both connections, cleanly for the client", async () => {
    await using scene = await before(async (connection) => {
      await connection.readUntil("\r\n\r\n");
      await connection.send(plain("too large", "413 Content Too Large"));
    });
    using client = await RawClient.connect(scene.router.port);
    await client.send(
      "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100000\r\n\r\nbeginning",
    );
    const response = await client.response("POST");
    expect([response.status, response.text]).toEqual([413, "too large"]);
    await client.ended();
    await waitFor("the upstream connection's end", () => scene.upstream.open === 0);
  });
});

describe("interim responses", () => {
  test("103 is forwarded, with its fields", async () => {
    await using scene = await before(
      sendingThenClosing(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${plain("done")}`),
    );
    const response = await exchange(scene.router.port, GET);
    expect(response.interim.map(({ status }) => status)).toEqual([103]);
    expect(response.text).toBe("done");
  });

  const expecting =
    "POST / HTTP/1.1\r\nHost: app.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";

  test("100: the body is asked for where the upstream wants it", async () => {
    await using scene = await before(async (connection) => {
      await connection.readUntil("\r\n\r\n");
      await connection.send("HTTP/1.1 100 Continue\r\n\r\n");
      await connection.readUntil("body");
      await connection.send(plain("thanks"));
    });
    using client = await RawClient.connect(scene.router.port);
    await client.send(expecting);
    await client.readUntil("HTTP/1.1 100 Continue\r\n\r\n");
    await client.send("body");
    expect((await client.response("POST")).text).toBe("thanks");
  });

  test("100: it is not where the upstream refuses, nor waited for where it says nothing", async () => {
    await using refusing = await before(async (connection) => {
      await connection.readUntil("\r\n\r\n");
      await connection.send(plain("no", "403 Forbidden"));
    });
    const refused = await exchange(refusing.router.port, expecting, "POST");
    expect([refused.status, refused.interim.length]).toEqual([403, 0]);

    await using silent = await before(answering(plain("late")));
    using client = await RawClient.connect(silent.router.port);
    await client.send(expecting);
    await client.readUntil("HTTP/1.1 100 Continue\r\n\r\n");
    await client.send("body");
    expect((await client.response("POST")).text).toBe("late");
  });
});
