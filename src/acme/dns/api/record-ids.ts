import type { DnsRecord } from "../dns-record.ts";

/** What a service calls the records that were made there, until they are taken away. */
export class RecordIds<Id> {
  private readonly provider: string;
  private readonly ids = new Map<string, Id>();

  constructor(provider: string) {
    this.provider = provider;
  }

  set(record: DnsRecord, id: Id): void {
    this.ids.set(keyOf(record), id);
  }

  /** Throws an Error where the record was not made by this process. */
  get(record: DnsRecord): Id {
    const id = this.ids.get(keyOf(record));
    if (id === undefined)
      throw new Error(`${this.provider}: no record of ${record.fqdn} was made here`);
    return id;
  }

  delete(record: DnsRecord): void {
    this.ids.delete(keyOf(record));
  }
}

const keyOf = ({ fqdn, value }: DnsRecord) => `${fqdn} ${value}`;
