/** Sessions of UDP that an entrypoint has at most: each has a socket, and a port, of its own. */
export const MAX_UDP_SESSIONS = 10_000;
