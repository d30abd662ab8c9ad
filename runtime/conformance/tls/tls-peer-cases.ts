import assert from "node:assert/strict";
import type { ClientAuth, KeyPair, TlsVersion } from "../../../src/net/tls.ts";
import { readPemBlocks } from "../../../src/tls/pem.ts";
import type { Case } from "../case.ts";
import { Probe } from "../probe.ts";
import {
  CHAINED,
  CLIENT,
  EXPIRED,
  FORGED,
  OTHER_ROOT,
  ROOT,
  SERVER,
  SERVER_ONLY,
  STRANGER,
} from "./tls-fixtures.ts";
import { shakeHands } from "./tls-probe.ts";

const VERSIONS: readonly TlsVersion[] = ["1.2", "1.3"];

/** Who is who: certificates of servers and of clients. */
export const TLS_PEER_CASES: Case[] = [
  {
    name: "TLS: a server must have a certificate for the name that was asked for",
    async run(runtime) {
      const names: readonly (readonly [string, boolean])[] = [
        ["server.test", true],
        ["SERVER.test", true],
        ["a.wild.test", true],
        // No name: then the address that was dialled.
        ["", true],
        ["127.0.0.1", true],
        ["other.test", false],
        ["a.b.wild.test", false],
        ["wild.test", false],
        ["127.0.0.2", false],
        // The common name counts for nothing.
        ["server", false],
      ];
      for (const [name, good] of names) {
        const { client } = await shakeHands(runtime, {}, {}, name);
        assert.equal(client instanceof Probe, good, `${name}: ${client}`);
        if (client instanceof Error) assert.ok(client.message.includes(name), client.message);
      }
    },
  },
  {
    name: "TLS: a server's certificate must lead to a root, be in time and be for servers",
    async run(runtime) {
      for (const maxVersion of VERSIONS) {
        const good = await shakeHands(runtime, { maxVersion }, { rootCAs: [OTHER_ROOT, ROOT] });
        assert.ok(good.client instanceof Probe);
        const refused: [object, object][] = [
          [{}, { rootCAs: [OTHER_ROOT] }],
          // The system's.
          [{}, { rootCAs: undefined }],
          [{ keyPair: EXPIRED }, {}],
          [{ keyPair: STRANGER }, {}],
          [{ keyPair: CLIENT }, {}],
        ];
        for (const [server, client] of refused) {
          const outcome = await shakeHands(runtime, { ...server, maxVersion }, client);
          assert.ok(outcome.client instanceof Error);
          assert.match(outcome.client.message, /certificate/i);
        }
      }
    },
  },
  {
    name: "TLS: without `verify` any certificate will do",
    async run(runtime) {
      for (const maxVersion of VERSIONS) {
        for (const keyPair of [STRANGER, EXPIRED]) {
          const { client } = await shakeHands(
            runtime,
            { keyPair, maxVersion },
            { verify: false },
            "whatever.test",
          );
          assert.ok(client instanceof Probe, String(client));
          assert.ok(client.connection.tls!.peerCertificate!.length > 300);
        }
      }
    },
  },
  {
    name: "TLS: `peerUri` takes the place of the name, and of nothing else",
    async run(runtime) {
      const peerUri = "spiffe://test/server";
      const named = async (server: object, client: object) =>
        (await shakeHands(runtime, server, client, "somebody.test")).client;
      for (const maxVersion of VERSIONS) {
        assert.ok((await named({ maxVersion }, { peerUri })) instanceof Probe);
        for (const [server, client] of [
          [{}, { peerUri: "spiffe://test/other" }],
          [{}, { peerUri: "spiffe://test/server/" }],
          [{}, { peerUri, rootCAs: [OTHER_ROOT] }],
          [{ keyPair: EXPIRED }, { peerUri }],
        ]) {
          assert.ok((await named({ maxVersion, ...server }, client)) instanceof Error);
        }
      }
    },
  },
  {
    name: "TLS: each kind of client authentication takes whom it should, and nobody else",
    async run(runtime) {
      const nobody = undefined;
      const takes: readonly [ClientAuth, readonly (KeyPair | undefined)[]][] = [
        ["none", [nobody, CLIENT, STRANGER, EXPIRED, SERVER_ONLY]],
        ["request", [nobody, CLIENT, STRANGER, EXPIRED, SERVER_ONLY]],
        ["require-any", [CLIENT, STRANGER, EXPIRED, SERVER_ONLY]],
        ["verify-if-given", [nobody, CLIENT, CHAINED]],
        ["require-and-verify", [CLIENT, CHAINED]],
      ];
      const everybody = [nobody, CLIENT, CHAINED, STRANGER, EXPIRED, SERVER_ONLY, FORGED];
      for (const maxVersion of VERSIONS) {
        for (const [clientAuth, welcome] of takes) {
          const verifies = clientAuth.includes("verify");
          for (const keyPair of everybody) {
            // Nothing depends on who is taken where no client is verified, but that one may be refused.
            if (!verifies && (keyPair === FORGED || keyPair === CHAINED)) continue;
            const { server, client } = await shakeHands(
              runtime,
              { clientAuth, maxVersion, clientCAs: verifies ? [ROOT] : [] },
              { keyPair },
            );
            const who = `${clientAuth}, TLS ${maxVersion}, ${everybody.indexOf(keyPair)}: ${server}`;
            assert.equal(server instanceof Probe, welcome.includes(keyPair), who);
            if (server instanceof Error) continue;
            const { peerCertificate } = server.connection.tls!;
            const shown = clientAuth !== "none" && keyPair !== nobody;
            assert.equal(peerCertificate !== null, shown, who);
            if (shown) assert.ok(peerCertificate!.length > 200);
            assert.ok(client instanceof Probe);
            client.send("let me in");
            await server.until(
              `what a welcome client sends to ${clientAuth}`,
              () => server.received === 9,
            );
          }
        }
      }
    },
  },
  {
    name: "TLS: an authority below a root is trusted without the root, as in Go, and no other of the root's",
    async run(runtime) {
      const [, middle] = CHAINED.certificate.match(
        /-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/g,
      )!;
      for (const maxVersion of VERSIONS) {
        for (const [keyPair, welcome] of [
          [CHAINED, true],
          [{ ...CHAINED, certificate: CHAINED.certificate.replace(middle, "") }, true],
          [CLIENT, false],
        ] as const) {
          const demands = { clientAuth: "require-and-verify", clientCAs: [middle] } as const;
          const guarded = await shakeHands(runtime, { ...demands, maxVersion }, { keyPair });
          assert.equal(guarded.server instanceof Probe, welcome, `client: ${guarded.server}`);
        }
        for (const [keyPair, welcome] of [
          [CHAINED, true],
          [SERVER, false],
        ] as const) {
          const outcome = await shakeHands(runtime, { keyPair, maxVersion }, { rootCAs: [middle] });
          assert.equal(outcome.client instanceof Probe, welcome, `server: ${outcome.client}`);
        }
      }
    },
  },
  {
    name: "TLS: a client's chain is what it sent behind its certificate, without the root",
    async run(runtime) {
      const [leaf, middle] = CHAINED.certificate.match(
        /-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/g,
      )!;
      const [{ bytes: sent }] = readPemBlocks(middle);
      for (const maxVersion of VERSIONS) {
        for (const clientAuth of ["request", "require-any", "require-and-verify"] as const) {
          for (const [keyPair, chain] of [
            [CHAINED, [sent]],
            [CLIENT, []],
          ] as const) {
            const clientCAs = clientAuth.includes("verify") ? [ROOT] : [];
            const { server } = await shakeHands(
              runtime,
              { clientAuth, maxVersion, clientCAs },
              { keyPair },
            );
            assert.ok(server instanceof Probe, String(server));
            assert.deepEqual(server.connection.tls!.peerChain, chain);
          }
        }
        // An authority that the client didn't send is none of its chain.
        const { server } = await shakeHands(
          runtime,
          { clientAuth: "require-and-verify", maxVersion, clientCAs: [middle] },
          { keyPair: { ...CHAINED, certificate: leaf } },
        );
        assert.ok(server instanceof Probe, String(server));
        assert.deepEqual(server.connection.tls!.peerChain, []);
      }
    },
  },
  {
    name: "TLS: a client that is refused reaches nobody, and is disconnected",
    async run(runtime) {
      const { client, server } = await shakeHands(
        runtime,
        { clientAuth: "require-and-verify", clientCAs: [ROOT] },
        { keyPair: STRANGER },
      );
      assert.ok(server instanceof Error);
      assert.match(server.message, /certificate/);
      // With TLS 1.3 it takes itself for connected until it hears otherwise.
      if (client instanceof Error) return;
      client.send("let me in");
      await client.until("the end", () => client.ends + client.closes > 0);
      assert.equal(client.received, 0);
      client.connection.reset();
    },
  },
];
