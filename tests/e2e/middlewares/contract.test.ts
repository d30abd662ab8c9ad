import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HTTP_MIDDLEWARES } from "../../../src/middlewares/http/table.ts";
import { CONTRACT_LINES } from "../../support/middlewares/contract-lines.ts";
import { ContractScene } from "../../support/middlewares/contract-scene.ts";

/*
 * What holds for every middleware that lets a request pass: it neither holds up nor changes what it
 * doesn't own. All kinds at once, so that their requests are among each other's.
 */

let scene: ContractScene;
beforeAll(async () => {
  scene = await ContractScene.start();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

const KINDS = Object.keys(CONTRACT_LINES).filter((kind) => !CONTRACT_LINES[kind].answers);
const collects = (kind: string, what: "request" | "response") =>
  CONTRACT_LINES[kind].collects?.includes(what) === true;

/** Runs a case for all kinds at once; a failure names the kind. */
async function forEachKind(check: (kind: string) => Promise<unknown>): Promise<void> {
  const found = await Promise.all(
    KINDS.map(async (kind) => {
      try {
        return [kind, await check(kind)];
      } catch (error) {
        return [kind, String(error)];
      }
    }),
  );
  expect(found).toEqual(KINDS.map((kind) => [kind, "as it should be"]));
}

test("every kind of middleware has a line in the contract", () => {
  expect(Object.keys(HTTP_MIDDLEWARES).filter((kind) => !(kind in CONTRACT_LINES))).toEqual([]);
});

describe("a middleware that lets a request pass", () => {
  test("hands on a response's bytes as they come, and its trailers", () =>
    forEachKind(async (kind) => {
      const { client, passage } = await scene.begin(kind, "download");
      using _ = client;
      await passage.reached();
      if (!collects(kind, "response")) await client.readUntil("one\r\n");
      passage.go.resolve();
      if (!collects(kind, "response")) {
        const rest = await client.readUntil("\r\n\r\n");
        return rest.startsWith("3\r\ntwo\r\n0\r\n") && /^x-sum: 6\r$/im.test(rest)
          ? "as it should be"
          : rest;
      }
      const { text, trailers } = await client.response();
      const found = `${text} ${trailers}`;
      return found === "onetwo X-Sum,6" ? "as it should be" : found;
    }));

  test("hands on a request's bytes as they come, and its trailers", () =>
    forEachKind(async (kind) => {
      const head = { method: "POST", fields: ["Transfer-Encoding: chunked"] };
      const { client, passage } = await scene.begin(kind, "upload", {
        ...head,
        body: "3\r\none\r\n",
      });
      using _ = client;
      const rest = "3\r\ntwo\r\n0\r\nX-Sum: 6\r\n\r\n";
      if (!collects(kind, "request")) await passage.reached();
      client.offer(rest);
      const { text } = await client.response("POST");
      const wanted = CONTRACT_LINES[kind].losesTrailers ? "onetwo|" : "onetwo|X-Sum=6";
      return text === wanted ? "as it should be" : text;
    }));

  test("leaves an answer to HEAD as it is", () =>
    forEachKind(async (kind) => {
      const { client } = await scene.begin(kind, "head", { method: "HEAD" });
      using _ = client;
      const { status, header } = await client.response("HEAD");
      const found = `${status} ${header("content-length")} ${header("x-case")}`;
      return found === "200 1234 head" ? "as it should be" : found;
    }));

  test("lets an upgrade pass", () =>
    forEachKind(async (kind) => {
      const fields = ["Connection: Upgrade", "Upgrade: ping"];
      const { client } = await scene.begin(kind, "upgrade", { fields });
      using _ = client;
      const { status } = await client.response();
      await client.readUntil("first|");
      await client.send("ping");
      await client.readUntil("pong");
      return status === 101 ? "as it should be" : status;
    }));

  test("breaks off a response where the server did", () =>
    forEachKind(async (kind) => {
      const { client } = await scene.begin(kind, "cut");
      using _ = client;
      const found = await client.response().then(
        ({ status }) => status,
        () => "cut",
      );
      const wanted = collects(kind, "response") ? 502 : "cut";
      return found === wanted ? "as it should be" : found;
    }));

  test("answers 502 where the server gave none", () =>
    forEachKind(async (kind) => {
      const { client } = await scene.begin(kind, "gone");
      using _ = client;
      const { status } = await client.response();
      return status === 502 ? "as it should be" : status;
    }));

  test("calls the server's work off where the client goes away", () =>
    forEachKind(async (kind) => {
      const { client, passage } = await scene.begin(kind, "download");
      const upstream = await passage.reached();
      if (!collects(kind, "response")) await client.readUntil("one\r\n");
      client.reset();
      await upstream.ended();
      return "as it should be";
    }));

  test("calls it off as well before the first byte of a body", () =>
    forEachKind(async (kind) => {
      const { client, passage } = await scene.begin(kind, "silent");
      const upstream = await passage.reached();
      client.reset();
      await upstream.ended();
      return "as it should be";
    }));

  test("keeps requests apart that come at once, byte for byte", () =>
    forEachKind(async (kind) => {
      const found = await Promise.all(
        [1, 2, 3].map(async (seed) => {
          const body = new Uint8Array(100_000 + seed).map((_, i) => (i * seed * 31) >> 3);
          const fields = [`Content-Length: ${body.length}`];
          const { client } = await scene.begin(kind, "echo", { method: "POST", fields, body });
          using _ = client;
          const answer = await client.response("POST");
          return answer.status === 200 && Buffer.from(answer.body).equals(body);
        }),
      );
      return found.every(Boolean) ? "as it should be" : found;
    }));

  test("goes on with what is under way over a reload", async () => {
    const begun = await Promise.all(
      KINDS.map(async (kind) => {
        const { client, passage } = await scene.begin(kind, "download");
        await passage.reached();
        return { kind, client, passage };
      }),
    );
    await scene.reload();
    for (const { passage } of begun) passage.go.resolve();
    const texts = await Promise.all(
      begun.map(async ({ kind, client }) => [kind, (await client.response()).text]),
    );
    for (const { client } of begun) client.close();
    expect(texts).toEqual(KINDS.map((kind) => [kind, "onetwo"]));
  });
});

test("no server got anything that is no request", () => {
  expect(scene.errors).toEqual([]);
});
