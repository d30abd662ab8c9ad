/** Matchers of Traefik 2 that have another name in Traefik 3. */
const RENAMED: Readonly<Record<string, string>> = {
  HostHeader: "Host",
  Headers: "Header",
  HeadersRegexp: "HeaderRegexp",
};

/** The name that a matcher of Traefik 2 has in v3, in whatever case it is written; undefined for others. */
export function nameInV3(name: string): string | undefined {
  const found = Object.keys(RENAMED).find((old) => old.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : RENAMED[found];
}

/** In Traefik 2 a matcher takes many values of which one is to match; in v3 there is one matcher for each. */
export function spelledInV3(name: string, values: readonly string[], perMatcher: number): string {
  const calls: string[] = [];
  for (let i = 0; i < values.length; i += perMatcher)
    calls.push(
      `${name}(${values
        .slice(i, i + perMatcher)
        .map(quoted)
        .join(", ")})`,
    );
  return calls.join(" || ");
}

export function quoted(value: string): string {
  return value.includes("`") ? JSON.stringify(value) : `\`${value}\``;
}
