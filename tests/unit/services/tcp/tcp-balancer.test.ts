import { describe, expect, test } from "bun:test";
import { tcpBalancer } from "../../../../src/services/tcp/tcp-balancer.ts";
import { FakeAccepted } from "../../net/fake-accepted.ts";

function balance(weights: Record<string, number | undefined>, checked = false) {
  const chosen: string[] = [];
  const logs: unknown[] = [];
  const members = Object.entries(weights).map(([name, weight]) => ({
    handler: () => void chosen.push(name),
    weight,
  }));
  const debug = (message: string, fields?: object) => void logs.push({ message, ...fields });
  const logger = { debug, info() {}, warn() {}, error() {} };
  const service = tcpBalancer("s@file", members, checked, logger);
  /** Who gets the next connections, in order. */
  const give = (count: number) => {
    for (let i = 0; i < count; i++) service.handler(new FakeAccepted());
    return chosen.splice(0).join("");
  };
  return { service, give, logs };
}

const count = (text: string) =>
  Object.fromEntries([...new Set(text)].sort().map((one) => [one, text.split(one).length - 1]));

describe("connections", () => {
  test("go to members in turn", () => {
    expect(balance({ a: undefined, b: undefined, c: undefined }).give(6)).toBe("abcabc");
  });

  test("are shared out by weight, exactly and interleaved", () => {
    const { give } = balance({ a: 5, b: 2, c: 1 });
    const cycle = give(8);
    expect(count(cycle)).toEqual({ a: 5, b: 2, c: 1 });
    expect(cycle).not.toContain("aaaa");
    expect(count(give(800))).toEqual({ a: 500, b: 200, c: 100 });
  });

  test("never go to a weight of 0, whose health is nobody's matter", () => {
    const { service, give } = balance({ a: 0, b: 1, c: 0 }, true);
    expect(give(3)).toBe("bbb");
    service.setUp(0, false);
    service.setUp(2, false);
    expect(service.health?.up).toBe(true);
    service.setUp(1, false);
    expect(service.health?.up).toBe(false);
    service.setUp(0, true);
    expect(service.health?.up).toBe(false);
  });

  for (const weights of [{}, { a: 0 }])
    test(`of ${JSON.stringify(weights)} are closed, and counted as over`, () => {
      const { service, logs } = balance(weights);
      const accepted = new FakeAccepted();
      service.handler(accepted);
      expect(accepted.connection.calls).toEqual(["close"]);
      expect(accepted.over).toBe(1);
      expect(logs).toEqual([
        {
          message: "No available server: closed the connection",
          serviceName: "s@file",
          remote: "192.0.2.7",
        },
      ]);
    });
});

describe("health", () => {
  test("a member that is down gets nothing until it is up again", () => {
    const { service, give } = balance({ a: 1, b: 1 }, true);
    service.setUp(0, false);
    expect(give(3)).toBe("bbb");
    service.setUp(0, true);
    expect(count(give(4))).toEqual({ a: 2, b: 2 });
  });

  test("of the service is that anybody is up, and parents hear of each change once", () => {
    const { service, give } = balance({ a: 1, b: 1 }, true);
    const heard: boolean[] = [];
    service.health!.subscribe((up) => heard.push(up));
    service.setUp(0, false);
    service.setUp(0, false);
    expect(heard).toEqual([]);
    service.setUp(1, false);
    expect(give(2)).toBe("");
    service.setUp(1, true);
    service.setUp(0, true);
    expect(heard).toEqual([false, true]);
  });

  test("of a service that nobody checks is unknown", () => {
    expect(balance({ a: 1 }).service.health).toBeNull();
  });
});
