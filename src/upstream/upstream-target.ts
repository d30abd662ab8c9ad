/** One server of a service, as its requests' heads need to know it. */
export interface UpstreamTarget {
  /** host:port as the URL has it, for the Host field where the client's isn't passed. */
  readonly authority: string;
  /** Pass the client's Host (Traefik's passHostHeader, true by default). */
  readonly passHostHeader: boolean;
  /** Put before the request's path (Traefik's preservePath); "" for nothing. */
  readonly basePath: string;
}
