import type { HttpServiceKind } from "../http-service.ts";
import { hrw } from "../strategies/hrw.ts";
import { balancedServices } from "./balanced-services.ts";

/**
 * `highestRandomWeight`: a client, by its peer address, has the same service for as long as that is up.
 * `healthCheck` is as in `weighted`.
 */
export const highestRandomWeight: HttpServiceKind<"highestRandomWeight"> = {
  services: ({ services = [] }) => services.map(({ name }) => name),
  create: ({ services = [], healthCheck }, context) =>
    balancedServices(context, {
      weights: services.map(({ weight }) => weight),
      strategy: hrw,
      sticky: null,
      checked: healthCheck !== undefined,
    }),
};
