import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import { except } from "hono/combine";
import { cors } from "hono/cors";
import { csrf } from "hono/csrf";
import { ipRestriction } from "hono/ip-restriction";
import { type JwtVariables, jwt, sign } from "hono/jwt";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { timeout } from "hono/timeout";
import { timing } from "hono/timing";
import { clientOf } from "./client-of.ts";

const SECRET = "a-secret-of-the-test-and-of-nothing-else";

/** Hono's middlewares that look at a request and let it pass or don't, each below a path of its own. */
export const guards = new Hono<{ Variables: JwtVariables }>().basePath("/guards");

guards.use("/cors", cors({ origin: "http://other.test", maxAge: 60, exposeHeaders: ["X-Own"] }));
guards.all("/cors", (c) => c.text("cors"));

guards.use("/csrf", csrf());
guards.post("/csrf", async (c) => c.text(await c.req.text()));

guards.use("/limit", bodyLimit({ maxSize: 16, onError: (c) => c.text("too much", 413) }));
guards.post("/limit", async (c) => c.text(`${await c.req.text()} ${c.req.raw.bodyUsed}`));

guards.use("/basic", basicAuth({ username: "ada", password: "lovelace" }));
guards.get("/basic", (c) => c.text("basic"));

guards.use("/bearer", bearerAuth({ token: "let-me-in" }));
guards.get("/bearer", (c) => c.text("bearer"));

guards.get("/jwt/token", async (c) => c.text(await sign({ sub: "ada" }, SECRET, "HS256")));
guards.use("/jwt/me", jwt({ secret: SECRET, alg: "HS256" }));
guards.get("/jwt/me", (c) => c.json(c.get("jwtPayload")));

guards.use("/secure", secureHeaders());
guards.get("/secure", (c) => c.text("secure"));

guards.use("/timing", timing({ total: false, enabled: true }));
guards.get("/timing", (c) => c.text("timing"));

guards.use("/timeout", timeout(20));
guards.get("/timeout", async (c) => {
  await new Promise((resolve) => setTimeout(resolve, c.req.query("slow") === undefined ? 0 : 5000));
  return c.text("in time");
});

guards.use("/id", requestId());
guards.get("/id", (c) => c.text(`${c.get("requestId").length}`));

guards.use("/ip/local", ipRestriction(clientOf, { denyList: [], allowList: ["127.0.0.0/8"] }));
guards.use("/ip/other", ipRestriction(clientOf, { denyList: ["127.0.0.1"], allowList: [] }));
guards.get("/ip/*", (c) => c.text(clientOf(c).remote.address ?? "unknown"));

guards.use("/except/*", except("/guards/except/open", bearerAuth({ token: "let-me-in" })));
guards.get("/except/*", (c) => c.text("except"));
