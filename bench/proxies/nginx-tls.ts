import { type CertificateFiles, TLS } from "../scenario/certificate-files.ts";

/** nginx's directives for serving with this certificate; sessions and their tickets as by default. */
export function nginxTls({ certificate, key }: CertificateFiles): string {
  return `  ssl_certificate ${certificate};
  ssl_certificate_key ${key};
  ssl_protocols ${TLS.version};
  ssl_ecdh_curve ${TLS.curve};
  ssl_conf_command Ciphersuites ${TLS.cipher};`;
}
