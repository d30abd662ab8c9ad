import type { ZooKeeperOptions, ZooKeeperSession } from "../../../src/net/clients/zookeeper.ts";

/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const SESSION_TIMEOUT = 30_000;

/** ZooKeeper's code for a node that isn't there. */
const NO_NODE = -101;

/** Begins a session by way of node-zookeeper-client, which is loaded now and not before. */
export async function connectZooKeeper(options: ZooKeeperOptions): Promise<ZooKeeperSession> {
  const { default: zookeeper } = await import("node-zookeeper-client");
  const { endpoints, username, password } = options;
  const client = zookeeper.createClient(endpoints.join(","), {
    sessionTimeout: SESSION_TIMEOUT,
    spinDelay: 500,
    retries: 0,
  });
  const lost = Promise.withResolvers<Error>();
  client.on("disconnected", () => lost.resolve(new Error("the connection was closed")));
  client.on("expired", () => lost.resolve(new Error("the session has expired")));
  client.on("authenticationFailed", () => lost.resolve(new Error("the authentication failed")));
  if (username !== "") client.addAuthInfo("digest", Buffer.from(`${username}:${password}`));
  const connected = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => connected.reject(new Error(`no connection to ${endpoints.join(", ")}`)),
    CONNECT_TIMEOUT,
  );
  client.once("connected", () => connected.resolve());
  client.connect();
  try {
    await Promise.race([connected.promise, lost.promise.then((error) => Promise.reject(error))]);
  } catch (error) {
    client.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return {
    lost: lost.promise,
    read: (path, changed) =>
      new Promise((resolve, reject) => {
        const fail = (error: { getCode?(): number } & Error, gone: () => void) => {
          if (error.getCode?.() === NO_NODE) gone();
          else reject(error);
        };
        const absent = () =>
          client.exists(path, changed, (error, stat) => {
            if (error) reject(error);
            // It came meanwhile.
            else if (stat) changed();
            resolve(undefined);
          });
        client.getData(path, changed, (dataError, data) => {
          if (dataError) {
            fail(dataError as Error, absent);
            return;
          }
          client.getChildren(path, changed, (error, children) => {
            if (error) fail(error as Error, absent);
            else resolve({ data: data ?? new Uint8Array(0), children });
          });
        });
      }),
    close: () => client.close(),
  };
}
