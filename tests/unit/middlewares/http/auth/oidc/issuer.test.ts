import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { Issuer } from "../../../../../../src/middlewares/http/auth/oidc/issuer.ts";
import { oidc } from "../../../../../../src/middlewares/http/auth/oidc/oidc.ts";
import { silentLogger } from "../../../../core/silent-logger.ts";
import { apply, makeWith } from "../../apply.ts";
import { SocketClient } from "../../socket-client.ts";

/*
 * What an issuer can do wrong, by a double from the specification (OpenID Connect Core and Discovery): the real one
 * of the other tests does nothing wrong.
 */

const KEY = await generateKeyPair("ES256");
const OTHER = await generateKeyPair("ES256");
const SECRET = "a secret for cookies, of more than 32 bytes";

let metadata: Record<string, unknown> = {};
let token: (nonce: string) => Promise<string>;
let nonce = "";
let authorization: string[] = [];
let large = false;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  routes: {
    "/.well-known/openid-configuration": () =>
      large
        ? new Response("x".repeat(1024 * 1024 + 1))
        : Response.json({ ...basic(), ...metadata }),
    "/jwks": async () =>
      Response.json({ keys: [{ ...(await exportJWK(KEY.publicKey)), kid: "1", alg: "ES256" }] }),
    "/token": async (request) => {
      authorization.push(request.headers.get("authorization") ?? (await request.text()));
      return Response.json({
        access_token: "a",
        token_type: "Bearer",
        expires_in: 600,
        id_token: await token(nonce),
      });
    },
  },
  fetch: () => new Response("not here", { status: 404 }),
});
const ISSUER: string = `http://127.0.0.1:${server.port}`;
const basic = (): Record<string, unknown> => ({
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/auth`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/jwks`,
  response_types_supported: ["code"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["ES256"],
});

const client = new SocketClient();
const context = { client: client.client, deadlines: client.deadlines };
let signed: (claims: JWTPayload, key?: CryptoKey) => Promise<string>;

beforeAll(() => {
  signed = (claims, key = KEY.privateKey) =>
    new SignJWT({ iss: ISSUER, aud: "app", sub: "ann", nonce, ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "1" })
      .setIssuedAt()
      .setExpirationTime("10m")
      .sign(key);
});
beforeEach(() => {
  metadata = {};
  authorization = [];
  large = false;
});
afterAll(() => {
  server.stop(true);
  client[Symbol.dispose]();
});

/** The answer to a login's last step. */
async function logIn(): Promise<number> {
  const options = { issuer: ISSUER, clientId: "app", clientSecret: "s", secret: SECRET };
  const middleware = await makeWith(oidc, options, { ...context, logger: silentLogger() });
  const first = await apply(middleware, {
    host: "app.test",
    headers: [["Sec-Fetch-Mode", "navigate"]],
  });
  const url = new URL(first.response.headers.get("location")!);
  nonce = url.searchParams.get("nonce")!;
  const state = url.searchParams.get("state")!;
  const [cookie] = first.response.headers.get("set-cookie")!.split(";");
  const { response } = await apply(middleware, {
    host: "app.test",
    target: `/oauth2/callback?code=c&state=${state}`,
    headers: [["Cookie", cookie]],
  });
  return response.status;
}

test("only a token that is signed by the issuer, for this client and this login, is a login", async () => {
  const cases: [number, string, () => Promise<string>][] = [
    [302, "right", () => signed({})],
    [502, "key", () => signed({}, OTHER.privateKey)],
    [502, "nonce", () => signed({ nonce: "other" })],
    [502, "audience", () => signed({ aud: "other" })],
    [502, "issuer", () => signed({ iss: "http://other.test" })],
    [502, "unsigned", async () => `${btoa('{"alg":"none"}')}.${btoa('{"sub":"ann"}')}.`],
    [502, "none", async () => ""],
  ];
  for (const [status, name, make] of cases) {
    token = make;
    expect([name, await logIn()]).toEqual([name, status]);
  }
});

test("the client's secret goes as the issuer takes it", async () => {
  token = () => signed({});
  await logIn();
  metadata = { token_endpoint_auth_methods_supported: ["client_secret_post"] };
  await logIn();
  expect(authorization[0]).toBe(`Basic ${btoa("app:s")}`);
  expect(new URLSearchParams(authorization[1]).get("client_secret")).toBe("s");
});

test("is asked again behind a pause; what it says must fit and be its own", async () => {
  const time = { now: 0 };
  const said: string[] = [];
  const error = (...words: unknown[]) => void said.push(JSON.stringify(words));
  const options = {
    issuer: new URL(ISSUER),
    clientId: "app",
    clientSecret: "s",
    clockTolerance: 30,
  };
  const issuer = new Issuer(
    options,
    (url) => client.client(url),
    { deadlines: client.deadlines, logger: silentLogger({ error }) },
    () => time.now,
  );
  metadata = { issuer: "http://other.test" };
  expect(await issuer.configuration()).toBeNull();
  metadata = {};
  large = true;
  expect(await issuer.configuration()).toBeNull();
  time.now += 6_000;
  expect(await issuer.configuration()).toBeNull();
  expect(said).toHaveLength(1);
  large = false;
  expect(await issuer.configuration()).toBeNull();
  time.now += 6_000;
  const [one, two] = await Promise.all([issuer.configuration(), issuer.configuration()]);
  expect([one === null, one === two]).toEqual([false, true]);
  // What was found serves where the next discovery fails.
  large = true;
  time.now += 2 * 60 * 60_000;
  expect(await issuer.configuration()).toBe(one);
  expect(await issuer.configuration()).toBe(one);
});
