import { describe, expect, test } from "bun:test";
import { ipAllowList } from "../../../../src/middlewares/tcp/ip-allow-list.ts";
import { FakeAccepted } from "../../net/fake-accepted.ts";
import { makeTcp } from "./make-tcp.ts";

function connect(sourceRange: string[], ip: string) {
  const logs: unknown[] = [];
  const debug = (message: string, fields?: object) => void logs.push({ message, ...fields });
  const accepted = new FakeAccepted(ip);
  let served = false;
  makeTcp(
    ipAllowList,
    { sourceRange },
    { debug },
  )((given) => {
    served = given === accepted;
  })(accepted);
  return { accepted, served, logs };
}

describe("ipAllowList", () => {
  for (const ip of ["192.0.2.7", "198.51.100.1", "2001:db8::7"])
    test(`serves ${ip}, which one of the ranges has`, () => {
      const ranges = ["192.0.2.0/24", "198.51.100.1", "2001:db8::/32"];
      const { accepted, served } = connect(ranges, ip);
      expect(served).toBe(true);
      expect([accepted.connection.calls, accepted.over]).toEqual([[], 0]);
    });

  for (const ip of ["192.0.3.1", "198.51.100.2", "2001:db9::7", "::"])
    test(`closes ${ip}, which none of the ranges has`, () => {
      const { accepted, served, logs } = connect(["192.0.2.0/24", "198.51.100.1"], ip);
      expect(served).toBe(false);
      expect([accepted.connection.calls, accepted.over]).toEqual([["close"], 1]);
      expect(logs).toEqual([
        {
          message: "Connection refused: the client's address is not in the sourceRange",
          remote: ip,
        },
      ]);
    });

  test("takes no empty list and no nonsense: either would let everybody or nobody in", () => {
    expect(() => connect([], "::1")).toThrow("sourceRange is empty");
    expect(() => connect(["everybody"], "::1")).toThrow('"everybody" is no IP address');
  });
});
