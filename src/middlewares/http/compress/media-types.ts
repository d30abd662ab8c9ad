const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** The media type of a Content-Type, in lower case and without parameters; null where there is none. */
export function mediaType(field: string): string | null {
  const semicolon = field.indexOf(";");
  const type = (semicolon < 0 ? field : field.slice(0, semicolon)).trim().toLowerCase();
  const [main, sub, ...more] = type.split("/");
  if (!TOKEN.test(main)) return null;
  // Go takes a type without a subtype as well.
  return more.length === 0 && (sub === undefined || TOKEN.test(sub)) ? type : null;
}

/** Those of a list. Throws on one that is none. */
export function mediaTypes(list: readonly string[], option: string): ReadonlySet<string> {
  return new Set(
    list.map((written) => {
      const type = mediaType(written);
      if (type === null)
        throw new Error(`compress: ${option}: expected a media type, found "${written}"`);
      return type;
    }),
  );
}
