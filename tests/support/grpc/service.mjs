/** A gRPC service of every kind of call, with JSON for protobuf: what is tested is the transport. */
const serialize = (value) => Buffer.from(JSON.stringify(value));
const deserialize = (bytes) => JSON.parse(bytes.toString());

const method = (name, requestStream, responseStream) => ({
  path: `/sluice.test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
});

export const ECHO = {
  /** Answers what it was sent, with the metadata it got. */
  unary: method("Unary", false, false),
  /** Adds numbers up. */
  collect: method("Collect", true, false),
  /** Counts. */
  count: method("Count", false, true),
  /** Answers each message with its double. */
  chat: method("Chat", true, true),
  /** Fails before or behind so many messages. */
  fail: method("Fail", false, true),
  /** Never answers. */
  hang: method("Hang", false, false),
  /** Calls that `hang` saw ending early, so far. */
  cancellations: method("Cancellations", false, false),
};
