import { expect, test } from "bun:test";
import { withGeneratedDefault } from "../../../../src/acme/wanted/generated-default.ts";
import { wantedDomains } from "../../../../src/acme/wanted/wanted-domains.ts";
import type { Logger } from "../../../../src/core/logger.ts";
import { readDynamicFile } from "../../../../src/providers/file/dynamic-file.ts";
import { aggregate } from "../../../../src/snapshot/aggregate.ts";
import type { Snapshot } from "../../../../src/snapshot/snapshot.ts";
import { createLogger } from "../../../../src/telemetry/logger.ts";
import { MemoryFile } from "../../../support/memory-file.ts";

function log(): { logger: Logger; text: () => string } {
  const file = new MemoryFile();
  const logger = createLogger({ level: "error", format: "common" }, file);
  return {
    logger,
    text: () => file.writes.map((bytes) => new TextDecoder().decode(bytes)).join(""),
  };
}

function snapshotOf(text: string, tls?: object): Snapshot {
  const { configuration, issues, disabled } = readDynamicFile({ name: "d.yml", text, env: {} });
  expect({ issues, disabled }).toEqual({ issues: [], disabled: [] });
  const observability = {
    accessLogs: true,
    metrics: true,
    tracing: true,
    traceVerbosity: "minimal",
  };
  const model = { name: "web", asDefault: false, middlewares: [], observability, tls };
  return aggregate(1, [{ provider: "file", configuration, disabled: [] }], [model as never]);
}

const RESOLVERS = new Map([
  ["le", { hasDnsChallenge: false }],
  ["dns", { hasDnsChallenge: true }],
]);

function wanted(text: string, tls?: object) {
  const { logger, text: said } = log();
  const lists = wantedDomains(snapshotOf(text, tls), { resolvers: RESOLVERS, logger });
  return { le: lists.get("le"), dns: lists.get("dns"), said: said() };
}

test("names come from rules of HTTP and TCP, in their order, whatever stands between them", () => {
  const { le, dns, said } = wanted(`
http:
  routers:
    a: { rule: "(Host(\`B.test\`) || Host(\`a.test\`)) && !Host(\`c.test\`)", service: s, tls: { certResolver: le } }
    none: { rule: "PathPrefix(\`/\`)", service: s, tls: { certResolver: le } }
    any: { rule: "Host(\`*\`)", service: s, tls: { certResolver: le } }
    wild: { rule: "Host(\`*.w.test\`)", service: s, tls: { certResolver: dns } }
    plain: { rule: "Host(\`plain.test\`)", service: s, tls: {} }
tcp:
  routers:
    t: { rule: "HostSNI(\`t.test\`) || HostSNI(\`u.test\`)", service: s, tls: { certResolver: le } }
    all: { rule: "HostSNI(\`*\`)", service: s, tls: { certResolver: le } }
`);
  expect(le).toEqual([
    ["b.test", "a.test", "c.test"],
    ["t.test", "u.test"],
  ]);
  expect(dns).toEqual([["*.w.test"]]);
  expect(said).toBe("");
});

test("tls.domains stand for the rule, an entrypoint's for routers without TLS", () => {
  const tls = { certResolver: "le", domains: [{ main: "entry.test" }] };
  const { le } = wanted(
    `
http:
  routers:
    a:
      rule: Host(\`rule.test\`)
      service: s
      tls: { certResolver: le, domains: [{ main: one.test, sans: [two.test] }, { main: three.test }] }
    b: { rule: "Host(\`b.test\`)", service: s }
`,
    tls,
  );
  expect(le).toEqual([["one.test", "two.test"], ["three.test"], ["entry.test"]]);
});

test("what can't be had is said, and the rest is wanted", () => {
  const { le, said } = wanted(`
http:
  routers:
    a: { rule: "Host(\`a.test\`)", service: s, tls: { certResolver: nobody } }
    b: { rule: "Host(\`*.b.test\`)", service: s, tls: { certResolver: le } }
    c: { rule: "Host(\`c.test\`)", service: s, tls: { certResolver: le } }
`);
  expect(le).toEqual([["c.test"]]);
  expect(said).toContain("Router uses a nonexistent certificate resolver");
  expect(said).toContain("a wildcard needs a dnsChallenge");
});

test("the default store's certificate is wanted, and becomes the default once it is there", () => {
  const text = `
tls:
  stores:
    default:
      defaultGeneratedCert: { resolver: le, domain: { main: D.test, sans: [e.test] } }
`;
  expect(wanted(text).le).toEqual([["d.test", "e.test"]]);
  const snapshot = snapshotOf(text);
  const stored = { main: "d.test", sans: ["e.test"], certificate: "C", key: "K", store: "default" };
  const store = (own: Snapshot) => own.tls.stores?.["default"].defaultCertificate;
  expect(store(withGeneratedDefault(snapshot, () => []))).toBeUndefined();
  expect(store(withGeneratedDefault(snapshot, () => [stored]))).toEqual({
    certFile: "C",
    keyFile: "K",
  });
  const both = snapshotOf(
    `${text.replace("Cert:", "Cert:")}      defaultCertificate: { certFile: a, keyFile: b }\n`,
  );
  expect(wanted(`${text}      defaultCertificate: { certFile: a, keyFile: b }\n`).le).toEqual([]);
  expect(store(withGeneratedDefault(both, () => [stored]))?.certFile).toBe("a");
});
