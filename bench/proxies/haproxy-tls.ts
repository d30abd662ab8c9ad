import { type CertificateFiles, TLS } from "../scenario/certificate-files.ts";

/** What `bind` takes for serving with this certificate; sessions and their tickets as by default. */
export function haproxyTls({ both }: CertificateFiles): string {
  return `ssl crt ${both} alpn h2,http/1.1 ssl-min-ver ${TLS.version} curves ${TLS.curve} ciphersuites ${TLS.cipher}`;
}
