import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { inFlightConn } from "../../../../src/middlewares/tcp/in-flight-conn.ts";
import { FakeAccepted } from "../../net/fake-accepted.ts";
import { makeTcp } from "./make-tcp.ts";

function limited(amount: number) {
  const logs: unknown[] = [];
  const debug = (message: string, fields?: object) => void logs.push({ message, ...fields });
  const served: FakeAccepted[] = [];
  const handler = makeTcp(
    inFlightConn,
    { amount },
    { debug },
  )((accepted) => void served.push(accepted as FakeAccepted));
  /** True where the connection was served. */
  const connect = (ip?: string, entryPoint?: string) => {
    const accepted = new FakeAccepted(ip, undefined, entryPoint);
    handler(accepted);
    return { accepted, served: served.includes(accepted) };
  };
  return { connect, logs };
}

describe("inFlightConn", () => {
  test("so many connections of a client at once, and further ones are closed", () => {
    const { connect, logs } = limited(2);
    expect([connect().served, connect().served]).toEqual([true, true]);
    const { accepted, served } = connect();
    expect(served).toBe(false);
    expect(accepted.connection.calls).toEqual(["close"]);
    expect(accepted.over).toBe(1);
    expect(logs).toEqual([
      {
        message: "Connection refused: too many of this client at once",
        remote: "192.0.2.7",
        amount: 2,
      },
    ]);
  });

  test("each address counts for itself, and so does each entrypoint", () => {
    const { connect } = limited(1);
    expect(connect("192.0.2.1").served).toBe(true);
    expect(connect("192.0.2.2").served).toBe(true);
    expect(connect("2001:db8::1").served).toBe(true);
    expect(connect("192.0.2.1").served).toBe(false);
    expect(connect("192.0.2.1", "other").served).toBe(true);
  });

  test("one that is over makes room for one, however often that is said", () => {
    const { connect } = limited(1);
    const first = connect();
    first.accepted.closed();
    first.accepted.closed();
    expect(first.accepted.over).toBe(2);
    expect(connect().served).toBe(true);
    expect(connect().served).toBe(false);
  });

  test("whatever comes and goes, the count is that of those that are open", () => {
    const events = fc.array(fc.oneof(fc.constantFrom("a", "b"), fc.nat(20)), { maxLength: 100 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), events, (amount, list) => {
        const { connect } = limited(amount);
        const open: { ip: string; accepted: FakeAccepted }[] = [];
        for (const event of list) {
          if (typeof event === "number") {
            const [gone] = open.splice(event, 1);
            gone?.accepted.closed();
            continue;
          }
          const { accepted, served } = connect(event);
          expect(served).toBe(open.filter(({ ip }) => ip === event).length < amount);
          if (served) open.push({ ip: event, accepted });
        }
      }),
    );
  });
});
