/** The sections of a dynamic configuration. */
export const DYNAMIC_SECTIONS: readonly string[] = ["http", "tcp", "udp", "tls"];

/** Options of Traefik 2 that Traefik 3 refuses to start with. */
export const REMOVED_SECTIONS: readonly string[] = ["pilot"];
