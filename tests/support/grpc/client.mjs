/** node client.mjs ADDRESS [CA-FILE NAME]: makes every kind of call and prints what came of it as JSON. */
import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import { ECHO } from "./service.mjs";

const [address, caFile, name] = process.argv.slice(2);
const Echo = grpc.makeGenericClientConstructor(ECHO, "Echo");
const client =
  caFile === undefined
    ? new Echo(address, grpc.credentials.createInsecure())
    : new Echo(address, grpc.credentials.createSsl(readFileSync(caFile)), {
        "grpc.ssl_target_name_override": name,
        "grpc.default_authority": name,
      });

const outcome = (error) => ({
  code: error.code,
  details: error.details,
  metadata: error.metadata?.getMap(),
});

const unary = (method, request, options = {}) =>
  new Promise((resolve) => {
    const metadata = new grpc.Metadata();
    metadata.set("x-asked", "indeed");
    const seen = {};
    const call = client[method](request, metadata, options, (error, response) => {
      // The status event with its trailers comes behind this.
      setImmediate(() =>
        resolve({ ...seen, ...(error ? { error: outcome(error) } : { response }) }),
      );
    });
    call.on("metadata", (metadata) => (seen.first = metadata.get("x-first")[0]));
    call.on("status", ({ metadata }) => {
      seen.last = metadata.get("x-last")[0];
      seen.bytes = metadata.get("x-bytes-bin")[0]?.toString("hex");
    });
  });

const drained = (call) =>
  new Promise((resolve) => {
    const messages = [];
    call.on("data", (message) => messages.push(message));
    call.on("error", (error) => resolve({ messages: messages.length, error: outcome(error) }));
    call.on("end", () => resolve({ messages: messages.length, last: messages.at(-1)?.at }));
  });

const collect = (count) =>
  new Promise((resolve) => {
    const call = client.collect((error, response) => resolve(error ? outcome(error) : response));
    for (let i = 1; i <= count; i++) call.write({ value: i });
    call.end();
  });

/** Each message waits for the answer to the one before. */
const chat = (rounds) =>
  new Promise((resolve, reject) => {
    const call = client.chat();
    const answers = [];
    call.on("data", ({ value }) => {
      answers.push(value);
      if (answers.length < rounds) call.write({ value: answers.length + 1 });
      else call.end();
    });
    call.on("error", reject);
    call.on("end", () => resolve(answers));
    call.write({ value: 1 });
  });

const cancelled = () =>
  new Promise((resolve) => {
    const call = client.hang({}, (error) => resolve(outcome(error).code));
    setTimeout(() => call.cancel(), 100);
  });

const cancellations = async () => (await unary("cancellations", {})).response.cancellations;

const results = {
  unary: await unary("unary", { hello: "world" }),
  large: (await unary("unary", { text: "y".repeat(3_000_000) })).response.echo.text.length,
  collect: await collect(1000),
  count: await drained(client.count({ to: 2000, padding: 1000 })),
  chat: await chat(50),
  trailersOnly: await drained(client.fail({ behind: 0 })),
  failsBehind: await drained(client.fail({ behind: 3 })),
  deadline: (await unary("hang", {}, { deadline: Date.now() + 300 })).error.code,
  cancelled: await cancelled(),
  parallel: (
    await Promise.all(Array.from({ length: 200 }, (_, i) => unary("unary", { i })))
  ).filter(({ response }, i) => response?.echo.i === i).length,
};
// The server hears of both calls that ended early, in its own time.
for (let i = 0; i < 100 && (await cancellations()) < 2; i++)
  await new Promise((resolve) => setTimeout(resolve, 50));
results.cancellations = await cancellations();
client.close();
console.log(JSON.stringify(results));
