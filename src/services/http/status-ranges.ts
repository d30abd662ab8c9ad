/**
 * Whether a status is in a list of codes and ranges: "404", "500-599". Throws an Error that shows what
 * is neither. Source: Traefik's pkg/types/http_code_range.go.
 */
export function statusRanges(texts: readonly string[]): (status: number) => boolean {
  const ranges = texts.map((text) => {
    const match = /^(\d{3})(?:-(\d{3}))?$/.exec(text.trim());
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? from);
    if (match === null || to < from)
      throw new Error(
        `expected a status code or a range such as "500-599", found ${JSON.stringify(text)}`,
      );
    return { from, to };
  });
  return (status) => ranges.some(({ from, to }) => status >= from && status <= to);
}
