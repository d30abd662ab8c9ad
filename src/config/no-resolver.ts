/** What is said of `tls.certResolver` while there are no certificate resolvers. */
export const NO_RESOLVER =
  "there is no certificate resolver of that name, the default certificate is served; certificates are named in tls.certificates";

/** And of `tls.domains` beside it. */
export const NO_DOMAINS = "for certificate resolvers alone";
