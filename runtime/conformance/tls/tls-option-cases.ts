import assert from "node:assert/strict";
import type { ClientTlsOptions, ServerTlsOptions } from "../../../src/net/tls.ts";
import type { Case } from "../case.ts";
import { Probe } from "../probe.ts";
import { CLIENT, ROOT, RSA_SERVER, SERVER, UNKNOWN_CURVE } from "./tls-fixtures.ts";
import { CLIENT_OPTIONS, SERVER_OPTIONS, shakeHands } from "./tls-probe.ts";

/** What a context can be told; on Deno, much of it is refused by name. */
export const TLS_OPTION_CASES: Case[] = [
  {
    name: "TLS: options that are wrong are refused, by name",
    async run(runtime) {
      const refuses = (options: Partial<ServerTlsOptions>, message: RegExp) =>
        assert.throws(() => runtime.serverTls({ ...SERVER_OPTIONS, ...options }), message);
      refuses({ clientAuth: "require-and-verify" }, /require-and-verify/);
      refuses({ clientAuth: "verify-if-given" }, /verify-if-given/);
      refuses({ minVersion: "1.3", maxVersion: "1.2" }, /1\.3.*1\.2/);
      refuses({ cipherSuites: ["TLS_NONSENSE"] }, /TLS_NONSENSE|cipherSuites.*Deno/);
      refuses({ cipherSuites: ["TLS_RSA_WITH_RC4_128_SHA"] }, /RC4|cipherSuites.*Deno/);
      refuses({ curves: ["CurveP224"] }, /CurveP224|curvePreferences.*Deno/);
      refuses({ alpn: [""] }, /alpn/i);
      refuses({ alpn: ["x".repeat(256)] }, /alpn/i);
      refuses({ keyPair: { ...SERVER, privateKey: CLIENT.privateKey } }, /./);
      refuses({ keyPair: { ...SERVER, privateKey: "nonsense" } }, /./);
      refuses({ keyPair: { ...SERVER, certificate: "nonsense" } }, /./);
      refuses({ keyPair: UNKNOWN_CURVE }, /./);
      refuses({ clientAuth: "verify-if-given", clientCAs: ["nonsense"] }, /./);
      const client = (options: Partial<ClientTlsOptions>, message: RegExp) =>
        assert.throws(() => runtime.clientTls({ ...CLIENT_OPTIONS, ...options }), message);
      client({ rootCAs: [] }, /rootCAs/);
      client({ rootCAs: ["nonsense"] }, /./);
      client({ cipherSuites: ["TLS_NONSENSE"] }, /TLS_NONSENSE|cipherSuites.*Deno/);
      client({ keyPair: { ...CLIENT, privateKey: SERVER.privateKey } }, /./);
    },
  },
  {
    name: "TLS: cipher suites are those of the list, in the server's order",
    async run(runtime) {
      const suites = [
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
      ];
      if (runtime.name === "deno") {
        assert.throws(
          () => runtime.serverTls({ ...SERVER_OPTIONS, cipherSuites: suites }),
          /cipherSuites is not supported on Deno/,
        );
        return;
      }
      const agreed = async (server: string[], client: string[] | undefined) => {
        const outcome = await shakeHands(
          runtime,
          { keyPair: RSA_SERVER, cipherSuites: server, maxVersion: "1.2" },
          { cipherSuites: client },
        );
        return outcome.client instanceof Probe ? outcome.client.connection.tls!.cipher : "none";
      };
      for (const suite of suites) assert.equal(await agreed([suite], suites), suite);
      assert.equal(await agreed([suites[2], suites[0]], [suites[0], suites[2]]), suites[2]);
      assert.equal(await agreed([suites[0], suites[2]], [suites[2], suites[0]]), suites[0]);
      assert.equal(await agreed([suites[0]], [suites[2]]), "none");
      // Without a list those that Go has on: none without forward secrecy.
      assert.equal(await agreed([], suites.slice(4)), "none");
      for (const suite of suites.slice(0, 4)) assert.equal(await agreed([], [suite]), suite);
      // Those of 1.3 aren't for choosing, and leave nothing of 1.2.
      const modern = { cipherSuites: ["TLS_AES_128_GCM_SHA256"] };
      const { client } = await shakeHands(runtime, modern);
      assert.equal((client as Probe).connection.tls?.version, "1.3");
      assert.ok((await shakeHands(runtime, modern, { maxVersion: "1.2" })).client instanceof Error);
      assert.throws(() => runtime.serverTls({ ...SERVER_OPTIONS, ...modern, maxVersion: "1.2" }));
    },
  },
  {
    name: "TLS: curves are those of the list",
    async run(runtime) {
      const curves = ["X25519", "CurveP256", "CurveP384", "CurveP521", "X25519MLKEM768"];
      if (runtime.name === "deno") {
        assert.throws(
          () => runtime.serverTls({ ...SERVER_OPTIONS, curves }),
          /curvePreferences is not supported on Deno/,
        );
        return;
      }
      for (const server of curves) {
        for (const client of curves) {
          const outcome = await shakeHands(runtime, { curves: [server] }, { curves: [client] });
          assert.equal(outcome.client instanceof Probe, server === client, `${server}, ${client}`);
        }
      }
    },
  },
  {
    name: "TLS: versions 1.0 and 1.1 are spoken when they are asked for, or refused by name",
    async run(runtime) {
      for (const version of ["1.0", "1.1"] as const) {
        const both = { minVersion: version, maxVersion: version };
        if (runtime.name === "deno") {
          const refused = /minVersion 1\.[01] is not supported on Deno/;
          assert.throws(() => runtime.serverTls({ ...SERVER_OPTIONS, ...both }), refused);
          assert.throws(() => runtime.clientTls({ ...CLIENT_OPTIONS, ...both }), refused);
          continue;
        }
        const { client, server } = await shakeHands(runtime, { minVersion: version }, both);
        assert.ok(client instanceof Probe && server instanceof Probe, `${version}: ${client}`);
        assert.equal(server.connection.tls?.version, version);
        assert.equal(client.connection.tls?.version, version);
        const refused = await shakeHands(runtime, {}, both);
        assert.ok(refused.client instanceof Error);
      }
    },
  },
  {
    name: "TLS: a client CA doesn't hinder clients who have no certificate from being served",
    async run(runtime) {
      const options = { clientAuth: "verify-if-given", clientCAs: [ROOT] } as const;
      const { client, server } = await shakeHands(runtime, options);
      assert.ok(client instanceof Probe && server instanceof Probe);
      client.send("x");
      await server.hears("x");
    },
  },
];
