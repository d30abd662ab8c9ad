import { expect, test } from "bun:test";
import { purgeAnswer } from "../../../../src/api/changes/cache-purge.ts";

async function purge(path: string, basePath = "") {
  const asked: unknown[] = [];
  const answer = await purgeAnswer({ url: `http://api.test${path}` }, basePath, async (...what) => {
    asked.push(what);
    return what[0] === "it@file" ? 3 : undefined;
  });
  return [answer?.status, answer?.body, ...asked];
}

test("a cache is purged whole, by URL and by prefix", async () => {
  const path = "/api/http/middlewares/it@file/cache";
  const purged = '{"purged":3}\n';
  expect(await purge(path)).toEqual([200, purged, ["it@file", {}]]);
  const url = "http://a.test/x?y=1&z";
  const query = `url=${encodeURIComponent(url)}`;
  expect(await purge(`${path}?${query}`)).toEqual([200, purged, ["it@file", { url }]]);
  const encoded = "/base/api/http/middlewares/it%40file/cache?prefix=https://a.test/";
  const prefix = "https://a.test/";
  expect(await purge(encoded, "/base")).toEqual([200, purged, ["it@file", { prefix }]]);
});

test("what isn't a cache, or asks for what can't be, is said", async () => {
  const path = "/api/http/middlewares/it@file/cache";
  expect(await purge("/api/http/middlewares/none@file/cache")).toEqual([
    404,
    '{"message":"cache not found: none@file"}\n',
    ["none@file", {}],
  ]);
  for (const query of [
    "url=/x",
    "url=",
    "prefix=ftp://a/",
    "url=http://a/&prefix=http://a/",
    "all=1",
  ])
    expect((await purge(`${path}?${query}`)).slice(0, 1)).toEqual([400]);
  for (const other of ["/api/http/middlewares/it@file", "/api/http/services/it@file/cache", "/x"])
    expect(await purge(other)).toEqual([undefined, undefined]);
  expect(await purge(path, "/base")).toEqual([undefined, undefined]);
});
