/**
 * Replaces a file's content as fast as it can, until it is killed: `bun FILE rename|in-place`. Each
 * content is JSON with a number, filled up to another length each time.
 */
import { durableFiles } from "../../../runtime/node/engine/durable-files.ts";
import { overwrite } from "../../../runtime/node/engine/in-place-file.ts";

const [path, way] = process.argv.slice(2);
const replace = way === "rename" ? durableFiles.replace : overwrite;
const contents = Array.from({ length: 16 }, (_, i) =>
  new TextEncoder().encode(JSON.stringify({ i, fill: String(i % 10).repeat(40_000 * (i % 5)) })),
);
for (let i = 0; ; i++) {
  await replace(path, contents[i % contents.length]);
  if (i === 0) process.stdout.write("ready\n");
}
