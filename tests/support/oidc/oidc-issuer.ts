import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export const CLIENT_ID = "app";
export const CLIENT_SECRET = "the client's secret, of more than 32 bytes";

/**
 * An OpenID Connect issuer, the package oidc-provider, on 127.0.0.1. Each browser that is sent to it is logged in
 * as `user`, without a question. Refresh tokens are good once: a second use of one ends the session.
 */
export class OidcIssuer {
  readonly url: string;
  /** Who logs in, with further claims; "" refuses. */
  user = "ann";
  claims: Record<string, unknown> = {};
  /** Of tokens, in seconds. */
  life = 600;
  /** Answers everything with 500. */
  isBroken = false;
  /** Paths of requests, with their grant_type for those to the token endpoint. */
  readonly requests: string[] = [];
  /** Called before a request to the token endpoint is answered. */
  beforeTokens: () => Promise<unknown> = async () => {};
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<OidcIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const issuer = new OidcIssuer(server);
    const provider = issuer.provider();
    const answer = provider.callback();
    server.on("request", async (request, response) => {
      const path = request.url!.split("?")[0];
      issuer.requests.push(path);
      if (issuer.isBroken) {
        response.writeHead(500).end();
        return;
      }
      if (path === "/token") await issuer.beforeTokens();
      if (!path.startsWith("/interaction/")) {
        answer(request, response);
        return;
      }
      const refused = { error: "access_denied", error_description: "no" };
      await provider.interactionFinished(
        request,
        response,
        issuer.user === "" ? refused : { login: { accountId: issuer.user } },
      );
    });
    return issuer;
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.requests.filter((request) => request === path).length;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private provider(): Provider {
    // What it warns of is for those who run one in earnest.
    const { warn, info } = console;
    Object.assign(console, { warn: () => {}, info: () => {} });
    const life = () => this.life;
    const provider = new Provider(this.url, {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: ["http://app.test/oauth2/callback"],
          grant_types: ["authorization_code", "refresh_token"],
        },
      ],
      features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
      conformIdTokenClaims: false,
      cookies: { keys: ["k"] },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({
          sub: id,
          email: `${id}@example.com`,
          email_verified: true,
          ...this.claims,
        }),
      }),
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      issueRefreshToken: () => true,
      rotateRefreshToken: true,
      ttl: {
        AccessToken: life,
        IdToken: life,
        RefreshToken: () => 3600,
        Grant: () => 3600,
        Session: () => 3600,
        Interaction: () => 600,
        AuthorizationCode: () => 60,
      },
      loadExistingGrant: async ({
        oidc,
      }: {
        oidc: { client: { clientId: string }; session: { accountId: string } };
      }) => {
        const grant = new provider.Grant({
          clientId: oidc.client.clientId,
          accountId: oidc.session.accountId,
        });
        grant.addOIDCScope("openid email profile");
        await grant.save();
        return grant;
      },
    });
    Object.assign(console, { warn, info });
    // The router's port isn't known when the client is registered.
    const { prototype } = provider.Client;
    prototype["redirectUriAllowed"] = (uri) => uri.endsWith("/oauth2/callback");
    prototype["postLogoutRedirectUriAllowed"] = () => true;
    return provider;
  }
}
