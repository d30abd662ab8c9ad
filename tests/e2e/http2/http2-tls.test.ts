import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { makeCertificate } from "../../support/certificates.ts";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import { block, Flag, FrameType, frame, RawHttp2 } from "../../support/http/raw-http2.ts";
import { testWith } from "../../support/requires.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, echoing, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("openssl");

const ca = makeCertificate({ name: "CA", ca: true });
const member = makeCertificate({ name: "a member", issuer: ca });
const WHOLE = Flag.endHeaders | Flag.endStream;

const TLS = `tls:
  options:
    default: { clientAuth: { clientAuthType: VerifyClientCertIfGiven, caFiles: [ca.pem] } }
`;

const withTls = (url: string, more = "") =>
  forwardingTo(url).replace("service:", `${more}tls: {}\n      service:`) + TLS;

function head(path: string, fields: [string, string][] = [], method = "GET"): Uint8Array {
  return block([
    [":method", method],
    [":scheme", "https"],
    [":authority", "app.test:8443"],
    [":path", path],
    ...fields,
  ]);
}

test("the access log's fields of a request over HTTP/2 and TLS", async () => {
  using upstream = startUpstream(answering(plain("hello", "201 Created")));
  await using router = await startRouter({
    dynamic: withTls(upstream.url),
    files: { "ca.pem": ca.certificate },
    static: "accessLog: { filePath: access.log, format: json }\n",
  });
  using client = await RawHttp2.connectTls(router.port, {
    serverName: "app.test",
    cert: member.certificate,
    key: member.key,
  });
  const answers = new Http2Answers(client);
  await client.send(frame(FrameType.headers, Flag.endHeaders, 1, head("/a?b=c", [], "POST")));
  await client.send(frame(FrameType.data, Flag.endStream, 1, new Uint8Array(1234)));
  expect((await answers.of(1)).status).toBe(201);
  // A reset before the answer has its line too.
  await client.send(frame(FrameType.headers, Flag.endHeaders, 3, head("/gone", [], "PUT")));
  await waitFor("the request above", () => upstream.received.join().includes("PUT /gone "));
  await client.send(frame(FrameType.rstStream, 0, 3, Uint8Array.of(0, 0, 0, 8)));
  const lines = await waitFor("two lines", () => {
    const text = readFileSync(`${router.program.directory}/access.log`, "utf8").trim();
    const found = text.split("\n").map((line) => JSON.parse(line));
    return found.length === 2 && found;
  });
  expect(lines[0]).toMatchObject({
    ClientHost: "127.0.0.1",
    DownstreamContentSize: 5,
    DownstreamStatus: 201,
    OriginContentSize: 5,
    OriginStatus: 201,
    RequestAddr: "app.test:8443",
    RequestContentSize: 1234,
    RequestCount: 1,
    RequestHost: "app.test",
    RequestMethod: "POST",
    RequestPath: "/a?b=c",
    RequestPort: "8443",
    RequestProtocol: "HTTP/2.0",
    RequestScheme: "https",
    ServiceURL: upstream.url,
    TLSClientSubject: "CN=a member",
    TLSVersion: "1.3",
    entryPointName: "web",
  });
  expect(lines[0].TLSCipher).toMatch(/^TLS_(AES|CHACHA20)_/);
  expect(lines[0].ClientPort).toMatch(/^\d+$/);
  expect(lines[1]).toMatchObject({ RequestPath: "/gone", DownstreamStatus: 499 });
});

test("forwarded fields over TLS are the router's own, whatever a client says", async () => {
  using upstream = startUpstream(echoing());
  const more = "middlewares: [cert]\n      ";
  const dynamic = withTls(upstream.url, more).replace(
    "\n  services:",
    "\n  middlewares:\n    cert: { headers: { customRequestHeaders: { X-Own: own } } }\n  services:",
  );
  await using router = await startRouter({ dynamic, files: { "ca.pem": ca.certificate } });
  using client = await RawHttp2.connectTls(router.port, { serverName: "app.test" });
  const answers = new Http2Answers(client);
  const spoofed: [string, string][] = [
    ["x-forwarded-for", "192.0.2.1"],
    ["x-forwarded-proto", "http"],
    ["x-forwarded-port", "80"],
    ["x-forwarded-host", "evil.test"],
    ["x-forwarded-server", "evil"],
    ["x-forwarded-prefix", "/evil"],
    ["x-forwarded-tls-client-cert", "MIIevil"],
    ["x-forwarded-tls-client-cert-info", "Subject=evil"],
    ["x_forwarded_tls_client_cert", "MIIevil"],
    ["x-forwarded_tls-client_cert-info", "Subject=evil"],
    ["x-real-ip", "192.0.2.1"],
  ];
  await client.send(frame(FrameType.headers, WHOLE, 1, head("/", spoofed)));
  const { fields } = JSON.parse((await answers.of(1)).text) as { fields: [string, string][] };
  const got = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]));
  expect(got).toMatchObject({
    host: "app.test:8443",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "https",
    "x-forwarded-port": "8443",
    "x-forwarded-host": "app.test:8443",
    "x-real-ip": "127.0.0.1",
    "x-own": "own",
  });
  expect(JSON.stringify(fields)).not.toMatch(/evil|192\.0\.2\.1/);
});
