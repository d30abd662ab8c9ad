import type { HttpServiceKind } from "../http-service.ts";
import { hashKey } from "../strategies/hash-key.ts";
import { hrwBy } from "../strategies/hrw.ts";
import { balancedServices } from "./balanced-services.ts";

/**
 * `highestRandomWeight`: a client, by its peer address, or what `hash` names, has the same service for as long as that is up.
 * `healthCheck` is as in `weighted`.
 */
export const highestRandomWeight: HttpServiceKind<"highestRandomWeight"> = {
  services: ({ services = [] }) => services.map(({ name }) => name),
  create: ({ services = [], hash, healthCheck }, context) =>
    balancedServices(context, {
      weights: services.map(({ weight }) => weight),
      strategy: hrwBy(hashKey(hash)),
      sticky: null,
      checked: healthCheck !== undefined,
    }),
};
