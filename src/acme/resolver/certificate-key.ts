import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { StoredCertificate } from "../storage/stored.ts";
import { Key } from "../x509/key.ts";
import type { KeyType } from "../x509/key-type.ts";
import { keyOf } from "./certificate-facts.ts";

/** The key that there was, as in Traefik, unless it is of another type than the configured one. */
export async function certificateKey(
  before: StoredCertificate | undefined,
  {
    keyType,
    runtime,
    logger,
  }: {
    readonly keyType: KeyType;
    readonly runtime: Pick<Runtime, "rsaKey">;
    readonly logger: Logger;
  },
): Promise<Key> {
  if (before !== undefined) {
    try {
      const key = await keyOf(before);
      if (key.type === keyType) return key;
    } catch (error) {
      logger.info("A certificate gets a new key", { error: messageOf(error) });
    }
  }
  return Key.generate(keyType, runtime);
}
