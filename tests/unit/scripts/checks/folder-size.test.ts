import { expect, test } from "bun:test";
import { crowdedFolders } from "../../../../scripts/checks/folder-size.ts";

const files = (folder: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${folder}/${index}.ts`);

test("a folder with 16 files is crowded, one with 15 is not, and folders in it don't count", () => {
  const paths = [...files("src/a", 15), ...files("src/a/b", 16), ...files("src/a/c", 15)];
  expect(crowdedFolders(paths)).toEqual(new Map([["src/a/b", 16]]));
});
