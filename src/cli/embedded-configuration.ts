import type { Files, Runtime } from "../net/runtime.ts";

/** The shipped configuration, which the program carries with it. */
export interface EmbeddedConfiguration {
  /** The static configuration's path in the project. */
  readonly file: string;
  readonly text: string;
  /** Further files that it names, by their path. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * The runtime with the shipped files behind those of the disk: where a path is missing there, it is
 * read from the program itself. Only for a start without a configuration.
 */
export function withEmbeddedFiles(runtime: Runtime, embedded: EmbeddedConfiguration): Runtime {
  const { files } = runtime;
  const shipped = (path: string): string | undefined =>
    Object.hasOwn(embedded.files, path) ? embedded.files[path] : undefined;
  const overlay: Files = {
    list: (path) => files.list(path),
    append: (path) => files.append(path),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    gzip: (from, to) => files.gzip(from, to),
    temporary: () => files.temporary(),
    put: (path, parts) => files.put(path, parts),
    watch(directory, changed) {
      try {
        return files.watch(directory, changed);
      } catch (error) {
        // What only the program has doesn't change.
        if (Object.keys(embedded.files).some((path) => path.startsWith(`${directory}/`)))
          return () => {};
        throw error;
      }
    },
    info: async (path) => {
      const info = await files.info(path);
      const text = shipped(path);
      if (info !== undefined || text === undefined) return info;
      return { isFile: true, isDirectory: false, size: text.length, modified: 0 };
    },
    read: async (path) => {
      const text = shipped(path);
      if (text !== undefined && (await files.info(path)) === undefined)
        return new TextEncoder().encode(text);
      return files.read(path);
    },
  };
  return Object.create(runtime, { files: { value: overlay, enumerable: true } }) as Runtime;
}
