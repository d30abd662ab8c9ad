import { describe, expect, test } from "bun:test";
import { concatBytes, latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { now } from "../../../../src/core/timers.ts";
import { TlsHosts } from "../../../../src/routers/tls-hosts.ts";
import { FakeConnection } from "../../net/fake-connection.ts";
import { ALL, GET, type Given, named, Scene, STARTTLS, who } from "./switch-scene.ts";

describe("TLS, in Traefik's order", () => {
  const everything: Given = {
    plain: { plain: ALL },
    through: { tcpHost: "HostSNI(`both.test`) || HostSNI(`tcp.test`)", tcpAll: ALL },
    https: ["both.test", "*.wild.test", "*"],
  };
  const cases: [what: string, given: Given, name: string, expected: string][] = [
    ["an HTTPS router's host goes first", everything, "both.test", "tls http@file"],
    ["and so does its wildcard", everything, "a.wild.test", "tls http@file"],
    ["then a TCP router's host", everything, "tcp.test", "tcp tcpHost"],
    ["then HTTPS for all hosts", everything, "other.test", "tls http@file"],
    ["without a name too", everything, "", "tls http@file"],
    ["then TCP for all", { ...everything, https: ["both.test"] }, "other.test", "tcp tcpAll"],
    ["without a name too", { ...everything, https: ["both.test"] }, "", "tcp tcpAll"],
    ["at last HTTPS, for a 404", { https: ["both.test"] }, "other.test", "tls default"],
    ["where there are no routers at all too", {}, "other.test", "tls default"],
    [
      "an HTTPS router without a host has the default options",
      { https: [] },
      "a.test",
      "tls default",
    ],
    [
      "a TCP router without TLS isn't for TLS",
      { plain: { p: ALL }, https: ["a.test"] },
      "b.test",
      "tls default",
    ],
    ["TLS may end here for TCP", { ended: { tcp: ALL } }, "a.test", "tls tcp@file"],
  ];
  for (const [what, given, name, expected] of cases)
    test(`${what} (${name || "no name"})`, () => expect(who(given, named(name))).toBe(expected));

  test("a rule that has more than HostSNI(`*`) is no catch-all: it goes before HTTPS for all hosts", () => {
    const given = { through: { alpn: `${ALL} && ALPN(\`special\`)` }, https: [] };
    expect(who(given, named("a.test", "http/1.1", "special"))).toBe("tcp alpn");
    expect(who(given, named("a.test", "http/1.1"))).toBe("tls default");
  });

  test("among TCP routers priority decides, whether TLS ends here or not", () => {
    const given = {
      through: { short: "HostSNI(`a.test`)" },
      ended: { long: "HostSNI(`a.test`) && ClientIP(`192.0.2.0/24`)" },
    };
    expect(who(given, named("a.test"))).toBe("tls tcp@file");
  });

  test("options that can't be used close the connection, whoever else might take it", () => {
    const scene = new Scene({ https: ["a.test"], through: { all: ALL } });
    const hosts = new TlsHosts([{ name: "h", hosts: ["a.test"], options: "broken@file" }]);
    scene.entry.routes = { ...scene.entry.routes, hosts };
    const connection = scene.connect(named("a.test"));
    expect(scene.who(connection)).toBe("closed");
    expect(scene.logs).toEqual(["broken options"]);
  });

  test("a passed-through connection's server gets every byte of the ClientHello", () => {
    const scene = new Scene({ through: { all: ALL } });
    const more = concatBytes([named("a.test"), Uint8Array.of(1, 2, 3)]);
    scene.connect(more.subarray(0, 50), more.subarray(50));
    expect(scene.served[0].early).toEqual(more);
  });

  test("a terminated connection is the TCP router's once the handshake is done", () => {
    const scene = new Scene({ ended: { all: ALL } });
    scene.connect(named("a.test"));
    expect(scene.handshakes[0].early).toEqual(named("a.test"));
    expect(scene.served).toEqual([]);
    const secured = new FakeConnection();
    secured.handler = scene.handshakes[0].handler.secured(secured);
    expect(scene.served[0].connection).toBe(secured);
    expect(scene.served[0].early).toHaveLength(0);
  });
});

describe("without TLS", () => {
  test("a TCP router goes before HTTP", () => {
    expect(who({ plain: { p: ALL }, https: [] }, GET)).toBe("tcp p");
    expect(who({ plain: { p: ALL }, through: { t: ALL } }, GET)).toBe("tcp p");
  });

  test("HTTP has what no TCP router matches", () => {
    expect(who({}, GET)).toBe("http");
    expect(who({ through: { t: ALL }, ended: { e: "HostSNI(`a.test`)" } }, GET)).toBe("http");
    expect(who({ plain: { p: "ClientIP(`198.51.100.0/24`)" } }, GET)).toBe("http");
  });

  test("a client of a TCP router may send less than HTTP or TLS would, and wait for an answer", () => {
    const given = { plain: { p: ALL }, through: { t: ALL } };
    for (const text of ["P", "PING", "PRI", "\r", "*", "x", "\xff", "hello server"])
      expect(who(given, latin1Bytes(text))).toBe("tcp p");
    // These may still become something else.
    expect(who(given, Uint8Array.of(0x16))).toBe("nobody");
    expect(who(given, Uint8Array.of(0, 0, 0))).toBe("nobody");
    expect(who(given, Uint8Array.of(0, 0, 0), Uint8Array.of(7))).toBe("tcp p");
    expect(who(given, Uint8Array.of(0x16), Uint8Array.of(9))).toBe("tcp p");
  });

  test("a client that no TCP router matches isn't decided about by its first byte", () => {
    const given = { plain: { p: "ClientIP(`198.51.100.0/24`)" }, https: [] };
    expect(who(given, latin1Bytes("G"))).toBe("nobody");
    expect(who(given, latin1Bytes("G"), GET.subarray(1))).toBe("http");
  });
});

describe("a server that speaks first", () => {
  test("is asked at once where there are but TCP routers without TLS", () => {
    expect(who({ plain: { p: ALL } })).toBe("tcp p");
  });

  test("isn't where TLS might come: then the client's first bytes decide", () => {
    for (const given of [
      { plain: { p: ALL }, through: { t: "HostSNI(`a.test`)" } },
      { plain: { p: ALL }, ended: { t: ALL } },
      { plain: { p: ALL }, https: [] },
    ]) {
      expect(who(given)).toBe("nobody");
      expect(who(given, latin1Bytes("EHLO me\r\n"))).toBe("tcp p");
    }
  });

  test("isn't where no router matches: HTTP may follow", () => {
    const given = { plain: { p: "ClientIP(`198.51.100.0/24`)" } };
    expect(who(given)).toBe("nobody");
    expect(who(given, GET)).toBe("http");
  });

  test("is asked behind the PROXY protocol's header, whose client decides", () => {
    const given = {
      plain: { p: "ClientIP(`198.51.100.1`)" },
      proxyProtocol: ["192.0.2.1"],
    };
    expect(who(given)).toBe("nobody");
    const header = latin1Bytes("PROXY TCP4 198.51.100.1 203.0.113.1 1111 2222\r\n");
    expect(who(given, header)).toBe("tcp p");
    const scene = new Scene(given);
    scene.connect(header);
    expect(scene.served[0].remote).toEqual({ ip: "198.51.100.1", port: 1111 });
    expect(scene.served[0].local).toEqual({ ip: "203.0.113.1", port: 2222 });
    expect(scene.served[0].early).toHaveLength(0);
  });

  test("is asked without a header when none has come within the readTimeout, as with Traefik", () => {
    const given = { plain: { p: ALL }, proxyProtocol: ["192.0.2.1"] };
    const scene = new Scene(given);
    const connection = scene.connect();
    scene.deadlines.sweep(now() + 61_000);
    expect(scene.who(connection)).toBe("tcp p");
    expect(connection.closed).toBe(false);
    const begun = new Scene(given);
    const half = begun.connect(latin1Bytes("PROXY "));
    begun.deadlines.sweep(now() + 61_000);
    expect(half.calls).toEqual(["close"]);
  });

  test("bytes that begin no header are decided about at once", () => {
    const given = { plain: { p: ALL }, through: { t: ALL }, proxyProtocol: ["192.0.2.1"] };
    for (const text of ["EH", "PING", "PRO", "\r\n", "\r\r"]) {
      const mayBeHeader = "PROXY ".startsWith(text) || "\r\n\r\n\0".startsWith(text);
      expect(who(given, latin1Bytes(text))).toBe(mayBeHeader ? "nobody" : "tcp p");
    }
  });

  test("a header of somebody who isn't trusted is read past and not believed", () => {
    const scene = new Scene({ plain: { p: ALL }, proxyProtocol: ["203.0.113.0/24"] });
    scene.connect(latin1Bytes("PROXY TCP4 198.51.100.1 203.0.113.1 1111 2222\r\nhello"));
    expect(scene.served[0].remote.ip).toBe("192.0.2.1");
    expect(latin1(scene.served[0].early)).toBe("hello");
  });
});

describe("PostgreSQL", () => {
  const given: Given = {
    through: { db: "HostSNI(`db.test`)" },
    ended: { tcp: "HostSNI(`e.test`)" },
  };

  test("is answered, and routed by the name behind that", () => {
    const scene = new Scene(given);
    const connection = scene.connect(STARTTLS);
    expect(latin1(connection.sent)).toBe("S");
    connection.handler.data(named("db.test"));
    expect(scene.served[0].router).toBe("db");
    // The server is asked as the client asked.
    expect(scene.served[0].early).toEqual(STARTTLS);
  });

  test("may have TLS end here", () => {
    const scene = new Scene(given);
    const connection = scene.connect(STARTTLS, named("e.test"));
    expect(scene.who(connection)).toBe("tls tcp@file");
    expect(scene.handshakes[0].early).toEqual(named("e.test"));
  });

  test("is never HTTPS: without a TCP router it is closed", () => {
    const https = { ...given, https: ["web.test", "*"] };
    expect(who(https, STARTTLS, named("web.test"))).toBe("closed");
    expect(who({ https: ["db.test"], through: given.through! }, STARTTLS, named("db.test"))).toBe(
      "tcp db",
    );
  });

  test("that doesn't go on with TLS is closed", () => {
    expect(who(given, STARTTLS, latin1Bytes("no TLS"))).toBe("closed");
  });

  test("may be a TCP router's without TLS, where that is all there is", () => {
    expect(who({ plain: { p: ALL } }, STARTTLS)).toBe("tcp p");
  });
});

describe("the end without a server", () => {
  test("a client that says nothing, or too little, has the readTimeout", () => {
    for (const first of [[], [Uint8Array.of(0x16, 3)], [STARTTLS], [GET.subarray(0, 2)]]) {
      const scene = new Scene({ through: { t: ALL } });
      const connection = scene.connect(...first);
      scene.deadlines.sweep(now() + 59_000);
      expect(connection.closed).toBe(false);
      scene.deadlines.sweep(now() + 61_000);
      expect(connection.calls).toEqual(["close"]);
      expect(scene.entry.connections.size).toBe(0);
    }
  });

  test("a TCP router's connection has no readTimeout", () => {
    const scene = new Scene({ plain: { p: ALL } });
    const connection = scene.connect();
    scene.deadlines.sweep(now() + 1e9);
    expect(connection.closed).toBe(false);
    expect(scene.entry.connections.size).toBe(1);
    scene.served[0].closed();
    expect(scene.entry.connections.size).toBe(0);
  });

  test("a handshake that isn't done within the readTimeout is cut", () => {
    const scene = new Scene({ ended: { t: ALL } });
    const connection = scene.connect(named("a.test"));
    scene.deadlines.sweep(now() + 61_000);
    expect(scene.handshakes[0].cancelled).toBe(true);
    expect(connection.calls).toEqual(["reset"]);
    expect(scene.entry.connections.size).toBe(0);
  });

  test("a client that ends before it is known who it is for is closed", () => {
    const scene = new Scene({ through: { t: ALL } });
    const connection = scene.connect(named("a.test").subarray(0, 40));
    connection.handler.end();
    expect(connection.calls).toEqual(["close"]);
    expect(scene.entry.connections.size).toBe(0);
  });

  test("a ClientHello that is none closes the connection, and the log says why", () => {
    const scene = new Scene({ through: { t: ALL } });
    const connection = scene.connect(Uint8Array.of(0x16, 3, 1, 0, 4, 2, 0, 0, 0));
    expect(connection.calls).toEqual(["close"]);
    expect(scene.logs[0]).toStartWith("a malformed TLS ClientHello: ");
  });

  test("on shutdown a silent client is closed a moment later, one that shakes hands goes on, one that is served stays", () => {
    const idle = new Scene({ through: { t: ALL } });
    const waiting = idle.connect();
    for (const each of [...idle.entry.connections]) each.drainConnection();
    expect(waiting.closed).toBe(false);
    idle.deadlines.sweep(now() + 1000);
    expect(waiting.calls).toEqual(["close"]);

    const shaking = new Scene({ ended: { t: ALL } });
    const shaken = shaking.connect(named("a.test"));
    for (const each of [...shaking.entry.connections]) each.drainConnection();
    expect(shaken.closed).toBe(false);

    const serving = new Scene({ plain: { p: ALL } });
    const served = serving.connect();
    for (const each of [...serving.entry.connections]) each.drainConnection();
    expect(served.closed).toBe(false);
    for (const each of [...serving.entry.connections]) each.cutConnection();
    expect(served.calls).toEqual(["reset"]);
    expect(serving.entry.connections.size).toBe(0);
  });
});
