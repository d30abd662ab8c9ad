import { expect } from "bun:test";
import { connect as tlsConnect, createServer as tlsServer } from "node:tls";
import { makeCertificate } from "../../support/certificates.ts";
import { curl } from "../../support/curl.ts";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { greeter, speakTls, startTls, tcp, to } from "../../support/sockets/tcp-scene.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("curl", "openssl");

const ca = makeCertificate({ name: "Sluice Test CA", ca: true });
const front = makeCertificate({ name: "front", names: ["DNS:front.test"], issuer: ca });
const back = makeCertificate({ name: "back", names: ["DNS:back.test"], issuer: ca });
const FILES = {
  "ca.pem": ca.certificate,
  "front.pem": front.certificate,
  "front.key": front.key,
};
const TLS = "tls:\n  certificates: [{ certFile: front.pem, keyFile: front.key }]\n";
const BACK = { cert: back.certificate, key: back.key };

test("a server that speaks first, with nothing sent; a half-close reaches it and its answer comes back", async () => {
  using server = greeter("hello");
  await using router = await startRouter({
    dynamic: tcp(
      "    all: { rule: HostSNI(`*`), service: s, entryPoints: [web] }\n",
      `    s: { loadBalancer: { serversTransport: patient, servers: [{ address: "127.0.0.1:${server.port}" }] } }\n`,
      "  serversTransports:\n    patient: { terminationDelay: 5s }\n",
    ),
  });
  using client = await RawClient.connect(router.port);
  expect(await client.readUntil("hello\n")).toBe("hello\n");
  await client.send("and more");
  client.halfClose();
  expect(await client.readToEnd()).toBe("and more");
});

test("one port for HTTP, HTTPS, TLS passed through, TLS terminated for TCP, and plain TCP", async () => {
  using through = await startTls("through", BACK);
  using plain = startUpstream(async (connection) => {
    await connection.send("terminated\n");
    await connection.send(await connection.readUntil("ping\n"));
  });
  const dynamic = `http:
  routers:
    web: { rule: "Host(\`front.test\`)", service: whoami@internal, tls: {} }
    plain: { rule: "PathPrefix(\`/\`)", service: whoami@internal }
${tcp(
  `    through: { rule: HostSNI(\`through.test\`), service: t, tls: { passthrough: true } }
    wild: { rule: "HostSNI(\`*.wild.test\`)", service: t, tls: { passthrough: true } }
    regexp: { rule: "HostSNIRegexp(\`^re[0-9]+\\\\.test$\`)", service: t, tls: { passthrough: true } }
    alpn: { rule: "HostSNI(\`*\`) && ALPN(\`special\`)", service: t, tls: { passthrough: true } }
    terminated: { rule: HostSNI(\`tcp.test\`), service: p, tls: {} }
    fallback: { rule: HostSNI(\`*\`), service: p, tls: {} }
`,
  to("t", through.port) + to("p", plain.port),
)}${TLS}`;
  await using router = await startRouter({ dynamic, files: FILES });
  const { port } = router;
  expect(await speakTls(port, "through.test")).toBe("back: through ping");
  expect(await speakTls(port, "THROUGH.test")).toBe("back: through ping");
  expect(await speakTls(port, "a.wild.test")).toBe("back: through ping");
  expect(await speakTls(port, "re42.test")).toBe("back: through ping");
  expect(await speakTls(port, "tcp.test")).toStartWith("TRAEFIK DEFAULT CERT: terminated");
  expect(await speakTls(port, "whoever.test")).toStartWith("TRAEFIK DEFAULT CERT: terminated");
  expect((await curl(`http://front.test:${port}/`)).status).toBe(200);
  const https = await curl(
    `https://front.test:${port}/`,
    "--cacert",
    `${router.program.directory}/ca.pem`,
  );
  expect([https.stderr, https.status, https.version]).toEqual(["", 200, "2"]);
});

test("connections take turns, by weight, and servers that are down get none", async () => {
  using one = greeter("one");
  using two = greeter("two");
  const dead = await freePort();
  const dynamic = tcp(
    "    all: { rule: HostSNI(`*`), service: both }\n",
    `    both: { weighted: { services: [{ name: a, weight: 3 }, { name: b, weight: 1 }] } }
${to("a", one.port)}    b: { loadBalancer: { servers: [{ address: "127.0.0.1:${two.port}" }, { address: "127.0.0.1:${dead}" }], healthCheck: { interval: 100ms, timeout: 1s } } }
`,
  );
  await using router = await startRouter({ workers: 1, dynamic, static: "log:\n  level: WARN\n" });
  const ask = async () => {
    using client = await RawClient.connect(router.port);
    return (await client.readUntil("\n")).trim();
  };
  await router.program.logged(/Health check failed/);
  const seen: Record<string, number> = {};
  for (let i = 0; i < 16; i++) {
    const name = await ask();
    seen[name] = (seen[name] ?? 0) + 1;
  }
  expect(seen).toEqual({ one: 12, two: 4 });
});

for (const version of [1, 2]) {
  test(`the server hears of the client by PROXY protocol version ${version}`, async () => {
    using server = startUpstream(async (connection) => {
      await connection.readUntil("data");
    });
    await using router = await startRouter({
      dynamic: tcp(
        "    all: { rule: HostSNI(`*`), service: s }\n",
        `    s: { loadBalancer: { serversTransport: p, servers: [{ address: "127.0.0.1:${server.port}" }] } }\n`,
        `  serversTransports:\n    p: { proxyProtocol: { version: ${version} } }\n`,
      ),
    });
    using client = await RawClient.connect(router.port);
    await client.send("data");
    // The look whether the port is open was passed on as well.
    const received = await waitFor("the header", () =>
      server.received.find((bytes) => bytes.includes("data")),
    );
    if (version === 1) {
      const line = new RegExp(
        `^PROXY TCP4 127\\.0\\.0\\.1 127\\.0\\.0\\.1 \\d+ ${router.port}\r\ndata$`,
      );
      expect(received).toMatch(line);
    } else {
      expect(received).toStartWith("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01");
      expect(received).toEndWith("data");
      expect(received.length).toBe(16 + 12 + 4);
    }
  });
}

test("half-closes go through TLS that ends here, and through TLS to the server", async () => {
  using plain = startUpstream(async (connection) => {
    await connection.send(`plain got ${await connection.readToEnd()}`);
    connection.halfClose();
  });
  const secured = tlsServer({ ...BACK, allowHalfOpen: true }, (socket) => {
    let received = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => (received += String(chunk)));
    socket.on("end", () => socket.end(`secured got ${received}`));
  });
  await new Promise<void>((resolve) => secured.listen(0, "127.0.0.1", resolve));
  const { port } = secured.address() as { port: number };
  await using router = await startRouter({
    dynamic: `${tcp(
      `    plain: { rule: HostSNI(\`plain.test\`), service: p, tls: {} }
    secured: { rule: HostSNI(\`secured.test\`), service: s, tls: {} }
`,
      `    p: { loadBalancer: { serversTransport: patient, servers: [{ address: "127.0.0.1:${plain.port}" }] } }
    s: { loadBalancer: { serversTransport: patient, servers: [{ address: "127.0.0.1:${port}", tls: true }] } }
`,
      "  serversTransports:\n    patient: { terminationDelay: 20s, tls: { insecureSkipVerify: true } }\n",
    )}${TLS}`,
    files: FILES,
  });
  const ask = (servername: string) =>
    new Promise<string>((resolve, reject) => {
      let received = "";
      const options = { port: router.port, host: "127.0.0.1", rejectUnauthorized: false };
      const socket = tlsConnect({ ...options, servername, allowHalfOpen: true } as never);
      socket.setTimeout(10_000, () => socket.destroy(new Error(`nothing more than ${received}`)));
      socket.on("secureConnect", () => socket.end("question"));
      socket.on("data", (chunk) => (received += String(chunk)));
      socket.on("end", () => resolve(received));
      socket.on("error", reject);
    });
  expect(await ask("plain.test")).toBe("plain got question");
  expect(await ask("secured.test")).toBe("secured got question");
  secured.close();
});

/** What comes until the connection ends; one that doesn't end soon was not refused yet. */
const refused = (client: RawClient) => client.readToEnd(500).catch(() => "it goes on");

test("TLS to the server, its certificate checked; an unknown CA is refused", async () => {
  using server = await startTls("secured", BACK);
  const dynamic = (transport: string) =>
    tcp(
      "    all: { rule: HostSNI(`*`), service: s }\n",
      `    s: { loadBalancer: { serversTransport: t, servers: [{ address: "127.0.0.1:${server.port}", tls: true }] } }\n`,
      `  serversTransports:\n    t: { tls: ${transport} }\n`,
    );
  await using router = await startRouter({
    dynamic: dynamic("{ serverName: back.test, rootCAs: [ca.pem] }"),
    files: FILES,
  });
  using client = await RawClient.connect(router.port);
  expect(await client.readUntil("\n")).toBe("secured\n");
  await router.reconfigure(dynamic("{ serverName: back.test }"));
  await waitFor("connections to be refused", async () => {
    using other = await RawClient.connect(router.port);
    return (await refused(other)) === "";
  });
});

test("ipAllowList and inFlightConn", async () => {
  using server = greeter("in");
  const dynamic = (sourceRange: string) =>
    tcp(
      "    all: { rule: HostSNI(`*`), service: s, middlewares: [list, few] }\n",
      to("s", server.port),
      `  middlewares:\n    list: { ipAllowList: { sourceRange: ["${sourceRange}"] } }\n    few: { inFlightConn: { amount: 1 } }\n`,
    );
  await using router = await startRouter({ dynamic: dynamic("127.0.0.0/8") });
  const first = await RawClient.connect(router.port);
  expect(await first.readUntil("\n")).toBe("in\n");
  using second = await RawClient.connect(router.port);
  expect(await second.readToEnd()).toBe("");
  first.reset();
  await waitFor("room for another", async () => {
    using third = await RawClient.connect(router.port);
    return (await third.readUntil("\n").catch(() => "")) === "in\n";
  });
  await router.reconfigure(dynamic("192.0.2.0/24"));
  await waitFor("strangers to be refused", async () => {
    using fourth = await RawClient.connect(router.port);
    return (await refused(fourth)) === "";
  });
});

const STARTTLS = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

test("PostgreSQL's STARTTLS is routed by the server name behind it", async () => {
  using server = startUpstream(async (connection) => {
    expect(await connection.readBytes(8)).toEqual(STARTTLS);
    await connection.send("S");
    const hello = await connection.readBytes(6);
    expect([hello[0], hello[1], hello[5]]).toEqual([0x16, 3, 1]);
    await connection.send("the server's handshake");
  });
  const dynamic = tcp(
    "    db: { rule: HostSNI(`db.test`), service: s, tls: { passthrough: true } }\n",
    to("s", server.port),
  );
  await using router = await startRouter({ dynamic });
  // openssl's ClientHello for that name, taken from a server of ours.
  using listener = startUpstream(async (connection) => void (await connection.readBytes(100)));
  const openssl = Bun.spawn(
    ["openssl", "s_client", "-connect", `127.0.0.1:${listener.port}`, "-servername", "db.test"],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  await waitFor("a ClientHello", () => (listener.received[0]?.length ?? 0) > 100);
  const hello = Uint8Array.from(listener.received[0], (character) => character.charCodeAt(0));
  openssl.kill();
  using client = await RawClient.connect(router.port);
  await client.send(STARTTLS);
  expect(await client.readBytes(1)).toEqual(Uint8Array.of(0x53));
  await client.send(hello);
  await client.readUntil("the server's handshake");
  expect(server.errors).toEqual([]);
});

test("what is wrong disables its router, and says so", async () => {
  const dynamic = tcp(
    `    named: { rule: HostSNI(\`a.test\`), service: s }
    lost: { rule: HostSNI(\`*\`), service: nowhere, tls: {} }
    odd: { rule: Host(\`a.test\`), service: s, tls: {} }
`,
    to("s", 1),
  );
  await using router = await startRouter({ dynamic });
  await router.program.logged(/no TLS on the router/);
  await router.program.logged(/nowhere@file.*does not exist/);
  await router.program.logged(/unknown matcher/);
});

test("big streams both ways, whole", async () => {
  using server = startUpstream(async (connection) => {
    const all = await connection.readBytes(20_000_000);
    await connection.send(all);
  });
  await using router = await startRouter({
    dynamic: tcp("    all: { rule: HostSNI(`*`), service: s }\n", to("s", server.port)),
  });
  using client = await RawClient.connect(router.port);
  const body = new Uint8Array(20_000_000).map((_, i) => i * 13);
  await client.send(body);
  const back = await client.readBytes(body.length, 60_000);
  expect(Buffer.from(back).equals(Buffer.from(body))).toBe(true);
}, 90_000);

test("however connections end, nothing of them stays open", async () => {
  // What a connection's index says: the server ends it by itself, resets it, or waits for the client.
  using server = startUpstream(async (connection, index) => {
    await connection.send("x".repeat(index % 5 === 0 ? 300_000 : 10)).catch(() => {});
    if (index % 3 === 0) connection.halfClose();
    else if (index % 7 === 0) connection.reset();
    await connection.readToEnd(60_000).catch(() => {});
    connection.close();
  });
  const dead = await freePort();
  await using router = await startRouter({
    workers: 1,
    dynamic: `${tcp(
      `    plain: { rule: HostSNI(\`*\`), service: s }
    ended: { rule: HostSNI(\`*\`), service: s, tls: {} }
    dead: { rule: HostSNI(\`dead.test\`), service: d, tls: {} }
`,
      to("s", server.port) + to("d", dead),
    )}${TLS}`,
    files: FILES,
  });
  const before = router.program.sockets();
  const ends: ((client: RawClient) => void)[] = [
    (client) => client.reset(),
    (client) => client.close(),
    (client) => client.halfClose(),
    // Nothing is decided yet.
    () => {},
  ];
  /** A client with TLS, gone as soon as its handshake is done. */
  const shakeHands = (servername: string) =>
    new Promise<void>((resolve) => {
      const options = { port: router.port, host: "127.0.0.1", rejectUnauthorized: false };
      const socket = tlsConnect({ ...options, servername }, () => socket.destroy());
      socket.on("error", () => {});
      socket.on("close", () => resolve());
    });
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 24 }, () => router.client()));
    for (const [i, client] of clients.entries()) {
      if (i % 4 !== 3) client.offer(i % 2 === 0 ? "hello" : "y".repeat(200_000));
      if (i % 8 === 1) await client.readBytes(5).catch(() => {});
      ends[i % 4](client);
    }
    await Promise.all(["front.test", "dead.test"].map(shakeHands));
    for (const client of clients) client.reset();
  }
  await waitFor("all to be closed", () => router.program.sockets() <= before);
  expect(router.program.log).not.toMatch(/uncaught|TypeError/i);
});
