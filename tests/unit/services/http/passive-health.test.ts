import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../../src/core/errors.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../../src/http/exchange.ts";
import {
  PassiveHealth,
  type PassiveHealthOptions,
} from "../../../../src/services/http/passive-health.ts";
import { silentLogger } from "../../core/silent-logger.ts";
import { makeLoadBalancer } from "./made-services.ts";

function watch(options: PassiveHealthOptions, recovers = true) {
  const heard: boolean[] = [];
  let answer: () => Response | Promise<Response> = () => new Response();
  const passive = new PassiveHealth(
    () => answer(),
    options,
    recovers,
    (up) => void heard.push(up),
  );
  const ask = async (next: typeof answer) => {
    answer = next;
    try {
      return await passive.handler(new Request("http://x/"), new Exchange(NO_DOWNSTREAM));
    } catch (error) {
      return error;
    }
  };
  return { passive, heard, ask };
}

const ok = () => new Response("ok");
const failing = () => new Response("no", { status: 502 });

describe("PassiveHealth", () => {
  test("takes a server down after so many failures in a row", async () => {
    const { passive, heard, ask } = watch({ maxFailedAttempts: 3, failureWindow: 60_000 });
    await ask(failing);
    await ask(() => Promise.resolve(failing()));
    await ask(ok);
    await ask(failing);
    await ask(failing);
    expect(heard).toEqual([]);
    await ask(failing);
    expect(heard).toEqual([false]);
    await ask(failing);
    expect(heard).toEqual([false]);
    passive.stop();
  });

  test("counts servers that don't answer, not clients that go away, and passes errors on", async () => {
    const { passive, heard, ask } = watch({ maxFailedAttempts: 1, failureWindow: 60_000 });
    const gone = new ProxyError("client-gone", "downstream", "gone");
    expect(await ask(() => Promise.reject(gone))).toBe(gone);
    await ask(() => new Response(null, { status: 404 }));
    expect(heard).toEqual([]);
    const refused = new ProxyError("connect-failed", "upstream", "refused");
    expect(await ask(() => Promise.reject(refused))).toBe(refused);
    expect(heard).toEqual([false]);
    passive.stop();
  });

  test("failures outside the window don't count", async () => {
    const { passive, heard, ask } = watch({ maxFailedAttempts: 2, failureWindow: 30 });
    await ask(failing);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await ask(failing);
    expect(heard).toEqual([]);
    passive.stop();
  });

  test("a server is up again after the window, unless active checks decide", async () => {
    const own = watch({ maxFailedAttempts: 1, failureWindow: 5 });
    await own.ask(failing);
    while (own.heard.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(own.heard).toEqual([false, true]);
    await own.ask(failing);
    expect(own.heard).toEqual([false, true, false]);
    own.passive.stop();

    const checked = watch({ maxFailedAttempts: 1, failureWindow: 5 }, false);
    await checked.ask(failing);
    await new Promise((resolve) => setTimeout(resolve, 15));
    expect(checked.heard).toEqual([false]);
  });
});

test("a loadBalancer with passive checks goes on with the servers that are well", async () => {
  const logged: string[] = [];
  const service = await makeLoadBalancer(
    { passiveHealthCheck: { maxFailedAttempts: 1, failureWindow: "60s" } },
    [
      { url: "http://bad/", handler: failing },
      { url: "http://good/", handler: ok },
    ],
    {
      logger: silentLogger({
        warn: (message, fields) => void logged.push(`${message} ${fields?.["targetURL"]}`),
      }),
    },
  );
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) {
    statuses.push(
      (await service.handler(new Request("http://x/"), new Exchange(NO_DOWNSTREAM))).status,
    );
  }
  expect(statuses).toEqual([502, 200, 200, 200]);
  expect(logged).toEqual(["Passive health check: the server is down http://bad/"]);
  expect(service.health).toBeNull();
  service.stop();
});
