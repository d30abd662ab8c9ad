import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Runtime } from "../../net/runtime.ts";
import { type AccountOptions, changeEmail, register } from "../protocol/account.ts";
import type { AcmeClient } from "../protocol/acme-client.ts";
import type { Signer } from "../protocol/jws.ts";
import type { AcmeStorage } from "../storage/storage.ts";
import type { StoredAccount } from "../storage/stored.ts";
import { Key } from "../x509/key.ts";

export interface AccountKeeperOptions extends AccountOptions {
  readonly resolver: string;
  /** Of the directory. */
  readonly caServer: string;
  readonly client: AcmeClient;
  readonly storage: AcmeStorage;
  readonly runtime: Pick<Runtime, "rsaKey">;
  readonly logger: Logger;
}

/**
 * A resolver's account: the stored one while it is with the same authority, else a new one. Its key is
 * RSA with 4096 bits whatever `keyType` says, so that Traefik can read it.
 */
export class AccountKeeper {
  private readonly options: AccountKeeperOptions;
  private current: Promise<Required<Signer>> | undefined;
  /** Of an account that is not registered yet. */
  private newKey: Promise<Key> | undefined;

  constructor(options: AccountKeeperOptions) {
    this.options = options;
  }

  /** Rejects where the authority doesn't take the account; it is tried again at the next call. */
  signer(): Promise<Required<Signer>> {
    this.current ??= this.load();
    this.current.catch(() => {
      this.current = undefined;
    });
    return this.current;
  }

  /** The authority doesn't know the account any more: the next call registers another one. */
  async forget(): Promise<void> {
    this.current = undefined;
    const { storage, resolver } = this.options;
    // The next account is stored in any case.
    const stored = storage.update(resolver, (section) => ({ ...section, account: undefined }));
    await stored.catch(() => {});
  }

  private async load(): Promise<Required<Signer>> {
    const { storage, resolver, caServer, logger } = this.options;
    const { account } = storage.section(resolver);
    const uri = account?.registration?.uri;
    if (account !== undefined && uri !== undefined) {
      if (hostOf(uri) === hostOf(caServer)) {
        const signer = { key: await Key.readRsa(account.privateKey), accountUrl: uri };
        return this.withEmail(account, signer);
      }
      logger.info("The account is with another authority, a new one is registered", {
        account: uri,
      });
    }
    return this.registerNew();
  }

  private async registerNew(): Promise<Required<Signer>> {
    const { client, runtime, logger, email } = this.options;
    // A key takes seconds: none is made for an authority that can't be reached, and none twice.
    await client.directory();
    this.newKey ??= Key.generate("RSA4096", runtime);
    this.newKey.catch(() => {
      this.newKey = undefined;
    });
    const key = await this.newKey;
    const registration = await register(client, key, this.options);
    logger.info("Registered an ACME account", { account: registration.uri });
    this.newKey = undefined;
    await this.store({ email, registration, privateKey: key.pkcs1 });
    return { key, accountUrl: registration.uri };
  }

  /** An address that has changed is told the authority; that it doesn't take it is no reason to stop. */
  private async withEmail(
    account: StoredAccount,
    signer: Required<Signer>,
  ): Promise<Required<Signer>> {
    const { client, email, logger } = this.options;
    if (account.email === email || email === "") return signer;
    try {
      const registration = await changeEmail(client, signer, email);
      await this.store({ ...account, email, registration });
    } catch (error) {
      logger.warn("The account's e-mail address could not be changed", {
        error: messageOf(error),
      });
    }
    return signer;
  }

  private async store(account: StoredAccount): Promise<void> {
    const { storage, resolver, logger } = this.options;
    const stored = storage.update(resolver, (section) => ({ ...section, account }));
    // It can be used whether or not it can be stored.
    await stored.catch((error: unknown) =>
      logger.error("The account could not be stored, it is tried again", {
        error: messageOf(error),
      }),
    );
  }
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "";
  }
}
