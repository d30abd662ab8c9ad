import { writeFileSync } from "node:fs";
import { join } from "node:path";
import zookeeper from "node-zookeeper-client";
import { toolPath } from "../../../scripts/tool-path.ts";
import { freePort } from "../sockets/free-port.ts";
import { waitFor, within } from "../wait-for.ts";
import { accepts, ServerProcess } from "./server-process.ts";

/** Milliseconds. */
const ANSWER = 5000;
const TAKEN = 60_000;

/** A real key-value store. Keys have no leading slash. */
export interface StoreServer extends AsyncDisposable {
  readonly port: number;
  put(pairs: Readonly<Record<string, string>>): Promise<void>;
  /** Removes everything below a key. */
  remove(key: string): Promise<void>;
  start(): Promise<void>;
  /** As at a power cut. */
  kill(): Promise<void>;
}

/** Redis, with its keyspace notifications on. */
export async function startRedis(args: readonly string[] = []): Promise<StoreServer> {
  const port = await freePort();
  const server = new ServerProcess(() => [
    toolPath("redis-server")!,
    ...["--port", String(port), "--bind", "127.0.0.1", "--appendonly", "yes"],
    ...["--notify-keyspace-events", "KA", ...args],
  ]);
  const call = async (...command: readonly string[]) => {
    const client = new Bun.RedisClient(`redis://127.0.0.1:${port}`);
    try {
      return (await client.send(command[0], command.slice(1))) as unknown;
    } finally {
      client.close();
    }
  };
  return running(server, port, {
    async put(pairs) {
      await call("MSET", ...Object.entries(pairs).flat());
    },
    async remove(key) {
      const keys = (await call("KEYS", `${key}/*`)) as string[];
      if (keys.length > 0) await call("DEL", ...keys);
    },
  });
}

/** etcd. */
export async function startEtcd(): Promise<StoreServer> {
  const [port, peerPort] = [await freePort(), await freePort()];
  const server = new ServerProcess((directory) => [
    toolPath("etcd")!,
    ...["--data-dir", join(directory, "data")],
    ...["--listen-client-urls", `http://127.0.0.1:${port}`],
    ...["--advertise-client-urls", `http://127.0.0.1:${port}`],
    ...["--listen-peer-urls", `http://127.0.0.1:${peerPort}`],
    ...["--initial-advertise-peer-urls", `http://127.0.0.1:${peerPort}`],
    ...["--initial-cluster", `default=http://127.0.0.1:${peerPort}`],
  ]);
  const call = async (path: string, body: object) => {
    const response = await fetch(`http://127.0.0.1:${port}/v3/kv/${path}`, {
      method: "POST",
      // A connection that is kept would be one to a server that was killed.
      headers: { Connection: "close" },
      signal: AbortSignal.timeout(ANSWER),
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`etcd: ${await response.text()}`);
    await response.body?.cancel();
  };
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  // It accepts connections before it has found that it is its own leader.
  const healthy = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/health`, {
      headers: { Connection: "close" },
      signal: AbortSignal.timeout(ANSWER),
    }).catch(() => undefined);
    return (await response?.text())?.includes('"true"') === true;
  };
  const client = {
    async put(pairs: Readonly<Record<string, string>>) {
      await Promise.all(
        Object.entries(pairs).map(([key, value]) =>
          call("put", { key: base64(key), value: base64(value) }),
        ),
      );
    },
    remove: (key: string) =>
      call("deleterange", { key: base64(`${key}/`), range_end: base64(`${key}0`) }),
  };
  return running(server, port, client, healthy);
}

const JARS = ["zookeeper.jar", "slf4j-api.jar", "slf4j-simple.jar"].map(
  (name) => `/usr/share/java/${name}`,
);

/** ZooKeeper. */
export async function startZooKeeper(): Promise<StoreServer> {
  const port = await freePort();
  const server = new ServerProcess((directory) => {
    const configuration = join(directory, "zoo.cfg");
    writeFileSync(
      configuration,
      [
        "tickTime=2000",
        `dataDir=${directory}/data`,
        `clientPort=${port}`,
        "clientPortAddress=127.0.0.1",
        "admin.enableServer=false",
        "",
      ].join("\n"),
    );
    const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
    return [toolPath("java")!, "-Xmx96m", "-cp", JARS.join(":"), main, configuration];
  });
  const withClient = async <T>(work: (client: zookeeper.Client) => Promise<T>): Promise<T> => {
    const client = zookeeper.createClient(`127.0.0.1:${port}`);
    const connected = new Promise<void>((resolve) => client.once("connected", resolve));
    client.connect();
    await connected;
    try {
      return await work(client);
    } finally {
      client.close();
    }
  };
  const removeBelow = async (client: zookeeper.Client, path: string): Promise<void> => {
    const children = await new Promise<string[]>((resolve) =>
      client.getChildren(path, (error, names) => resolve(error ? [] : names)),
    );
    for (const name of children) {
      await removeBelow(client, `${path}/${name}`);
      await new Promise((resolve) => client.remove(`${path}/${name}`, resolve));
    }
  };
  return running(server, port, {
    put: (pairs) =>
      withClient(async (client) => {
        await Promise.all(
          Object.entries(pairs).map(async ([key, value]) => {
            await new Promise<void>((resolve, reject) =>
              client.mkdirp(`/${key}`, (error) => (error ? reject(error) : resolve())),
            );
            await new Promise<void>((resolve, reject) =>
              client.setData(`/${key}`, Buffer.from(value), (error) =>
                error ? reject(error) : resolve(),
              ),
            );
          }),
        );
      }),
    remove: (key) => withClient((client) => removeBelow(client, `/${key}`)),
  });
}

async function running(
  server: ServerProcess,
  port: number,
  client: Pick<StoreServer, "put" | "remove">,
  ready: () => Promise<boolean> = () => accepts(port),
): Promise<StoreServer> {
  const start = () => server.start(ready);
  await start();
  return {
    port,
    // One that has just started may refuse, or not answer, for a moment.
    put: (pairs) => untilTaken(() => client.put(pairs)),
    remove: (key) => untilTaken(() => client.remove(key)),
    start,
    kill: () => server.stop("SIGKILL"),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function untilTaken(work: () => Promise<void>): Promise<void> {
  await waitFor(
    "the store to take it",
    async () => {
      await within("an answer of the store", work(), ANSWER);
      return true;
    },
    TAKEN,
  );
}
