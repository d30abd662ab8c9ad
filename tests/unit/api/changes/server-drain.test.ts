import { expect, test } from "bun:test";
import { drainAnswer } from "../../../../src/api/changes/server-drain.ts";
import { Drains } from "../../../../src/control/drains.ts";
import type { HealthVerdict } from "../../../../src/services/health/health-verdicts.ts";
import type { Snapshot } from "../../../../src/snapshot/snapshot.ts";

function ask(method: string, path: string, basePath = "") {
  const asked: unknown[] = [];
  const answer = drainAnswer({ method, url: `http://api.test${path}` }, basePath, (...what) => {
    asked.push(what);
    return what[0] === "app@file";
  });
  return [answer?.status, answer?.body, ...asked];
}

const PATH = "/api/http/services/app@file/servers/drain";
const SERVER = "http://10.0.0.1:80";

test("PUT drains a server, of its sticky cookies too where that is said; DELETE ends it", () => {
  const draining = `{"draining":true,"url":"${SERVER}"}\n`;
  const parsed = ([status, body, ...asked]: unknown[]) => [
    status,
    JSON.parse(body as string),
    ...asked,
  ];
  expect(parsed(ask("PUT", `${PATH}?url=${SERVER}`))).toEqual([
    200,
    JSON.parse(draining),
    ["app@file", SERVER, "new"],
  ]);
  const both = `/base/api/http/services/app%40file/servers/drain?sticky=false&url=${encodeURIComponent(SERVER)}`;
  expect(parsed(ask("PUT", both, "/base"))[2]).toEqual(["app@file", SERVER, "all"]);
  expect(parsed(ask("DELETE", `${PATH}?url=${SERVER}`))).toEqual([
    200,
    { url: SERVER, draining: false },
    ["app@file", SERVER, "no"],
  ]);
});

test("what is no server, or no request for it, is said", () => {
  expect(ask("PUT", `/api/http/services/none@file/servers/drain?url=${SERVER}`)).toEqual([
    404,
    `{"message":"server not found: ${SERVER} of none@file"}\n`,
    ["none@file", SERVER, "new"],
  ]);
  for (const query of ["", "?url=", `?url=a&url=b`, `?url=a&sticky=maybe`, "?url=a&all=1"])
    expect(ask("PUT", PATH + query).slice(0, 1)).toEqual([400]);
  for (const [method, path] of [
    ["GET", `${PATH}?url=a`],
    ["POST", `${PATH}?url=a`],
    ["PUT", "/api/http/services/app@file/servers?url=a"],
    ["PUT", "/api/tcp/services/app@file/servers/drain?url=a"],
    ["DELETE", "/api/http/middlewares/app@file/cache"],
  ])
    expect(ask(method, path)).toEqual([undefined, undefined]);
  expect(ask("PUT", `${PATH}?url=a`, "/base")).toEqual([undefined, undefined]);
});

const snapshotOf = (...urls: string[]) =>
  ({
    services: { "app@file": { loadBalancer: { servers: urls.map((url) => ({ url })) } } },
  }) as unknown as Snapshot;

test("a server drains until it is told otherwise, or its service has it no more", () => {
  const told: (readonly HealthVerdict[])[] = [];
  const drains = new Drains((verdicts) => void told.push(verdicts));
  const snapshot = snapshotOf("http://a", "http://b");
  for (const [service, server] of [
    ["app@file", "http://c"],
    ["none@file", "http://a"],
    ["__proto__", "http://a"],
  ])
    expect(drains.set(snapshot, service, server, "new")).toBeFalse();
  expect(drains.set(undefined, "app@file", "http://a", "new")).toBeFalse();
  expect(told).toEqual([]);
  expect(drains.set(snapshot, "app@file", "http://a", "new")).toBeTrue();
  expect(drains.set(snapshot, "app@file", "http://b", "all")).toBeTrue();
  const verdict = (server: string, draining: string) => ({
    kind: "http",
    service: "app@file",
    server,
    up: true,
    draining,
  });
  expect(drains.verdicts as unknown).toEqual([
    verdict("http://a", "new"),
    verdict("http://b", "all"),
  ]);
  drains.follow(snapshotOf("http://b", "http://c"));
  expect(drains.verdicts as unknown).toEqual([verdict("http://b", "all")]);
  expect(told.at(-1) as unknown).toEqual([verdict("http://a", "no")]);
  drains.set(snapshot, "app@file", "http://b", "no");
  expect(drains.verdicts).toEqual([]);
});
