import { describe, expect, test } from "bun:test";
import type { TlsConfiguration } from "../../../src/config/dynamic/tls.ts";
import type { ServerTlsContext, ServerTlsOptions } from "../../../src/net/tls.ts";
import { readCertificate } from "../../../src/tls/certificate.ts";
import { readPemBlocks } from "../../../src/tls/pem.ts";
import { readPem } from "../../../src/tls/read-pem.ts";
import type { Refusal } from "../../../src/tls/server-contexts.ts";
import { TlsManager, type TlsManagerContext } from "../../../src/tls/tls-manager.ts";
import { fixture } from "./fixture.ts";
import { MemoryFiles } from "./memory-files.ts";

/** A context that says what it was made of. */
interface FakeContext extends ServerTlsContext {
  readonly options: ServerTlsOptions;
}

const NAMES = ["rsa-chain.pem", "rsa.key", "ec.pem", "ec.key", "ec-other.key"];
const MORE = ["p384.pem", "p384.key", "ed25519.pem", "ed25519.key", "ca.pem", "k256.pem"];

function setUp() {
  const texts = [...NAMES, ...MORE, "k256.key"].map((name) => [`/tls/${name}`, fixture(name)]);
  const files = new MemoryFiles(Object.fromEntries(texts));
  const made: ServerTlsOptions[] = [];
  const runtime = {
    serverTls(options: ServerTlsOptions): FakeContext {
      if (options.cipherSuites?.includes("TLS_RSA_WITH_RC4_128_SHA")) {
        throw new Error("the cipher suite TLS_RSA_WITH_RC4_128_SHA is not supported");
      }
      if (options.keyPair.certificate === fixture("k256.pem")) throw new Error("no such curve");
      made.push(options);
      return { role: "server", options };
    },
  };
  const create = (configuration: TlsConfiguration, context: Partial<TlsManagerContext> = {}) =>
    TlsManager.create(configuration, {
      runtime,
      readPem: (textOrPath) => readPem(files, textOrPath),
      ...context,
    });
  return { files, made, create };
}

const RSA = { certFile: "/tls/rsa-chain.pem", keyFile: "/tls/rsa.key" };
const EC = { certFile: "/tls/ec.pem", keyFile: "/tls/ec.key" };
const ADDRESSES = { certFile: fixture("p384.pem"), keyFile: fixture("p384.key") };

function optionsOf(found: ServerTlsContext | Refusal): ServerTlsOptions {
  if ("refused" in found) throw new Error(found.refused);
  return (found as FakeContext).options;
}

/** The common name of the certificate in a context, or why there is none. */
function subjectOf(found: ServerTlsContext | Refusal): string {
  if ("refused" in found) return found.refused;
  return readCertificate(readPemBlocks(optionsOf(found).keyPair.certificate)[0].bytes).commonName;
}

const CANNOT = "the TLS library can't use it: ";
const GENERATED = "TRAEFIK DEFAULT CERT";

describe("which context a connection gets", () => {
  const choose = async (name: string, ip = "192.0.2.9", configuration: TlsConfiguration = {}) => {
    const { manager, errors } = await setUp().create({
      certificates: [RSA, EC, ADDRESSES],
      ...configuration,
    });
    expect(errors).toEqual([]);
    return subjectOf(manager.choose("default", name, ip));
  };

  test.each([
    ["rsa.test", "rsa.test"],
    ["www.rsa.test", "rsa.test"],
    ["only-a-name.test", "only-a-name.test"],
    ["upper.test", "Addresses"],
    ["a.www.rsa.test", GENERATED],
    ["other.test", GENERATED],
    ["", GENERATED],
  ])("%j", async (name, expected) => {
    expect(await choose(name)).toBe(expected);
  });

  test("without a name the local address's", async () => {
    expect(await choose("", "127.0.0.1")).toBe("Addresses");
    expect(await choose("", "2001:db8::1")).toBe("Addresses");
    expect(await choose("other.test", "127.0.0.1")).toBe(GENERATED);
  });

  test("the default certificate of the store", async () => {
    const stores = { default: { defaultCertificate: EC } };
    expect(await choose("other.test", "192.0.2.9", { certificates: [RSA], stores })).toBe(
      "only-a-name.test",
    );
  });

  test("certificates of the default store by name", async () => {
    const certificates = [{ ...EC, stores: ["default"] }];
    expect(await choose("only-a-name.test", "192.0.2.9", { certificates })).toBe(
      "only-a-name.test",
    );
  });

  test("sniStrict refuses what no certificate is for", async () => {
    const { manager } = await setUp().create({
      certificates: [RSA],
      options: { default: { sniStrict: true } },
      stores: { default: { defaultCertificate: EC } },
    });
    expect(subjectOf(manager.choose("default", "rsa.test", "192.0.2.9"))).toBe("rsa.test");
    for (const name of ["only-a-name.test", ""]) {
      expect(subjectOf(manager.choose("default", name, "192.0.2.9"))).toContain("sniStrict");
    }
  });
});

describe("options", () => {
  const options = {
    "modern@file": { minVersion: "VersionTLS13" as const },
    "mtls@file": { clientAuth: { caFiles: ["/tls/ca.pem"] } },
  };

  test("each set has contexts of its own, made once", async () => {
    const { create, made } = setUp();
    const { manager } = await create({ certificates: [RSA], options });
    const before = made.length;
    const modern = manager.choose("modern@file", "rsa.test", "");
    const plain = manager.choose("default", "rsa.test", "");
    const mtls = manager.choose("mtls@file", "rsa.test", "");
    expect(optionsOf(modern)).toMatchObject({ minVersion: "1.3", clientAuth: "none" });
    expect(optionsOf(plain)).toMatchObject({ minVersion: "1.2", alpn: ["h2", "http/1.1"] });
    expect(optionsOf(mtls)).toMatchObject({
      clientAuth: "require-and-verify",
      clientCAs: [fixture("ca.pem")],
    });
    expect(optionsOf(modern)).not.toHaveProperty("sniStrict");
    expect(manager.choose("modern@file", "www.rsa.test", "")).toBe(modern);
    expect(made.length).toBe(before + 3);
  });

  test("unknown ones are refused", async () => {
    const { manager } = await setUp().create({ options });
    const refused = { refused: 'there are no TLS options "modern"' };
    expect(manager.choose("modern", "rsa.test", "")).toEqual(refused);
    expect(manager.optionsFor("modern")).toEqual(refused);
    expect(manager.optionsFor("modern@file")).toMatchObject({ minVersion: "1.3" });
  });

  test.each([
    ["a CA file that isn't there", { clientAuth: { caFiles: ["/tls/none.pem"] } }, "no file"],
    [
      "a CA file that is none",
      { clientAuth: { caFiles: ["/tls/ec.key"] } },
      "expected certificates",
    ],
    [
      "what the runtime can't do",
      { cipherSuites: ["TLS_RSA_WITH_RC4_128_SHA" as const] },
      "TLS_RSA_WITH_RC4_128_SHA is not supported",
    ],
  ])("%s refuses whoever uses them, the default ones too", async (_, broken, message) => {
    const configuration = { certificates: [RSA], options: { default: broken, "a@file": broken } };
    const { manager, errors } = await setUp().create(configuration);
    expect(errors).toEqual([
      { kind: "options", name: "default", message: expect.stringContaining(message) },
      { kind: "options", name: "a@file", message: expect.stringContaining(message) },
    ]);
    for (const name of ["default", "a@file"]) {
      const refused = expect.stringContaining(`the TLS options "${name}" are invalid: `);
      expect(manager.choose(name, "rsa.test", "")).toEqual({ refused });
      expect(manager.optionsFor(name)).toEqual({ refused });
    }
  });

  test("those that were invalid before are not replaced by built-in ones", async () => {
    const { manager, errors } = await setUp().create(
      { certificates: [RSA], options },
      { invalidOptions: { default: "two providers define it", "bad@file": "unknown version" } },
    );
    expect(errors).toEqual([]);
    expect(subjectOf(manager.choose("default", "rsa.test", ""))).toBe(
      'the TLS options "default" are invalid: two providers define it',
    );
    expect(subjectOf(manager.choose("bad@file", "rsa.test", ""))).toContain("unknown version");
    expect(subjectOf(manager.choose("modern@file", "rsa.test", ""))).toBe("rsa.test");
  });
});

describe("what is broken is said, and the rest serves", () => {
  test("certificates", async () => {
    const { manager, errors } = await setUp().create({
      certificates: [
        { certFile: "/tls/none.pem", keyFile: "/tls/rsa.key" },
        { certFile: "/tls/ec.pem", keyFile: "/tls/ec-other.key" },
        { certFile: "-----BEGIN CERTIFICATE-----", keyFile: "/tls/rsa.key" },
        RSA,
      ],
    });
    expect(errors).toEqual([
      {
        kind: "certificate",
        name: "certificates[0] (/tls/none.pem)",
        message: 'there is no file "/tls/none.pem"',
      },
      {
        kind: "certificate",
        name: "certificates[1] (/tls/ec.pem)",
        message: "the private key does not belong to the certificate",
      },
      {
        kind: "certificate",
        name: "certificates[2]",
        message: 'malformed PEM: "CERTIFICATE" has no end',
      },
    ]);
    expect(subjectOf(manager.choose("default", "rsa.test", ""))).toBe("rsa.test");
    expect(subjectOf(manager.choose("default", "only-a-name.test", ""))).toBe(GENERATED);
  });

  test("the default certificate: nobody gets another instead", async () => {
    const { manager, errors } = await setUp().create({
      certificates: [RSA],
      stores: {
        default: { defaultCertificate: { certFile: "/tls/none.pem", keyFile: "/tls/rsa.key" } },
      },
    });
    expect(errors).toEqual([
      {
        kind: "store",
        name: "default",
        message: 'defaultCertificate: there is no file "/tls/none.pem"',
      },
    ]);
    expect(subjectOf(manager.choose("default", "rsa.test", ""))).toBe("rsa.test");
    expect(subjectOf(manager.choose("default", "other.test", ""))).toBe(
      'the default certificate is invalid: there is no file "/tls/none.pem"',
    );
  });

  test("a certificate that the runtime can't use", async () => {
    const { manager, errors } = await setUp().create({
      certificates: [RSA, { certFile: "/tls/k256.pem", keyFile: "/tls/k256.key" }],
    });
    const name = "certificates[1] (/tls/k256.pem)";
    expect(errors).toEqual([{ kind: "certificate", name, message: `${CANNOT}no such curve` }]);
    expect(subjectOf(manager.choose("default", "k256.test", ""))).toBe(GENERATED);
    expect(subjectOf(manager.choose("default", "rsa.test", ""))).toBe("rsa.test");
  });

  test("stores that nothing reads", async () => {
    const { manager, errors } = await setUp().create({
      certificates: [{ ...RSA, stores: ["mine"] }],
      stores: { mine: { defaultCertificate: EC } },
    });
    expect(errors.map(({ kind, name }) => [kind, name])).toEqual([
      ["certificate", "certificates[0] (/tls/rsa-chain.pem)"],
      ["store", "mine"],
    ]);
    expect(subjectOf(manager.choose("default", "rsa.test", ""))).toBe(GENERATED);
  });
});

describe("a reload", () => {
  const configuration: TlsConfiguration = {
    certificates: [RSA, EC],
    options: { "mtls@file": { clientAuth: { caFiles: ["/tls/ca.pem"] } } },
  };
  const NAMES = ["rsa.test", "only-a-name.test", "other.test"];

  test("keeps the contexts of what did not change", async () => {
    const { create, made } = setUp();
    const { manager: previous } = await create(configuration);
    const all = (manager: TlsManager) =>
      ["default", "mtls@file"].flatMap((set) => NAMES.map((name) => manager.choose(set, name, "")));
    const before = all(previous);
    const count = made.length;
    const { manager } = await create(configuration, { previous });
    const after = all(manager);
    for (const [i, context] of after.entries()) expect(context).toBe(before[i]);
    expect(made.length).toBe(count);
  });

  test("makes new ones for another certificate, and for other options", async () => {
    const { create, files } = setUp();
    const { manager: previous } = await create(configuration);
    const before = ["default", "mtls@file"].flatMap((set) =>
      NAMES.slice(0, 2).map((name) => previous.choose(set, name, "")),
    );
    files.texts.set("/tls/ca.pem", `${fixture("ca.pem")}${fixture("ca.pem")}`);
    files.texts.set("/tls/ec.pem", fixture("ed25519.pem"));
    files.texts.set("/tls/ec.key", fixture("ed25519.key"));
    const { manager, errors } = await create(configuration, { previous });
    expect(errors).toEqual([]);
    expect(manager.choose("default", "rsa.test", "")).toBe(before[0]);
    expect(subjectOf(manager.choose("default", "only-a-name.test", ""))).toBe(GENERATED);
    expect(subjectOf(manager.choose("default", "ed25519.test", ""))).toBe("Bücher");
    expect(manager.choose("mtls@file", "rsa.test", "")).not.toBe(before[2]);
    // Who still holds the old one is served as before.
    expect(previous.choose("mtls@file", "only-a-name.test", "")).toBe(before[3]);
  });

  test("in the middle of a replacement the certificate before it goes on", async () => {
    const { create, files } = setUp();
    const { manager: first } = await create(configuration);
    const before = first.choose("default", "only-a-name.test", "");
    files.texts.set("/tls/ec.key", fixture("ec-other.key"));
    const { manager: second, errors } = await create(configuration, { previous: first });
    expect(errors).toEqual([
      {
        kind: "certificate",
        name: "certificates[1] (/tls/ec.pem)",
        message:
          "the private key does not belong to the certificate; the one that was read before it goes on",
      },
    ]);
    expect(second.choose("default", "only-a-name.test", "")).toBe(before);
    // And once more, from the manager that had to keep it.
    files.texts.delete("/tls/ec.pem");
    const { manager: third } = await create(configuration, { previous: second });
    expect(third.choose("default", "only-a-name.test", "")).toBe(before);
  });

  test("the default certificate too", async () => {
    const { create, files } = setUp();
    const stores = { default: { defaultCertificate: EC } };
    const { manager: previous } = await create({ stores });
    files.texts.delete("/tls/ec.key");
    const { manager, errors } = await create({ stores }, { previous });
    expect(errors).toHaveLength(1);
    expect(subjectOf(manager.choose("default", "other.test", ""))).toBe("only-a-name.test");
  });

  test("options that have an error now go on as they last worked, until they are right", async () => {
    const { create, files } = setUp();
    const { manager: first } = await create(configuration);
    const before = first.choose("mtls@file", "rsa.test", "");
    files.texts.delete("/tls/ca.pem");
    const { manager: second, errors } = await create(configuration, { previous: first });
    expect(second.choose("mtls@file", "rsa.test", "")).toBe(before);
    expect(errors).toContainEqual(
      expect.objectContaining({ kind: "options", name: "mtls@file", goesOn: true }),
    );
    const invalidOptions = { "mtls@file": "unknown version" };
    const { manager: third } = await create({}, { previous: second, invalidOptions });
    expect(third.choose("mtls@file", "", "")).not.toHaveProperty("refused");
    expect([...third.goingOn]).toEqual(["mtls@file"]);
    expect(third.clientDemands("mtls@file")).toContain("require-and-verify");
    files.texts.set("/tls/ca.pem", fixture("ca.pem"));
    const { manager: repaired } = await create(configuration, { previous: third });
    expect(repaired.goingOn.size).toBe(0);
    expect(subjectOf(repaired.choose("mtls@file", "rsa.test", ""))).toBe("rsa.test");
  });

  test("options that are gone go on for routers that still want them, and for them only", async () => {
    const { create } = setUp();
    const { manager: previous } = await create(configuration);
    const wanted = new Set(["mtls@file", "never@file"]);
    const { manager, errors } = await create({ certificates: [RSA] }, { previous, wanted });
    expect(errors.map(({ name, goesOn }) => [name, goesOn])).toEqual([["mtls@file", true]]);
    expect(manager.choose("mtls@file", "rsa.test", "")).not.toHaveProperty("refused");
    expect(manager.choose("never@file", "rsa.test", "")).toHaveProperty("refused");
    const { manager: later } = await create({ certificates: [RSA] }, { previous: manager });
    expect(later.choose("mtls@file", "rsa.test", "")).toHaveProperty("refused");
  });

  test("a certificate that is no longer configured is gone", async () => {
    const { create } = setUp();
    const { manager: previous } = await create(configuration);
    const { manager } = await create({ certificates: [RSA] }, { previous });
    expect(subjectOf(manager.choose("default", "only-a-name.test", ""))).toBe(GENERATED);
    expect(manager.certificates.map(({ cn }) => cn)).toEqual(["rsa.test"]);
  });

  test("a hundred of them hold on to nothing", async () => {
    const { create } = setUp();
    let { manager } = await create({ certificates: [EC] });
    const first = new WeakRef(manager);
    const context = new WeakRef(manager.choose("default", "only-a-name.test", ""));
    for (let i = 0; i < 100; i++) {
      ({ manager } = await create({ certificates: [RSA] }, { previous: manager }));
    }
    // What a job still refers to is collected in a later one.
    for (let i = 0; i < 50 && (first.deref() ?? context.deref()) !== undefined; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      Bun.gc(true);
    }
    expect(first.deref()).toBeUndefined();
    expect(context.deref()).toBeUndefined();
    expect(subjectOf(manager.choose("default", "rsa.test", ""))).toBe("rsa.test");
  });
});

test("each file is read once", async () => {
  const { create, files } = setUp();
  await create({
    certificates: [RSA, EC, ADDRESSES, RSA, { certFile: "/tls/none.pem", keyFile: "/tls/rsa.key" }],
    stores: { default: { defaultCertificate: EC } },
    options: { default: { clientAuth: { caFiles: ["/tls/ca.pem"] } } },
  });
  const read = ["rsa-chain.pem", "rsa.key", "ec.pem", "ec.key"].map((name) => `/tls/${name}`);
  expect(files.reads).toEqual([...read, "/tls/ca.pem"]);
});

test("certificates as the metrics show them: those of users, each once", async () => {
  const { create } = setUp();
  const { manager } = await create({
    certificates: [ADDRESSES, RSA],
    stores: { default: { defaultCertificate: RSA } },
  });
  const [addresses, rsa] = manager.certificates;
  expect(manager.certificates).toHaveLength(2);
  expect(rsa).toMatchObject({ cn: "rsa.test", serial: "65281", sans: ["*.rsa.test", "rsa.test"] });
  expect(addresses).toMatchObject({ cn: "Addresses", serial: "-7", sans: ["Upper.TEST"] });
  expect(rsa.notAfter).toBeGreaterThan(Date.parse("2100-01-01"));
  expect((await create({})).manager.certificates).toEqual([]);
});
