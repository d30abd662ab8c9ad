/**
 * Replaces the content of files, each as fast as it can and all at once, until it is killed: `bun rename|in-place
 * FILE...`. Each content is JSON with a number, filled up to another length each time.
 */
import { durableFiles } from "../../../runtime/node/engine/durable-files.ts";
import { overwrite } from "../../../runtime/node/engine/in-place-file.ts";

const [way, ...paths] = process.argv.slice(2);
const replace = way === "rename" ? durableFiles.replace : overwrite;
const contents = Array.from({ length: 16 }, (_, i) =>
  new TextEncoder().encode(JSON.stringify({ i, fill: String(i % 10).repeat(40_000 * (i % 5)) })),
);
const begun = paths.map(async (path, lane) => {
  await replace(path, contents[lane % contents.length]);
  void (async () => {
    for (let i = lane + 1; ; i++) await replace(path, contents[i % contents.length]);
  })();
});
await Promise.all(begun);
process.stdout.write("ready\n");
