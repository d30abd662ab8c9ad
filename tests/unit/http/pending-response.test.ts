import { describe, expect, test } from "bun:test";
import { Exchange, NO_DOWNSTREAM } from "../../../src/http/exchange.ts";
import { whenResponse, whenSettled } from "../../../src/http/handler.ts";
import { PendingResponse } from "../../../src/http/pending-response.ts";

class Answer extends PendingResponse {
  give(response: Response): void {
    this.resolve(response);
  }
  break(error: unknown): void {
    this.reject(error);
  }
}

const exchange = new Exchange(NO_DOWNSTREAM);
const pending = () => new Answer(exchange);
const promised = (answer: Answer) => answer as unknown as Promise<Response>;
const text = (body: string) => new Response(body);
/** Notes a status, or an error's message. */
const noting = (outcomes: string[]) => ({
  responseReady: (response: Response) => void outcomes.push(String(response.status)),
  responseFailed: (error: unknown) => void outcomes.push((error as Error).message),
});

describe("PendingResponse", () => {
  test("passes for a promise: await, then, catch and finally work", async () => {
    const answer = pending();
    expect(answer).toBeInstanceOf(Promise);
    queueMicrotask(() => answer.give(text("one")));
    expect(await (await promised(answer)).text()).toBe("one");

    const broken = pending();
    const caught = promised(broken).catch((error: Error) => text(error.message));
    broken.break(new Error("gone"));
    expect(await (await caught).text()).toBe("gone");

    let cleaned = false;
    const final = pending();
    final.give(text("x"));
    await promised(final).finally(() => {
      cleaned = true;
    });
    expect(cleaned).toBe(true);
  });

  test("its steps run in order, without a microtask, and the consumer gets the last result", () => {
    const answer = pending();
    const seen: string[] = [];
    const chained = whenSettled(
      whenResponse(promised(answer), exchange, (response) => {
        seen.push("first");
        return response;
      }),
      exchange,
      () => {
        seen.push("second");
        return new Response(null, { status: 204 });
      },
      () => text("never"),
    );
    expect(chained).toBe(promised(answer));
    answer.deliverTo(noting(seen));
    answer.give(text("x"));
    expect(seen).toEqual(["first", "second", "204"]);
  });

  test("errors skip steps for responses and are rescued, also those that steps throw", () => {
    const outcomes: string[] = [];
    const rescued = pending();
    rescued
      .chain(() => text("skipped"), null)
      .chain(null, () => new Response(null, { status: 502 }));
    rescued.deliverTo(noting(outcomes));
    rescued.break(new Error("no"));

    const thrown = pending();
    thrown.chain(() => {
      throw new Error("step");
    }, null);
    thrown.deliverTo(noting(outcomes));
    thrown.give(text("x"));
    expect(outcomes).toEqual(["502", "step"]);
  });

  test("a step that takes time holds up those behind it, and nothing else changes", async () => {
    const answer = pending();
    answer
      .chain(async (response) => new Response(`${await response.text()}!`), null)
      .chain((response) => new Response(response.body, { status: 201 }), null);
    answer.give(text("late"));
    const response = await promised(answer);
    expect([response.status, await response.text()]).toEqual([201, "late!"]);
  });

  test("steps and consumers that come after the outcome are served at once", () => {
    const answer = pending();
    answer.give(text("x"));
    answer.chain(() => new Response(null, { status: 202 }), null);
    const outcomes: string[] = [];
    answer.deliverTo(noting(outcomes));
    expect(outcomes).toEqual(["202"]);
  });

  test("every subscriber hears of the outcome, and so does the receiver", async () => {
    const answer = pending();
    const outcomes: string[] = [];
    const logged = promised(answer).then((response) => `logged ${response.status}`);
    const both = Promise.all([promised(answer), promised(answer)]);
    answer.chain(() => new Response(null, { status: 201 }), null);
    const behind = promised(answer).then((response) => response.status);
    answer.deliverTo(noting(outcomes));
    answer.give(text("x"));
    expect(outcomes).toEqual(["201"]);
    expect(await logged).toBe("logged 200");
    expect((await both).map((response) => response.status)).toEqual([201, 201]);
    expect(await behind).toBe(201);
    expect((await promised(answer)).status).toBe(201);
  });

  test("every subscriber hears of a failure, and a rescue behind them still counts", async () => {
    const answer = pending();
    const outcomes: string[] = [];
    const failures = Promise.allSettled([promised(answer).then(), promised(answer).finally()]);
    answer.chain(null, () => new Response(null, { status: 502 }));
    answer.deliverTo(noting(outcomes));
    answer.break(new Error("gone"));
    expect((await failures).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(outcomes).toEqual(["502"]);
  });
});
