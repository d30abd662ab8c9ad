import { expect, test } from "bun:test";
import { withHiddenSecrets } from "../../../src/api/hidden-values.ts";

test("secrets, passwords and private keys are hidden, and nothing else", () => {
  const shown = {
    jwt: { secret: "geheim", issuers: ["https://id.test"], tls: { ca: "/ca.pem" } },
    rateLimit: { average: 1, redis: { username: "jo", password: "geheim" } },
    oidc: { clientId: "app", clientSecret: "geheim", clientSecretFile: "/run/secret" },
    forwardAuth: { tls: { cert: "c.pem", key: "-----BEGIN PRIVATE KEY-----\ngeheim" } },
    handler: { module: "./api.ts", env: { TOKEN: "{env:TOKEN}" } },
    headers: { customRequestHeaders: { env: "test" }, stsSeconds: 5 },
    errors: { status: ["500"], service: "secret" },
  };
  expect(withHiddenSecrets(shown)).toEqual({
    ...shown,
    jwt: { ...shown.jwt, secret: "xxxx" },
    rateLimit: { average: 1, redis: { username: "jo", password: "xxxx" } },
    oidc: { clientId: "app", clientSecret: "xxxx", clientSecretFile: "/run/secret" },
    forwardAuth: { tls: { cert: "c.pem", key: "xxxx" } },
  });
});
