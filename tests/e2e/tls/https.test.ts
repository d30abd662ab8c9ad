import { expect } from "bun:test";
import { type Certificate, makeCertificate } from "../../support/certificates.ts";
import { curl } from "../../support/curl.ts";
import { FLAVOUR } from "../../support/flavour.ts";
import { startWebSocketPeer } from "../../support/http/websocket-peer.ts";
import { opensslClient } from "../../support/openssl-client.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("curl", "openssl");

const ca = makeCertificate({ name: "Sluice Test CA", ca: true });
const exact = makeCertificate({ name: "exact", names: ["DNS:app.test"], issuer: ca });
const wildcard = makeCertificate({ name: "wildcard", names: ["DNS:*.app.test"], issuer: ca });
const client = makeCertificate({ name: "a client", issuer: ca });
const otherCa = makeCertificate({ name: "Another CA", ca: true });
const stranger = makeCertificate({ name: "a stranger", issuer: otherCa });

const FILES = {
  "ca.pem": ca.certificate,
  "exact.pem": exact.certificate,
  "exact.key": exact.key,
  "wildcard.pem": wildcard.certificate,
  "wildcard.key": wildcard.key,
  "client.pem": client.certificate,
  "client.key": client.key,
  "stranger.pem": stranger.certificate,
  "stranger.key": stranger.key,
};

const CERTIFICATES = `
  certificates:
    - { certFile: exact.pem, keyFile: exact.key }
    - { certFile: wildcard.pem, keyFile: wildcard.key }
`;

function whoami(tls: string, routers = ""): string {
  return `http:
  routers:
    all:
      rule: PathPrefix(\`/\`)
      service: whoami@internal
      tls: {}
${routers}tls:${CERTIFICATES}${tls}`;
}

/** The whole of openssl s_client's output for a connection that sends one request. */
async function sClient(port: number, name: string, ...args: string[]): Promise<string> {
  const process = Bun.spawn(
    ["openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-servername", name, ...args],
    {
      stdin: new Blob([`GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`]),
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [output, errors] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
  ]);
  await process.exited;
  return output + errors;
}

function caFile(router: Router): string {
  return `${router.program.directory}/ca.pem`;
}

test("the certificate for the name: exact first, then the wildcard's one label, then the default", async () => {
  await using router = await startRouter({ dynamic: whoami(""), files: FILES });
  const cacert = caFile(router);
  const subject = async (name: string) => {
    const output = await sClient(router.port, name, "-ign_eof");
    return /subject=CN ?= ?(.*)/.exec(output)?.[1];
  };
  expect(await subject("app.test")).toBe("exact");
  expect(await subject("APP.TEST")).toBe("exact");
  expect(await subject("deep.app.test")).toBe("wildcard");
  expect(await subject("too.deep.app.test")).toBe("TRAEFIK DEFAULT CERT");
  const answer = await curl(`https://app.test:${router.port}/`, "--cacert", cacert);
  expect(answer.stderr).toBe("");
  expect(answer.status).toBe(200);
  expect(answer.version).toBe("2");
  expect(answer.body).toContain("X-Forwarded-Proto: https");
  const old = await curl(`https://app.test:${router.port}/`, "--cacert", cacert, "--http1.1");
  expect([old.status, old.version]).toEqual([200, "1.1"]);
});

test("a router with TLS never serves plain requests on its entrypoint, nor the other way round", async () => {
  const dynamic = whoami(
    "",
    "    plain:\n      rule: Host(`plain.test`)\n      service: whoami@internal\n",
  );
  await using router = await startRouter({ dynamic, files: FILES });
  expect((await curl(`http://app.test:${router.port}/`)).status).toBe(404);
  expect((await curl(`http://plain.test:${router.port}/`)).status).toBe(200);
  expect((await curl(`https://app.test:${router.port}/`, "-k")).status).toBe(200);
  // Only the router without a host is for it, and that one has TLS.
  expect((await curl(`https://plain.test:${router.port}/`, "-k")).body).toContain("GET / HTTP");
});

test("http.tls on the entrypoint is for every router that says nothing of TLS itself", async () => {
  const dynamic = `http:
  routers:
    all:
      rule: Host(\`app.test\`)
      service: whoami@internal
tls:${CERTIFICATES}`;
  await using router = await startRouter({
    dynamic,
    files: FILES,
    web: "    http:\n      tls: {}\n",
  });
  expect((await curl(`http://app.test:${router.port}/`)).status).toBe(404);
  const answer = await curl(`https://app.test:${router.port}/`, "--cacert", caFile(router));
  expect(answer.status).toBe(200);
  expect((await curl(`https://other.test:${router.port}/`, "-k")).status).toBe(404);
});

test("sniStrict refuses a name without a certificate, and no name at all", async () => {
  const strict = "  options:\n    default:\n      sniStrict: true\n";
  await using router = await startRouter({ dynamic: whoami(strict), files: FILES });
  const good = await curl(`https://app.test:${router.port}/`, "--cacert", caFile(router));
  expect(good.status).toBe(200);
  expect((await curl(`https://other.test:${router.port}/`, "-k")).exitCode).toBe(35);
  expect((await curl(`https://127.0.0.1:${router.port}/`, "-k")).exitCode).toBe(35);
  // The alert that Go sends: internal_error.
  for (const name of ["other.test", null])
    expect((await opensslClient(router.port, { name })).text).toContain("SSL alert number 80");
});

test("versions: what minVersion and maxVersion leave out fails the handshake", async () => {
  const options = `  options:
    default:
      minVersion: VersionTLS13
    old:
      minVersion: VersionTLS12
      maxVersion: VersionTLS12
`;
  const routers =
    "    old:\n      rule: Host(`old.app.test`)\n      service: whoami@internal\n      tls: { options: old }\n";
  await using router = await startRouter({ dynamic: whoami(options, routers), files: FILES });
  const ask = (name: string, ...args: string[]) =>
    curl(`https://${name}:${router.port}/`, "--cacert", caFile(router), ...args);
  expect((await ask("app.test")).status).toBe(200);
  expect((await ask("app.test", "--tls-max", "1.2")).exitCode).toBe(35);
  expect((await ask("old.app.test")).status).toBe(200);
  expect((await ask("old.app.test", "--tlsv1.3")).exitCode).toBe(35);
});

test("cipherSuites and curvePreferences: the peer gets what is listed, or the reason why not", async () => {
  const options = `  options:
    narrow:
      maxVersion: VersionTLS12
      cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]
    curves:
      curvePreferences: [CurveP384]
`;
  const routers = ["narrow", "curves"]
    .map(
      (name) =>
        `    ${name}:\n      rule: Host(\`${name}.app.test\`)\n      service: whoami@internal\n      tls: { options: ${name} }\n`,
    )
    .join("");
  await using router = await startRouter({ dynamic: whoami(options, routers), files: FILES });
  if (FLAVOUR === "deno") {
    // What the runtime can't do is refused by name, and its hosts with it.
    await router.program.logged(/narrow.*cipherSuites is not supported on Deno/);
    await router.program.logged(/curves.*curvePreferences is not supported on Deno/);
    for (const name of ["narrow", "curves"]) {
      const refused = await curl(`https://${name}.app.test:${router.port}/`, "-k");
      expect(refused.exitCode).toBe(35);
    }
    return;
  }
  const narrow = await sClient(router.port, "narrow.app.test", "-ign_eof");
  expect(narrow).toContain("ECDHE-ECDSA-AES256-GCM-SHA384");
  const curves = await sClient(router.port, "curves.app.test", "-ign_eof");
  expect(curves).toMatch(/P-384|secp384r1/);
});

const MUTUAL = `  options:
    mutual:
      clientAuth:
        caFiles: [ca.pem]
        clientAuthType: RequireAndVerifyClientCert
    broken:
      clientAuth:
        caFiles: [missing.pem]
        clientAuthType: RequireAndVerifyClientCert
`;
const GUARDED =
  "    guarded:\n      rule: Host(`guarded.app.test`)\n      service: whoami@internal\n      tls: { options: mutual }\n" +
  "    broken:\n      rule: Host(`broken.app.test`)\n      service: whoami@internal\n      tls: { options: broken }\n";

test("a client without the right certificate gets nothing where it is demanded, by no way around", async () => {
  await using router = await startRouter({ dynamic: whoami(MUTUAL, GUARDED), files: FILES });
  const { directory } = router.program;
  const cacert = caFile(router);
  const as = (who: string) => [
    "--cert",
    `${directory}/${who}.pem`,
    "--key",
    `${directory}/${who}.key`,
  ];
  const ask = (name: string, ...args: string[]) =>
    curl(`https://${name}:${router.port}/`, "--cacert", cacert, ...args);
  for (const version of [["--tls-max", "1.2"], ["--tlsv1.3"]]) {
    const good = await ask("guarded.app.test", ...as("client"), ...version);
    expect([good.stderr, good.status]).toEqual(["", 200]);
    for (const credentials of [[], as("stranger")]) {
      const refused = await ask("guarded.app.test", ...credentials, ...version);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.status).toBe(0);
    }
  }
  // A neighbour's name in the ClientHello, the guarded one in the request.
  const around = await ask("app.test", "-H", "Host: guarded.app.test");
  expect(around.status).toBe(421);
  const h1 = await ask("app.test", "-H", "Host: guarded.app.test", "--http1.1");
  expect(h1.status).toBe(421);
  // A CA file that isn't there disables the router, not the check.
  expect((await ask("broken.app.test", ...as("client"))).exitCode).toBe(35);
  await router.program.logged(/missing\.pem/);
});

test("a router with TLS options that nobody defines is refused, with its name", async () => {
  const routers =
    "    lost:\n      rule: Host(`lost.app.test`)\n      service: whoami@internal\n      tls: { options: nowhere }\n";
  await using router = await startRouter({ dynamic: whoami("", routers), files: FILES });
  expect((await curl(`https://lost.app.test:${router.port}/`, "-k")).exitCode).toBe(35);
  await router.program.logged(/nowhere@file/);
});

test("one host with two sets of options has the default ones, and both routers work", async () => {
  const options = "  options:\n    strict:\n      minVersion: VersionTLS13\n";
  const routers = ["one", "two"]
    .map(
      (name) =>
        `    ${name}:\n      rule: Host(\`app.test\`) && PathPrefix(\`/${name}\`)\n      service: whoami@internal\n      tls: { options: ${name === "one" ? "strict" : "default"} }\n`,
    )
    .join("");
  await using router = await startRouter({ dynamic: whoami(options, routers), files: FILES });
  for (const name of ["one", "two"]) {
    const url = `https://app.test:${router.port}/${name}`;
    expect((await curl(url, "-k", "--tls-max", "1.2")).status).toBe(200);
  }
  await router.program.logged(/app\.test.*strict@file/);
});

test("sessions are resumed, by TLS 1.2 and 1.3", async () => {
  await using router = await startRouter({ workers: 1, dynamic: whoami(""), files: FILES });
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const session = `${router.program.directory}/session${version}`;
    const first = await sClient(router.port, "app.test", version, "-ign_eof", "-sess_out", session);
    expect(first).toMatch(/^New, /m);
    const second = await sClient(router.port, "app.test", version, "-ign_eof", "-sess_in", session);
    expect(second).toMatch(/^Reused, /m);
    expect(second).toContain("200 OK");
  }
});

test("certificates are replaced without a restart, also where only the file's content changes", async () => {
  await using router = await startRouter({ dynamic: whoami(""), files: FILES });
  const serial = async () => {
    const output = await sClient(router.port, "app.test", "-ign_eof");
    return /subject=CN ?= ?(.*)/.exec(output)?.[1];
  };
  expect(await serial()).toBe("exact");
  const renewed = makeCertificate({ name: "renewed", names: ["DNS:app.test"], issuer: ca });
  await router.program.write("exact.key", renewed.key);
  await router.program.write("exact.pem", renewed.certificate);
  await waitFor("the new certificate", async () =>
    (await serial()) === "renewed" ? true : undefined,
  );
  // A broken one never takes the working one away.
  await router.program.write("exact.pem", "nonsense");
  await router.program.logged(/exact\.pem/);
  expect((await curl(`https://app.test:${router.port}/`, "-k")).status).toBe(200);
});

test("inline PEM, the default store's certificate, a WebSocket over TLS", async () => {
  const inline = (text: string) => JSON.stringify(text);
  const fallback: Certificate = makeCertificate({
    name: "fallback",
    names: ["DNS:fallback.test"],
    issuer: ca,
  });
  using peer = startWebSocketPeer();
  const dynamic = `http:
  routers:
    all:
      rule: PathPrefix(\`/\`)
      service: peer
      tls: {}
  services:
    peer:
      loadBalancer:
        servers: [{ url: "${peer.url}" }]
tls:
  stores:
    default:
      defaultCertificate:
        certFile: ${inline(fallback.certificate)}
        keyFile: ${inline(fallback.key)}
  certificates:
    - certFile: ${inline(exact.certificate)}
      keyFile: ${inline(exact.key)}
`;
  await using router = await startRouter({ dynamic, files: FILES });
  expect(await sClient(router.port, "nobody.test")).toMatch(/subject=CN ?= ?fallback/);
  const socket = new WebSocket(`wss://127.0.0.1:${router.port}/chat`, {
    tls: { rejectUnauthorized: false },
  } as unknown as string[]);
  const messages: string[] = [];
  socket.onmessage = ({ data }) => messages.push(data);
  await waitFor("the open socket", () => socket.readyState === WebSocket.OPEN);
  socket.send("hello");
  await waitFor("the echo", () => messages.length === 1);
  expect(messages[0]).toBe("hello");
  expect(peer.handshakes.at(-1)?.get("x-forwarded-proto")).toBe("wss");
  socket.close();
});

test("large bodies cross TLS whole, both ways, on HTTP/1.1 and HTTP/2", async () => {
  using upstream = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    maxRequestBodySize: 1 << 30,
    fetch: async (request) => new Response(await request.bytes()),
  });
  const dynamic = `http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: echo, tls: {} }
  services:
    echo:
      loadBalancer:
        servers: [{ url: "http://127.0.0.1:${upstream.port}" }]
tls:${CERTIFICATES}`;
  await using router = await startRouter({ dynamic, files: FILES });
  const { directory } = router.program;
  const large = crypto.getRandomValues(new Uint8Array(65_536));
  const body = new Uint8Array(32 * 1024 * 1024);
  for (let at = 0; at < body.length; at += large.length) body.set(large, at);
  body[body.length - 1] ^= 0xff;
  await Bun.write(`${directory}/large`, body);
  for (const version of ["--http1.1", "--http2"]) {
    const process = Bun.spawn(
      [
        "curl",
        "-sSk",
        version,
        "--max-time",
        "60",
        "--data-binary",
        `@${directory}/large`,
        "-o",
        `${directory}/back`,
        `https://127.0.0.1:${router.port}/`,
      ],
      { stderr: "pipe" },
    );
    expect(await new Response(process.stderr).text()).toBe("");
    expect(await process.exited).toBe(0);
    expect(Buffer.from(await Bun.file(`${directory}/back`).bytes()).equals(Buffer.from(body))).toBe(
      true,
    );
  }
});

test("garbage instead of a handshake closes the connection and nothing else", async () => {
  await using router = await startRouter({ dynamic: whoami(""), files: FILES });
  for (const bytes of [
    "\x16\x03\x01\x00\x05hello",
    "\x16\x03\x01\xff\xff",
    "\x16\x03\x01\x00\x00".repeat(1000),
  ]) {
    await using raw = await router.client();
    await raw.send(bytes);
    await raw.readToEnd();
  }
  expect((await curl(`https://app.test:${router.port}/`, "-k")).status).toBe(200);
});
