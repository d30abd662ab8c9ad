import assert from "node:assert/strict";
import type { Case } from "../case.ts";
import { dial, Probe, settle, within } from "../probe.ts";
import { CHAINED, OTHER_ROOT, RSA_SERVER } from "./tls-fixtures.ts";
import {
  CLIENT_OPTIONS,
  dialTls,
  SERVER_OPTIONS,
  shakeHands,
  TlsListener,
  tlsPair,
} from "./tls-probe.ts";
import { clientHello, relayInPieces } from "./tls-relay.ts";

/** How handshakes begin, fail and are given up. */
export const TLS_HANDSHAKE_CASES: Case[] = [
  {
    name: "TLS: a ClientHello may come in any pieces, and be held back in part",
    async run(runtime) {
      const context = runtime.serverTls(SERVER_OPTIONS);
      for (const cut of [1, 4, 5, 6, 50, 150]) {
        for (const pausing of [false, true]) {
          using listener = new TlsListener();
          listener.listener = await runtime.listen(
            { hostname: "127.0.0.1", port: 0 },
            (connection) => {
              const probe = new Probe();
              probe.onData = (chunk) => {
                if (!pausing) {
                  listener.shake(runtime, connection, context, chunk);
                  return;
                }
                connection.pause();
                setTimeout(() => listener.shake(runtime, connection, context, chunk), 10);
              };
              return probe;
            },
          );
          const relay = await relayInPieces(runtime, listener.port, cut);
          const client = await dialTls(runtime, relay.port);
          const server = await listener.next();
          relay.stop();
          assert.ok(client instanceof Probe, String(client));
          assert.ok(server instanceof Probe, String(server));
          client.send("ping");
          await server.hears("ping");
          await bothGone(client, server);
        }
      }
    },
  },
  {
    name: "TLS: bytes of the client right behind its Finished aren't lost",
    async run(runtime) {
      const context = runtime.serverTls(SERVER_OPTIONS);
      for (const maxVersion of ["1.2", "1.3"] as const) {
        using listener = await TlsListener.start(runtime, context);
        const relay = await relayInPieces(runtime, listener.port, 1);
        const client = await dialTls(runtime, relay.port, { ...CLIENT_OPTIONS, maxVersion });
        assert.ok(client instanceof Probe, String(client));
        client.send("first");
        client.send(" second");
        const server = await listener.next();
        relay.stop();
        assert.ok(server instanceof Probe, String(server));
        await server.hears("first second");
        await bothGone(client, server);
      }
    },
  },
  {
    name: "TLS: what is no ClientHello fails, in whatever pieces, and closes the connection",
    async run(runtime) {
      const context = runtime.serverTls(SERVER_OPTIONS);
      const requests = [
        "GET / HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x00\x04\x01\x00\x00\x00",
        "\x16\x03",
      ];
      for (const [i, text] of requests.entries()) {
        using listener = await TlsListener.start(runtime, context);
        const client = await dial(runtime, listener.port);
        client.connection.write(Uint8Array.from(text, (c) => c.charCodeAt(0)));
        // Half a record may go on; its end is the client's to send.
        if (i === 2) client.connection.shutdown();
        assert.ok((await listener.next()) instanceof Error);
        client.connection.shutdown();
        await client.closed();
      }
    },
  },
  {
    name: "TLS: a client that goes away within the handshake fails it, once",
    async run(runtime) {
      const context = runtime.serverTls(SERVER_OPTIONS);
      for (const how of ["reset", "shutdown", "close"] as const) {
        using listener = await TlsListener.start(runtime, context);
        const hello = await clientHello(runtime);
        const client = await dial(runtime, listener.port);
        client.connection.write(hello);
        await client.until("the server's flight", () => client.received > 0);
        client.connection[how]();
        const outcome = await listener.next();
        assert.ok(outcome instanceof Error);
        assert.ok(outcome.message.length > 0);
        await settle();
        assert.equal(listener.outcomes.length, 0);
        client.connection.reset();
      }
    },
  },
  {
    name: "TLS: a connection that is closed already fails",
    async run(runtime) {
      const context = runtime.serverTls(SERVER_OPTIONS);
      using listener = await TlsListener.start(runtime, context);
      const server = new Probe();
      const accepted = Promise.withResolvers<void>();
      const plain = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (connection) => {
        server.connection = connection;
        accepted.resolve();
        return server;
      });
      const client = await dial(runtime, plain.address.port);
      await within("the listener to accept", accepted.promise);
      client.connection.reset();
      await server.closed();
      listener.shake(runtime, server.connection, context, new Uint8Array(3));
      assert.equal(listener.outcomes.length, 0, "never from within startTls");
      assert.ok((await listener.next()) instanceof Error);
      plain.stop();
    },
  },
  {
    name: "TLS: cancel resets the connection, and nobody is told",
    async run(runtime) {
      const context = runtime.serverTls(SERVER_OPTIONS);
      const hello = await clientHello(runtime);
      for (const wait of [0, 30]) {
        using listener = new TlsListener();
        listener.listener = await runtime.listen(
          { hostname: "127.0.0.1", port: 0 },
          (connection) => {
            const probe = new Probe();
            probe.onData = (chunk) => {
              const dial = listener.shake(runtime, connection, context, chunk);
              const cancel = () => {
                dial.cancel();
                dial.cancel();
              };
              if (wait === 0) cancel();
              else setTimeout(cancel, wait);
            };
            return probe;
          },
        );
        const client = await dial(runtime, listener.port);
        client.connection.write(hello);
        await client.closed();
        await settle();
        assert.equal(listener.outcomes.length, 0);
      }
    },
  },
  {
    name: "TLS: a dial is cancelled within its handshake, and nobody is told",
    async run(runtime) {
      const server = new Probe();
      const silent = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (connection) => {
        server.connection = connection;
        return server;
      });
      const told: unknown[] = [];
      const tls = { context: runtime.clientTls(CLIENT_OPTIONS), serverName: "server.test" };
      const dial = runtime.connect(
        { hostname: "127.0.0.1", port: silent.address.port, tls },
        {
          connected: (connection) => {
            told.push(connection);
            return new Probe();
          },
          failed: (error) => told.push(error),
        },
      );
      await server.until("a ClientHello", () => server.received > 100);
      dial.cancel();
      await server.until("the end", () => server.ends + server.closes > 0);
      server.connection.reset();
      await settle();
      assert.deepEqual(told, []);
      silent.stop();
    },
  },
  {
    name: "a dial's preface goes out first, in plain before a ClientHello too",
    async run(runtime) {
      const preface = new TextEncoder().encode("who I am\r\n");
      const context = runtime.serverTls(SERVER_OPTIONS);
      for (const secured of [false, true]) {
        using listener = new TlsListener();
        const server = new Probe();
        listener.listener = await runtime.listen(
          { hostname: "127.0.0.1", port: 0 },
          (connection) => {
            server.connection = connection;
            server.onData = () => {
              if (secured && server.received > preface.length)
                listener.shake(runtime, connection, context, server.bytes.slice(preface.length));
            };
            return server;
          },
        );
        const client = await dialTls(
          runtime,
          listener.port,
          secured ? CLIENT_OPTIONS : null,
          "server.test",
          preface,
        );
        assert.ok(client instanceof Probe, String(client));
        client.send("ping");
        if (secured) {
          const outcome = await listener.next();
          assert.ok(outcome instanceof Probe, String(outcome));
          assert.ok(server.text.startsWith("who I am\r\n\x16"));
          await outcome.hears("ping");
          await bothGone(client, outcome);
        } else {
          await server.hears("who I am\r\nping");
          await bothGone(client, server);
        }
      }
    },
  },
  {
    name: "TLS: a server that speaks no TLS, or hangs up, fails the dial with its address",
    async run(runtime) {
      for (const answer of ["HTTP/1.1 400 Bad Request\r\n\r\n", ""]) {
        const plain = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (connection) => {
          const probe = new Probe();
          probe.onData = () => {
            connection.write(new TextEncoder().encode(answer));
            connection.close();
          };
          return probe;
        });
        const outcome = await dialTls(runtime, plain.address.port);
        assert.ok(outcome instanceof Error);
        assert.ok(outcome.message.startsWith(`connect 127.0.0.1:${plain.address.port}: `));
        plain.stop();
        const refused = await dialTls(runtime, plain.address.port);
        assert.ok(refused instanceof Error);
        assert.match(refused.message, /connection refused/);
      }
    },
  },
  {
    name: "TLS: `secured` and `failed` may throw",
    async run(runtime) {
      const thrown: string[] = [];
      runtime.onUncaught((error) => thrown.push((error as Error).message));
      const context = runtime.serverTls(SERVER_OPTIONS);
      const listener = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (connection) => {
        const probe = new Probe();
        probe.onData = (chunk) => {
          runtime.startTls(connection, context, chunk, {
            secured() {
              throw new Error("in secured");
            },
            failed() {
              throw new Error("in failed");
            },
          });
        };
        return probe;
      });
      const { port } = listener.address;
      const client = await dialTls(runtime, port);
      if (client instanceof Probe)
        await client.until("its end", () => client.ends + client.closes > 0);
      const other = await dial(runtime, port);
      other.send("no TLS at all");
      await other.until("its end", () => other.ends + other.closes > 0);
      await settle();
      listener.stop();
      assert.deepEqual(thrown, ["in secured", "in failed"]);
    },
  },
  {
    name: "TLS: ALPN is the server's preference; without overlap the handshake fails",
    async run(runtime) {
      const agreed = async (server: string[], client: string[]) => {
        await using ends = await tlsPair(runtime, { alpn: server }, { alpn: client });
        assert.equal(ends.client.connection.tls?.alpn, ends.server.connection.tls?.alpn);
        return ends.server.connection.tls?.alpn;
      };
      assert.equal(await agreed(["h2", "http/1.1"], ["http/1.1", "h2"]), "h2");
      assert.equal(await agreed(["h2", "http/1.1"], ["http/1.1"]), "http/1.1");
      assert.equal(await agreed([], ["http/1.1"]), "");
      assert.equal(await agreed(["h2"], []), "");
      const { client, server } = await shakeHands(runtime, { alpn: ["h2"] }, { alpn: ["ftp"] });
      assert.ok(client instanceof Error && server instanceof Error);
    },
  },
  {
    name: "TLS: versions without overlap fail, on both sides",
    async run(runtime) {
      const { client, server } = await shakeHands(
        runtime,
        { minVersion: "1.3" },
        { maxVersion: "1.2" },
      );
      assert.ok(client instanceof Error && server instanceof Error);
    },
  },
  {
    name: "TLS: RSA keys, and intermediate certificates behind the leaf, of both sides",
    async run(runtime) {
      for (const maxVersion of ["1.2", "1.3"] as const) {
        await using rsa = await tlsPair(runtime, { keyPair: RSA_SERVER, maxVersion });
        assert.match(rsa.client.connection.tls!.cipher, maxVersion === "1.2" ? /_RSA_/ : /^TLS_/);
        await using chained = await tlsPair(runtime, { keyPair: CHAINED, maxVersion });
        chained.client.send("x");
        await chained.server.hears("x");
      }
      const leaf = CHAINED.certificate.split(/(?<=-----END CERTIFICATE-----\n)/)[0];
      const { client } = await shakeHands(runtime, {
        keyPair: { ...CHAINED, certificate: leaf },
      });
      assert.ok(client instanceof Error);
    },
  },
  {
    name: "TLS: bytes that were tampered with close the connection, and are nobody's failure",
    async run(runtime) {
      const uncaught: unknown[] = [];
      runtime.onUncaught((error) => uncaught.push(error));
      for (const maxVersion of ["1.2", "1.3"] as const) {
        const context = runtime.serverTls({ ...SERVER_OPTIONS, maxVersion });
        using listener = await TlsListener.start(runtime, context);
        let tamper = false;
        const relay = await relayInPieces(runtime, listener.port, 0, (chunk) => {
          if (tamper) chunk[chunk.length - 1] ^= 1;
        });
        const client = await dialTls(runtime, relay.port);
        assert.ok(client instanceof Probe, String(client));
        client.send("sound");
        const server = await listener.next();
        relay.stop();
        assert.ok(server instanceof Probe, String(server));
        await server.hears("sound");
        tamper = true;
        client.send("tampered with");
        await server.closed();
        assert.equal(server.text, "sound");
        assert.ok(server.error instanceof Error);
        assert.equal(server.connection.write(new Uint8Array(1)), -1);
        client.connection.reset();
      }
      await settle();
      assert.deepEqual(uncaught, []);
    },
  },
  {
    name: "TLS: many handshakes at once share a context",
    async run(runtime) {
      const context = runtime.serverTls({ ...SERVER_OPTIONS, alpn: ["h2"] });
      using listener = await TlsListener.start(runtime, context);
      listener.onSecured = (probe) => {
        probe.onData = (chunk) => probe.connection.write(chunk);
      };
      const clients = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          dialTls(runtime, listener.port, {
            ...CLIENT_OPTIONS,
            ...(i % 4 === 3 ? { rootCAs: [OTHER_ROOT] } : { alpn: ["h2"] }),
          }),
        ),
      );
      for (const [i, client] of clients.entries()) {
        assert.equal(client instanceof Error, i % 4 === 3);
        if (client instanceof Error) continue;
        client.send(`I am ${i}`);
        await client.hears(`I am ${i}`);
        client.connection.reset();
      }
    },
  },
];

async function bothGone(client: Probe, server: Probe): Promise<void> {
  client.connection.reset();
  server.connection.reset();
  await Promise.all([client.closed(), server.closed()]);
}
