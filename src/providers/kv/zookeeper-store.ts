import type { ZooKeeperOptions, ZooKeeperSession } from "../../net/clients/zookeeper.ts";
import type { Runtime } from "../../net/runtime.ts";
import { SettledChanges } from "../settled-changes.ts";
import type { KeyValueStore, Pairs } from "./key-value-store.ts";

/** Milliseconds. */
const SETTLE_TIME = 50;
const MAX_DEPTH = 64;
/** Nodes in one tree. */
const MAX_NODES = 1_000_000;

/** ZooKeeper: every node below the root is watched, and the tree is read anew when one changes. */
export class ZooKeeperStore implements KeyValueStore {
  private readonly options: ZooKeeperOptions;
  private readonly runtime: Pick<Runtime, "zooKeeper">;

  constructor(options: ZooKeeperOptions, runtime: Pick<Runtime, "zooKeeper">) {
    this.options = options;
    this.runtime = runtime;
  }

  async watch(root: string, signal: AbortSignal, changed: (pairs: Pairs) => void): Promise<never> {
    const session = await this.runtime.zooKeeper(this.options);
    const ended = Promise.withResolvers<never>();
    // What is thrown before anything waits for it is no uncaught error.
    ended.promise.catch(() => {});
    const stop = () => ended.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    void session.lost.then(ended.reject);
    const read = async () => {
      const pairs = new Map<string, string>();
      await readTree(session, `/${root}`, "", 0, pairs, touched);
      changed(pairs);
    };
    const changes = new SettledChanges(SETTLE_TIME, read);
    // One and the same for all reads: a node that doesn't change keeps what watches it, once.
    const touched = () => changes.add("tree");
    changes.failed = ended.reject;
    try {
      await Promise.race([read(), ended.promise]);
      return await ended.promise;
    } finally {
      signal.removeEventListener("abort", stop);
      session.close();
    }
  }
}

async function readTree(
  session: ZooKeeperSession,
  path: string,
  key: string,
  depth: number,
  pairs: Map<string, string>,
  changed: () => void,
): Promise<void> {
  if (depth > MAX_DEPTH) throw new Error(`${path}: nested deeper than ${MAX_DEPTH} nodes`);
  if (pairs.size >= MAX_NODES) throw new Error(`more than ${MAX_NODES} nodes`);
  const node = await session.read(path, changed);
  if (node === undefined) return;
  const value = new TextDecoder().decode(node.data);
  // A folder without data is nothing by itself.
  if (key !== "" && (node.children.length === 0 || value !== "")) pairs.set(key, value);
  await Promise.all(
    node.children.map((name) =>
      readTree(
        session,
        `${path}/${name}`,
        key === "" ? name : `${key}/${name}`,
        depth + 1,
        pairs,
        changed,
      ),
    ),
  );
}
