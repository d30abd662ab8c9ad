/** What a file had that a configuration names for certificates, keys or CAs. */
export type PemFile = { readonly text: string } | { readonly error: string };

/** By path, as it is written in the configuration. */
export type PemTable = Readonly<Record<string, PemFile>>;
