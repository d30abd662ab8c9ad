import { beforeAll, type test } from "bun:test";
import { toolPath } from "../../scripts/tool-path.ts";
import { type Certificate, makeCertificate } from "./certificates.ts";
import { FLAVOUR } from "./flavour.ts";
import { BUILD_PATIENCE, buildHttp3Client, type Http3Client } from "./http3-client.ts";
import { testWith } from "./requires.ts";
import { type Router, type RouterOptions, startRouter } from "./router.ts";

/**
 * For files of tests of HTTP/3: `test`, and a client for each test. Deno has no HTTP/3, and the
 * program refuses to start with it there, which is a test of its own: none of these is one of Deno's.
 */
export function http3Suite(): { test: typeof test; startClient: () => Http3Client } {
  if (FLAVOUR === "deno") {
    const notOnDeno = (() => {}) as unknown as typeof test;
    return { test: notOnDeno, startClient: () => Promise.reject() as never };
  }
  let startClient: (() => Http3Client) | undefined;
  if (toolPath("go") !== null) {
    beforeAll(async () => {
      startClient = await buildHttp3Client();
    }, BUILD_PATIENCE);
  }
  return { test: testWith("go", "openssl"), startClient: () => startClient!() };
}

let made: Record<string, string> | undefined;

/** PEM files by name: exact (app.test), wildcard (*.app.test), client, which "ca" signed. */
export function http3Files(): Record<string, string> {
  if (made !== undefined) return made;
  const ca = makeCertificate({ name: "CA", ca: true });
  const signed: Record<string, Certificate> = {
    exact: makeCertificate({ name: "exact", names: ["DNS:app.test"], issuer: ca }),
    wildcard: makeCertificate({ name: "wildcard", names: ["DNS:*.app.test"], issuer: ca }),
    client: makeCertificate({ name: "client", issuer: ca }),
  };
  made = { "ca.pem": ca.certificate };
  for (const [name, { certificate, key }] of Object.entries(signed)) {
    made[`${name}.pem`] = certificate;
    made[`${name}.key`] = key;
  }
  return made;
}

/** What goes below `certificates` of a dynamic configuration's `tls`. */
export const CERTIFICATES = [
  { certFile: "exact.pem", keyFile: "exact.key" },
  { certFile: "wildcard.pem", keyFile: "wildcard.key" },
];

/** A dynamic configuration: everything goes to that server, over TLS alone. */
export function securely(url: string): string {
  return JSON.stringify({
    http: {
      routers: { all: { rule: "PathPrefix(`/`)", service: "backend", tls: {} } },
      services: { backend: { loadBalancer: { servers: [{ url }] } } },
    },
    tls: { certificates: CERTIFICATES },
  });
}

/** A dynamic configuration: everything goes to the built-in service, over TLS alone. */
export const HTTP3_WHOAMI = JSON.stringify({
  http: { routers: { all: { rule: "PathPrefix(`/`)", service: "whoami@internal", tls: {} } } },
});

/** A router whose entrypoint `web` has HTTP/3 and `http3Files` in its directory. */
export function startHttp3Router({ web = "", files, ...rest }: RouterOptions): Promise<Router> {
  return startRouter({
    web: `    http3: {}\n${web}`,
    files: { ...http3Files(), ...files },
    ...rest,
  });
}
