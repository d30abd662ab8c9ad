/** node server.mjs: the echo service on a free port of 127.0.0.1, which it prints. With GRPC_CERT and GRPC_KEY, over TLS. */
import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import { ECHO } from "./service.mjs";

let cancellations = 0;

const server = new grpc.Server();
server.addService(ECHO, {
  unary(call, callback) {
    const metadata = new grpc.Metadata();
    metadata.set("x-first", "yes");
    call.sendMetadata(metadata);
    const trailers = new grpc.Metadata();
    trailers.set("x-last", "too");
    trailers.set("x-bytes-bin", Buffer.from([0, 1, 254, 255]));
    callback(null, { echo: call.request, metadata: call.metadata.getMap() }, trailers);
  },
  collect(call, callback) {
    let sum = 0;
    let messages = 0;
    call.on("data", ({ value }) => {
      sum += value;
      messages++;
    });
    call.on("end", () => callback(null, { sum, messages }));
  },
  count(call) {
    const { to, padding } = call.request;
    let at = 0;
    const more = () => {
      while (at < to)
        if (!call.write({ at: at++, padding: "x".repeat(padding) }))
          return call.once("drain", more);
      call.end();
    };
    more();
  },
  chat(call) {
    call.on("data", ({ value }) => call.write({ value: value * 2 }));
    call.on("end", () => call.end());
  },
  fail(call) {
    for (let i = 0; i < call.request.behind; i++) call.write({ at: i });
    const metadata = new grpc.Metadata();
    metadata.set("x-why", "because");
    call.emit("error", { code: grpc.status.NOT_FOUND, details: "nothing here: ünïcode", metadata });
  },
  hang(call) {
    call.on("cancelled", () => cancellations++);
  },
  cancellations(_call, callback) {
    callback(null, { cancellations });
  },
});

const { GRPC_CERT, GRPC_KEY } = process.env;
const credentials =
  GRPC_CERT === undefined
    ? grpc.ServerCredentials.createInsecure()
    : grpc.ServerCredentials.createSsl(null, [
        { cert_chain: readFileSync(GRPC_CERT), private_key: readFileSync(GRPC_KEY) },
      ]);
server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
  if (error) throw error;
  console.log(port);
});
