/** A TXT record that an authority is to find (RFC 8555 section 8.4), and what it was made of. */
export interface DnsRecord {
  /** The record's name with its final dot, such as "_acme-challenge.example.com."; CNAMEs are followed. */
  readonly fqdn: string;
  /** The TXT record's text: 43 characters of base64url. */
  readonly value: string;
  /** The name that the certificate is for, without "*.", such as "example.com". */
  readonly domain: string;
  /** Of the challenge: for programs and servers that make the record themselves (`RAW`). */
  readonly token: string;
  readonly keyAuthorization: string;
}

/** How a record is waited for. */
export interface Polling {
  /** How long the record may take to be seen everywhere, in milliseconds. */
  readonly timeout: number;
  /** How often it is looked for, in milliseconds. */
  readonly interval: number;
}
