/**
 * What a connection's transport brought that its handler must not have yet, because it is paused:
 * delivered in this order, bytes, FIN, close. Few connections ever need one.
 */
export class HeldEvents {
  readonly chunks: Uint8Array[] = [];
  end = false;
  closed = false;
  error: Error | undefined;
}
