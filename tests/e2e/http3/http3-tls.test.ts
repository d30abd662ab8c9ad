import { expect } from "bun:test";
import { makeCertificate } from "../../support/certificates.ts";
import { curl } from "../../support/curl.ts";
import {
  CERTIFICATES,
  http3Files,
  http3Suite,
  startHttp3Router,
} from "../../support/http3-scene.ts";
import { startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const { test, startClient } = http3Suite();

const UNRECOGNIZED_NAME = 0x170;

const MUTUAL = {
  clientAuth: { caFiles: ["ca.pem"], clientAuthType: "RequireAndVerifyClientCert" },
};

interface Tls {
  /** By name; the router of that name is for Host(`NAME.app.test`). */
  options?: Record<string, object>;
  certificates?: readonly object[];
  stores?: object;
  /** Server of all routers, instead of whoami. */
  url?: string;
}

/** A router for all hosts, and one for each set of options but "default". */
function dynamic({ options = {}, certificates = CERTIFICATES, stores, url }: Tls = {}): string {
  const service = url === undefined ? "whoami@internal" : "backend";
  const routers: Record<string, object> = { all: { rule: "PathPrefix(`/`)", service, tls: {} } };
  for (const name of Object.keys(options)) {
    if (name === "default") continue;
    routers[name] = { rule: `Host(\`${name}.app.test\`)`, service, tls: { options: name } };
  }
  const services = { backend: { loadBalancer: { servers: [{ url }] } } };
  return JSON.stringify({
    http: { routers, ...(url === undefined ? {} : { services }) },
    tls: { certificates, options, stores },
  });
}

test("the certificate for the name: exact first, then the wildcard's one label, then the default", async () => {
  await using router = await startHttp3Router({ dynamic: dynamic() });
  await using client = startClient();
  const subject = async (serverName: string) =>
    (await client.connect(router.port, { serverName })).subject;
  expect(await subject("app.test")).toBe("exact");
  expect(await subject("APP.test")).toBe("exact");
  expect(await subject("deep.app.test")).toBe("wildcard");
  expect(await subject("too.deep.app.test")).toBe("TRAEFIK DEFAULT CERT");
  expect(await subject("other.test")).toBe("TRAEFIK DEFAULT CERT");
  // An address is no server name: the client sends none.
  expect(await subject("127.0.0.1")).toBe("TRAEFIK DEFAULT CERT");
});

test("sniStrict refuses a name without a certificate, and no name at all", async () => {
  await using router = await startHttp3Router({
    dynamic: dynamic({ options: { default: { sniStrict: true } } }),
  });
  await using client = startClient();
  const good = await client.connect(router.port);
  expect((await good.ask()).status).toBe(200);
  for (const serverName of ["other.test", "127.0.0.1"]) {
    const outcome = await client
      .connect(router.port, { serverName })
      .then(async (connection) => (await connection.closed()).code)
      .catch((error: Error) => error.message);
    if (typeof outcome === "number") expect(outcome).toBe(UNRECOGNIZED_NAME);
    else expect(outcome).toContain("CRYPTO_ERROR 0x170");
  }
  expect((await good.ask()).status).toBe(200);
});

test("certificates are replaced while connections live on, also where only the file's content changes", async () => {
  await using router = await startHttp3Router({ dynamic: dynamic() });
  await using client = startClient();
  const old = await client.connect(router.port);
  expect(old.subject).toBe("exact");
  const subject = async () => {
    const connection = await client.connect(router.port);
    connection.close();
    return connection.subject;
  };
  const renewed = makeCertificate({ name: "renewed", names: ["DNS:app.test"] });
  await router.program.write("exact.key", renewed.key);
  await router.program.write("exact.pem", renewed.certificate);
  await waitFor("the renewed certificate", async () => (await subject()) === "renewed");
  const fallback = makeCertificate({ name: "fallback" });
  await router.program.write("fallback.pem", fallback.certificate);
  await router.program.write("fallback.key", fallback.key);
  const defaultCertificate = { certFile: "fallback.pem", keyFile: "fallback.key" };
  await router.reconfigure(
    dynamic({ certificates: [], stores: { default: { defaultCertificate } } }),
  );
  await waitFor("the default certificate", async () => (await subject()) === "fallback");
  // A broken one never takes the working one away.
  await router.program.write("fallback.pem", "nonsense");
  await router.program.logged(/fallback\.pem/);
  expect(await subject()).toBe("fallback");
  expect((await old.ask()).status).toBe(200);
  expect(old.over).toBe(false);
});

test("Alt-Svc advertises the port over TLS alone, and takes the place of the backend's", async () => {
  using upstream = startUpstream(answering(plain("ok", "200 OK", ['Alt-Svc: h3=":1"; ma=1'])));
  await using router = await startHttp3Router({
    dynamic: JSON.stringify({
      http: {
        routers: {
          plain: { rule: "PathPrefix(`/`)", service: "backend" },
          secure: { rule: "PathPrefix(`/`)", service: "backend", tls: {} },
        },
        services: { backend: { loadBalancer: { servers: [{ url: upstream.url }] } } },
      },
    }),
  });
  const own = `h3=":${router.port}"; ma=2592000`;
  for (const version of ["--http1.1", "--http2"]) {
    const secure = await curl(`https://app.test:${router.port}/`, "-k", version);
    expect([secure.status, secure.headers["alt-svc"]]).toEqual([200, own]);
  }
  const unencrypted = await curl(`http://app.test:${router.port}/`);
  expect([unencrypted.status, unencrypted.headers["alt-svc"]]).toEqual([200, 'h3=":1"; ma=1']);
});

test("advertisedPort is what Alt-Svc says; without http3 it says nothing", async () => {
  await using router = await startRouter({
    web: "    http3: {advertisedPort: 4433}",
    files: http3Files(),
    dynamic: dynamic(),
  });
  const answer = await curl(`https://app.test:${router.port}/`, "-k");
  expect(answer.headers["alt-svc"]).toBe('h3=":4433"; ma=2592000');
  await using client = startClient();
  expect((await (await client.connect(router.port)).ask()).status).toBe(200);
  await using without = await startRouter({ files: http3Files(), dynamic: dynamic() });
  const bare = await curl(`https://app.test:${without.port}/`, "-k");
  expect(bare.status).toBe(200);
  expect(bare.headers["alt-svc"]).toBeUndefined();
});

test("421 for a host with other TLS options than the handshake's", async () => {
  const options = { strict: { minVersion: "VersionTLS13" }, lax: { minVersion: "VersionTLS12" } };
  await using router = await startHttp3Router({ dynamic: dynamic({ options }) });
  await using client = startClient();
  const ask = async (serverName: string, authority: string) => {
    const connection = await client.connect(router.port, { serverName });
    return (await connection.ask({ authority })).status;
  };
  expect(await ask("strict.app.test", "strict.app.test")).toBe(200);
  expect(await ask("lax.app.test", "lax.app.test")).toBe(200);
  expect(await ask("app.test", "other.app.test")).toBe(200);
  expect(await ask("lax.app.test", "strict.app.test")).toBe(421);
  expect(await ask("app.test", "strict.app.test")).toBe(421);
  expect(await ask("strict.app.test", "app.test")).toBe(421);
  expect(await ask("127.0.0.1", "lax.app.test")).toBe(421);
});

test("no way around client authentication: whoever asks, by whatever name, gets 421", async () => {
  using upstream = startUpstream(answering(plain("secret")));
  const options = {
    mutual: MUTUAL,
    optional: {
      clientAuth: { caFiles: ["ca.pem"], clientAuthType: "VerifyClientCertIfGiven" },
    },
    any: { clientAuth: { clientAuthType: "RequestClientCert" } },
  };
  await using router = await startHttp3Router({ dynamic: dynamic({ options, url: upstream.url }) });
  const { directory } = router.program;
  const credentials = { certificate: `${directory}/client.pem`, key: `${directory}/client.key` };
  await using client = startClient();
  const guarded = ["mutual.app.test", "optional.app.test", "any.app.test"];
  for (const serverName of [...guarded, "app.test", "MUTUAL.app.test", "other.test", "127.0.0.1"]) {
    for (const who of [{}, credentials]) {
      const connection = await client.connect(router.port, { serverName, ...who });
      for (const authority of [
        ...guarded,
        "MUTUAL.app.test",
        "mutual.app.test:443",
        "mutual.app.test.",
      ]) {
        const asked = [serverName, authority, (await connection.ask({ authority })).status];
        expect(asked).toEqual([serverName, authority, 421]);
      }
      // Two names in one request are refused as a whole.
      const two = await connection.rawHead([
        [":method", "GET"],
        [":scheme", "https"],
        [":authority", "app.test"],
        [":path", "/"],
        ["host", "mutual.app.test"],
      ]);
      expect(two.status ?? two.event).not.toBe(200);
      connection.close();
    }
  }
  expect(upstream.requests.length).toBe(0);
  // Over TCP the certificate is asked for and checked, and HTTP/3 is not advertised to such hosts.
  const certificate = ["--cert", credentials.certificate, "--key", credentials.key];
  const right = await curl(`https://mutual.app.test:${router.port}/`, "-k", ...certificate);
  expect(right.body).toBe("secret");
  expect(right.headers["alt-svc"]).toBeUndefined();
  const open = await curl(`https://app.test:${router.port}/`, "-k");
  expect(open.headers["alt-svc"]).toBeDefined();
});

test("client authentication in the default options closes HTTP/3 for all that have them", async () => {
  using upstream = startUpstream(answering(plain("secret")));
  await using router = await startHttp3Router({
    dynamic: dynamic({ options: { default: MUTUAL }, url: upstream.url }),
  });
  await using client = startClient();
  for (const serverName of ["app.test", "127.0.0.1"]) {
    const connection = await client.connect(router.port, { serverName });
    const answer = await connection.ask({ method: "POST", size: 1_000_000 });
    expect(answer.status).toBe(421);
  }
  expect(upstream.requests.length).toBe(0);
});

test("client authentication that a reload brings holds for the connections that are there", async () => {
  const open = { options: { default: {}, mutual: {} } };
  await using router = await startHttp3Router({ dynamic: dynamic(open) });
  await using client = startClient();
  const one = await client.connect(router.port, { serverName: "mutual.app.test" });
  const other = await client.connect(router.port);
  const mutual = () => one.ask({ authority: "mutual.app.test" });
  expect([(await mutual()).status, (await other.ask()).status]).toEqual([200, 200]);
  await router.reconfigure(dynamic({ options: { default: {}, mutual: MUTUAL } }));
  await waitFor("421", async () => (await mutual()).status === 421);
  expect((await other.ask()).status).toBe(200);
  await router.reconfigure(dynamic({ options: { default: MUTUAL, mutual: MUTUAL } }));
  await waitFor("421 by default", async () => (await other.ask()).status === 421);
  await router.reconfigure(dynamic(open));
  await waitFor("200 again", async () => (await mutual()).status === 200);
});

test("client authentication that a reload brings holds for a request whose head came before it", async () => {
  using upstream = startUpstream(answering(plain("secret")));
  const before = { options: { mutual: {} }, url: upstream.url };
  await using router = await startHttp3Router({ dynamic: dynamic(before) });
  await using client = startClient();
  const serverName = "mutual.app.test";
  const connection = await client.connect(router.port, { serverName });
  const ask = { authority: serverName };
  expect((await connection.ask(ask)).status).toBe(200);
  // No handler gets a GET before its first byte or its end.
  const held = connection.send({ ...ask, holdBody: true, noLength: true });
  await router.reconfigure(dynamic({ ...before, options: { mutual: MUTUAL } }));
  await waitFor("421", async () => (await connection.ask(ask)).status === 421);
  const { length } = upstream.requests;
  held.proceed();
  expect((await held.answer()).status).toBe(421);
  expect(upstream.requests.length).toBe(length);
});

test("options that can't be had over HTTP/3 are 421 and not advertised; broken ones refuse the connection", async () => {
  const options = {
    old: { maxVersion: "VersionTLS12" },
    curves: { curvePreferences: ["CurveP256"] },
    broken: {
      clientAuth: { caFiles: ["missing.pem"], clientAuthType: "RequireAndVerifyClientCert" },
    },
  };
  await using router = await startHttp3Router({ dynamic: dynamic({ options }) });
  await using client = startClient();
  for (const name of ["old", "curves"]) {
    const authority = `${name}.app.test`;
    const connection = await client.connect(router.port, { serverName: authority });
    expect((await connection.ask({ authority })).status).toBe(421);
    const tcp = await curl(`https://${authority}:${router.port}/`, "-k");
    expect(tcp.status).toBe(200);
    expect(tcp.headers["alt-svc"]).toBeUndefined();
  }
  const outcome = await client
    .connect(router.port, { serverName: "broken.app.test" })
    .then(async (connection) => (await connection.closed()).code)
    .catch((error: Error) => error.message);
  if (typeof outcome === "number") expect(outcome).toBe(UNRECOGNIZED_NAME);
  else expect(outcome).toContain("CRYPTO_ERROR 0x170");
});
