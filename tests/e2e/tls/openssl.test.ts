import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { TLSSocket } from "node:tls";
import { makeCertificate } from "../../support/certificates.ts";
import { FLAVOUR } from "../../support/flavour.ts";
import { opensslClient, opensslTalk } from "../../support/openssl-client.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";

const test = testWith("openssl");

const root = makeCertificate({ name: "Root", ca: true });
const middle = makeCertificate({ name: "Middle", ca: true, issuer: root });
const leaf = makeCertificate({ name: "leaf", names: ["DNS:*.app.test"], issuer: middle });
const rsa = makeCertificate({ name: "rsa", names: ["DNS:rsa.test"], issuer: middle, rsa: true });
const local = makeCertificate({ name: "local", names: ["IP:127.0.0.1"], issuer: root });
const otherRoot = makeCertificate({ name: "Other Root", ca: true });

const FILES: Record<string, string> = {
  "root.pem": root.certificate,
  "other-root.pem": otherRoot.certificate,
  "middle.pem": middle.certificate,
  "leaf.pem": leaf.certificate + middle.certificate,
  "leaf.key": leaf.key,
  "rsa.pem": rsa.certificate + middle.certificate,
  "rsa.key": rsa.key,
  "local.pem": local.certificate,
  "local.key": local.key,
};
for (const [name, certificate] of Object.entries({
  member: makeCertificate({ name: "a member", issuer: root }),
  distant: makeCertificate({ name: "a distant member", issuer: middle }),
  ended: makeCertificate({ name: "a former member", issuer: root, days: -1 }),
  stranger: makeCertificate({ name: "a stranger", issuer: otherRoot }),
})) {
  FILES[`${name}.pem`] = certificate.certificate;
  FILES[`${name}.key`] = certificate.key;
}

const VERSIONS = ["-tls1_2", "-tls1_3"] as const;

/** A router for each name under app.test, with options of its own; the others' are the default ones. */
function dynamic(options: Record<string, object> = {}, certificates = ["leaf", "rsa"]): string {
  const routers = Object.keys(options).map((name) => [
    name,
    {
      rule: `Host(\`${name}.app.test\`)`,
      service: "whoami@internal",
      tls: name === "default" ? {} : { options: name },
    },
  ]);
  return JSON.stringify({
    http: {
      routers: {
        all: { rule: "PathPrefix(`/`)", service: "whoami@internal", tls: {} },
        ...Object.fromEntries(routers),
      },
    },
    tls: {
      options,
      certificates: certificates.map((name) => ({
        certFile: `${name}.pem`,
        keyFile: `${name}.key`,
      })),
    },
  });
}

const start = (...args: Parameters<typeof dynamic>) =>
  startRouter({
    // Sessions are one worker's.
    workers: 1,
    dynamic: "",
    provider: "    filename: dynamic.json",
    files: { ...FILES, "dynamic.json": dynamic(...args) },
  });

/** Arguments for a client certificate, or none for null. */
function as(router: Router, who: string | null): string[] {
  if (who === null) return [];
  const path = `${router.program.directory}/${who}`;
  return ["-cert", `${path}.pem`, "-key", `${path}.key`];
}

const clientAuth = (clientAuthType: string, caFiles = ["root.pem"]) => ({
  clientAuth: { clientAuthType, caFiles },
});

test("every clientAuthType, by who comes", async () => {
  const types = {
    never: "NoClientCert",
    asks: "RequestClientCert",
    any: "RequireAnyClientCert",
    checks: "VerifyClientCertIfGiven",
    demands: "RequireAndVerifyClientCert",
  };
  const served: Record<keyof typeof types, (string | null)[]> = {
    never: [null, "member", "stranger", "ended"],
    asks: [null, "member", "stranger", "ended"],
    any: ["member", "stranger", "ended"],
    checks: [null, "member"],
    demands: ["member"],
  };
  await using router = await start(
    Object.fromEntries(Object.entries(types).map(([name, type]) => [name, clientAuth(type)])),
  );
  for (const [type, whom] of Object.entries(served)) {
    for (const version of VERSIONS) {
      for (const who of [null, "member", "stranger", "ended"]) {
        const name = `${type}.app.test`;
        const answer = await opensslClient(router.port, { name }, version, ...as(router, who));
        const found = { type, version, who, status: answer.status };
        expect(found).toEqual({ ...found, status: whom.includes(who) ? 200 : undefined });
        const asked = /^(Requested Signature Algorithms|Client Certificate Types)/m;
        if (answer.status !== undefined) expect(asked.test(answer.text)).toBe(type !== "never");
      }
    }
  }
}, 60_000);

test("a client's chain: what is between its certificate and the CA comes with it", async () => {
  await using router = await start({ demands: clientAuth("RequireAndVerifyClientCert") });
  const name = "demands.app.test";
  for (const version of VERSIONS) {
    const alone = await opensslClient(router.port, { name }, version, ...as(router, "distant"));
    expect(alone.status).toBeUndefined();
    const chain = ["-cert_chain", `${router.program.directory}/middle.pem`];
    const whole = [...as(router, "distant"), ...chain];
    expect((await opensslClient(router.port, { name }, version, ...whole)).status).toBe(200);
  }
});

test("chains that lead nowhere: past their time, by somebody who is no authority, by a namesake", async () => {
  const issued = (name: string, options: Parameters<typeof makeCertificate>[0]) =>
    [name, makeCertificate({ name, ...options })] as const;
  const [, former] = issued("Former Root", { ca: true, days: -1 });
  const [, formerMiddle] = issued("Former Middle", { ca: true, days: -1, issuer: root });
  const [, namesake] = issued("Root", { ca: true });
  const [, pinned] = issued("pinned", { issuer: root });
  const certificates = Object.fromEntries([
    ["former-root", former],
    ["pinned", pinned],
    issued("under-former-root", { issuer: former }),
    issued("under-former-middle", { issuer: formerMiddle }),
    issued("under-namesake", { issuer: namesake }),
    issued("under-pinned", { issuer: pinned }),
  ]);
  const files = Object.entries(certificates).flatMap(([name, { certificate, key }]) => [
    [`${name}.pem`, certificate],
    [`${name}.key`, key],
  ]);
  const options = {
    demands: clientAuth("RequireAndVerifyClientCert"),
    former: clientAuth("RequireAndVerifyClientCert", ["former-root.pem"]),
    // A member's own certificate instead of an authority's: for that member, and none of theirs.
    pinned: clientAuth("RequireAndVerifyClientCert", ["pinned.pem"]),
  };
  await using router = await startRouter({
    dynamic: "",
    provider: "    filename: dynamic.json",
    files: { ...FILES, ...Object.fromEntries(files), "dynamic.json": dynamic(options) },
  });
  await router.program.write("chain.pem", formerMiddle.certificate + pinned.certificate);
  const chain = ["-cert_chain", `${router.program.directory}/chain.pem`];
  for (const version of VERSIONS) {
    for (const [host, who, welcome] of [
      ["demands", "pinned", true],
      ["demands", "under-former-middle", false],
      ["demands", "under-namesake", false],
      ["demands", "under-pinned", false],
      ["former", "under-former-root", false],
      ["pinned", "pinned", true],
      ["pinned", "member", false],
      ["pinned", "under-pinned", false],
    ] as const) {
      const name = `${host}.app.test`;
      const answer = await opensslClient(
        router.port,
        { name },
        version,
        ...as(router, who),
        ...chain,
      );
      const found = { version, host, who, status: answer.status };
      expect(found).toEqual({ ...found, status: welcome ? 200 : undefined });
    }
  }
}, 60_000);

test("a session is resumed, but opens no door that it did not open before", async () => {
  await using router = await start({
    demands: clientAuth("RequireAndVerifyClientCert"),
    others: clientAuth("RequireAndVerifyClientCert", ["other-root.pem"]),
    any: clientAuth("RequireAnyClientCert"),
  });
  const { port, program } = router;
  for (const version of VERSIONS) {
    const session = (name: string) => `${program.directory}/${name}${version}`;
    for (const [name, who] of [
      ["open", null],
      ["others", "stranger"],
      ["any", "stranger"],
      ["demands", "member"],
    ] as const) {
      const args = [version, ...as(router, who), "-sess_out", session(name)];
      const first = await opensslClient(port, { name: `${name}.app.test` }, ...args);
      expect([name, first.reused, first.status]).toEqual([name, false, 200]);
      expect(existsSync(session(name))).toBe(true);
    }
    const resumed = (from: string, to: string, ...args: string[]) =>
      opensslClient(port, { name: `${to}.app.test` }, version, "-sess_in", session(from), ...args);
    const again = await resumed("open", "open");
    expect([again.reused, again.status]).toEqual([true, 200]);
    for (const from of ["open", "others", "any"]) {
      const answer = await resumed(from, "demands");
      expect([from, answer.status]).toEqual([from, undefined]);
    }
    expect((await resumed("any", "others")).status).toBeUndefined();
    expect((await resumed("others", "demands", ...as(router, "stranger"))).status).toBeUndefined();
    expect((await resumed("demands", "demands", ...as(router, "member"))).status).toBe(200);
  }
}, 60_000);

test("disableSessionTickets: nothing is resumed", async () => {
  await using router = await start({ forgetful: { disableSessionTickets: true } });
  const name = "forgetful.app.test";
  if (FLAVOUR === "deno") {
    await router.program.logged(/forgetful.*sessionTickets false is not supported on Deno/);
    expect((await opensslClient(router.port, { name })).status).toBeUndefined();
    return;
  }
  for (const version of VERSIONS) {
    const session = `${router.program.directory}/session${version}`;
    const args = [version, "-sess_out", session];
    const first = await opensslClient(router.port, { name }, ...args);
    expect([first.reused, first.status]).toEqual([false, 200]);
    expect(first.text).not.toContain("TLS session ticket:");
    if (!existsSync(session)) continue;
    const second = await opensslClient(router.port, { name }, version, "-sess_in", session);
    expect([second.reused, second.status]).toEqual([false, 200]);
  }
});

test("without a server name: the certificate for the local address, else the default one", async () => {
  for (const version of VERSIONS) {
    await using router = await start({}, ["leaf", "local"]);
    const found = await opensslClient(router.port, { name: null }, version);
    expect([found.subject, found.status]).toEqual(["local", 200]);
    await using other = await start({}, ["leaf"]);
    const fallback = await opensslClient(other.port, { name: null }, version);
    expect([fallback.subject, fallback.status]).toEqual(["TRAEFIK DEFAULT CERT", 200]);
  }
});

test("ALPN: the server's order, what nobody shares ends the handshake, none at all is HTTP/1.1", async () => {
  await using router = await start({
    old: { alpnProtocols: ["http/1.1"] },
    turned: { alpnProtocols: ["http/1.1", "h2"] },
  });
  for (const version of VERSIONS) {
    const chosen = async (host: string, protocols: string) => {
      const name = `${host}.app.test`;
      // HTTP/2's connections end by themselves: the request is no preface.
      const answer = await opensslClient(router.port, { name }, version, "-alpn", protocols);
      return answer.reused === undefined ? "refused" : answer.alpn;
    };
    expect(await chosen("open", "h2")).toBe("h2");
    expect(await chosen("open", "http/1.1,h2")).toBe("h2");
    expect(await chosen("open", "spdy/1,http/1.1")).toBe("http/1.1");
    expect(await chosen("old", "h2,http/1.1")).toBe("http/1.1");
    expect(await chosen("turned", "h2,http/1.1")).toBe("http/1.1");
    expect(await chosen("open", "spdy/1")).toBe("refused");
    expect(await chosen("old", "h2")).toBe("refused");
    const none = await opensslClient(router.port, { name: "open.app.test" }, version);
    expect([none.alpn, none.status]).toEqual([undefined, 200]);
  }
});

test("a certificate comes with its chain, and is good to whoever has the root", async () => {
  await using router = await start();
  for (const [name, subject] of [
    ["open.app.test", "leaf"],
    ["rsa.test", "rsa"],
  ] as const) {
    for (const version of VERSIONS) {
      const roots = ["-CAfile", `${router.program.directory}/root.pem`, "-verify_return_error"];
      const checks = ["-verify_hostname", name, "-showcerts", ...roots];
      const answer = await opensslClient(router.port, { name }, version, ...checks);
      expect(answer.text).toContain("Verify return code: 0 (ok)");
      expect([answer.subject, answer.certificates, answer.status]).toEqual([subject, 2, 200]);
      const wrong = ["-verify_hostname", "elsewhere.test", ...roots];
      expect(
        (await opensslClient(router.port, { name }, version, ...wrong)).status,
      ).toBeUndefined();
    }
  }
});

test("-starttls postgres: TLS ended here, and passed through to a server that speaks it", async () => {
  using plain = startUpstream(async (connection) => {
    await connection.send(`plain got ${await connection.readUntil("\n")}`);
    connection.close();
  });
  const { certificate, key } = makeCertificate({ name: "database", names: ["DNS:db.test"] });
  const database = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (asked) => {
      if (asked.toString("hex") !== "0000000804d2162f") return socket.destroy();
      socket.write("S");
      const secured = new TLSSocket(socket, { isServer: true, cert: certificate, key });
      secured.on("error", () => {});
      secured.once("data", (startup) => secured.end(`database got ${startup}`));
    });
  });
  await new Promise<void>((resolve) => database.listen(0, "127.0.0.1", resolve));
  const { port } = database.address() as AddressInfo;
  const service = (to: number) => ({
    loadBalancer: { servers: [{ address: `127.0.0.1:${to}` }] },
  });
  await using router = await startRouter({
    dynamic: "",
    provider: "    filename: dynamic.json",
    files: {
      ...FILES,
      "dynamic.json": JSON.stringify({
        tcp: {
          routers: {
            through: { rule: "HostSNI(`db.test`)", service: "db", tls: { passthrough: true } },
            ended: { rule: "HostSNI(`*`)", service: "plain", tls: {} },
          },
          services: { db: service(port), plain: service(plain.port) },
        },
        tls: { certificates: [{ certFile: "leaf.pem", keyFile: "leaf.key" }] },
      }),
    },
  });
  try {
    for (const version of VERSIONS) {
      const ask = (name: string) =>
        opensslClient(router.port, { name, input: "startup\n" }, version, "-starttls", "postgres");
      const through = await ask("db.test");
      expect([through.subject, through.text.includes("database got startup")]).toEqual([
        "database",
        true,
      ]);
      const ended = await ask("any.app.test");
      expect([ended.subject, ended.text.includes("plain got startup")]).toEqual(["leaf", true]);
    }
  } finally {
    database.close();
  }
});

test("keys are changed in the middle of a connection; a renegotiation ends it", async () => {
  await using router = await start();
  const connect = (version: string) => opensslTalk(router.port, "open.app.test", version);
  await using modern = connect("-tls1_3");
  const request = "GET / HTTP/1.1\r\nHost: open.app.test\r\n\r\n";
  for (const command of ["K\n", "k\n"]) {
    modern.write(request);
    await modern.said(/HTTP\/1\.1 200 /);
    modern.write(command);
    await modern.said(/KEYUPDATE/);
  }
  modern.write(request);
  await modern.said(/HTTP\/1\.1 200 /);
  await using old = connect("-tls1_2");
  old.write(request);
  await old.said(/HTTP\/1\.1 200 /);
  old.write("R\n");
  await old.said(/RENEGOTIATING[\s\S]*(no renegotiation|alert|error|closed)/);
  expect(await old.exited).not.toBe(0);
  const after = await opensslClient(router.port, { name: "open.app.test" });
  expect(after.status).toBe(200);
});
