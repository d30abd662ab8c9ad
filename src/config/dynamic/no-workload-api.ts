/** Why `spiffe` is refused, and what does the same. */
export const NO_WORKLOAD_API =
  "there is no client of the SPIFFE Workload API, whose certificates live for an hour: have spiffe-helper write them to files, and name those in certificates and rootCAs with peerCertURI for the server's identity; they are read again when they change";
