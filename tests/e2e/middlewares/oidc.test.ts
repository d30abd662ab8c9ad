import { expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { Browser } from "../../support/oidc/browser.ts";
import { CLIENT_ID, CLIENT_SECRET, OidcIssuer } from "../../support/oidc/oidc-issuer.ts";
import { startRouter } from "../../support/router.ts";

test("a login at an issuer, and the requests behind it", async () => {
  await using issuer = await OidcIssuer.start();
  const options = {
    issuer: issuer.url,
    clientId: CLIENT_ID,
    clientSecretFile: "client-secret",
    secretFile: "cookie-secret",
    allowedEmails: ["@example.com"],
    claimHeaders: { "X-User": "email" },
  };
  const http = {
    routers: {
      all: { rule: "PathPrefix(`/`)", service: "whoami@internal", middlewares: ["login"] },
    },
    middlewares: { login: { oidc: options } },
  };
  await using router = await startRouter({
    dynamic: JSON.stringify({ http }),
    files: {
      "client-secret": `${CLIENT_SECRET}\n`,
      "cookie-secret": "a secret for cookies, of more than 32 bytes\n",
    },
  });
  const { port, url } = router;
  expect((await get(port, "/", ["X-User: forged"])).status).toBe(401);

  const browser = new Browser();
  const page = await browser.open(`${url}/page?a=1`);
  expect([page.status, browser.at]).toEqual([200, `${url}/page?a=1`]);
  expect(await page.text()).toMatch(/^X-User: ann@example\.com\r?$/im);

  const cookie = `Cookie: sluice_session=${browser.jar(url).get("sluice_session")}; own=1`;
  for (let i = 0; i < 4; i++) {
    const { status, text } = await get(port, "/x", [cookie, "X-User: forged"]);
    expect([
      status,
      /^X-User: (.*?)\r?$/im.exec(text)?.[1],
      /^Cookie: (.*?)\r?$/im.exec(text)?.[1],
    ]).toEqual([200, "ann@example.com", "own=1"]);
  }
  const out = await browser.ask(`${url}/oauth2/logout`);
  expect([out.status, out.headers.get("location")]).toEqual([
    303,
    expect.stringContaining(`${issuer.url}/session/end?`),
  ]);
  expect((await browser.ask(`${url}/`, [["Sec-Fetch-Mode", "cors"]])).status).toBe(401);
});
