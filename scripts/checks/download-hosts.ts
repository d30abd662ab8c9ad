/**
 * Hosts that serve packages, images or sources. What the project needs comes from Debian, npm and Go
 * modules by name, through the clients that know where their registry is, or its mirror.
 */
const HOSTS = new RegExp(
  [
    /(?:proxy|sum)\.golang\.org/,
    /(?:dl\.google|storage\.googleapis)\.com/,
    /go\.dev\/dl/,
    /registry\.(?:npmjs|yarnpkg)\.(?:org|com)/,
    /registry\.npmmirror\.com/,
    /(?:raw|objects|codeload)\.github(?:usercontent)?\.com/,
    // As a module's path, without a scheme, it names no place.
    /:\/\/(?:[\w-]+@)?github\.com/,
    /git@github\.com/,
    /deb\.debian\.org|security\.debian\.org/,
    /(?:npm\.)?jsr\.io/,
    /static\.crates\.io|files\.pythonhosted\.org|pypi\.org/,
    /esm\.sh|unpkg\.com|cdn\.jsdelivr\.net|deno\.land/,
    /(?:registry-1\.docker\.io|\bdocker\.io\/)|ghcr\.io|quay\.io|gcr\.io|mcr\.microsoft\.com/,
    /bun\.(?:sh|com)\/install|deno\.land\/install/,
  ]
    .map((pattern) => pattern.source)
    .join("|"),
  "gi",
);

/** "path:line: host" for every download host that a file names. */
export function downloadHosts(path: string, text: string): string[] {
  return Array.from(text.matchAll(HOSTS), ({ index, 0: host }) => {
    const line = text.slice(0, index).split("\n").length;
    return `${path}:${line}: names the download host ${host}`;
  });
}
