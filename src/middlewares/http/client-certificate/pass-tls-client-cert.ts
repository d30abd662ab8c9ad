import { messageOf } from "../../../core/errors.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { FieldId } from "../../../wire/field-names.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { certificateInfo, queryEscaped } from "./certificate-info.ts";

/** What a connection's requests carry; "" for nothing. */
interface CertificateFields {
  readonly pem: string;
  readonly info: string;
}

/**
 * `passTLSClientCert`: tells the server of the certificate that the client showed, in
 * `X-Forwarded-Tls-Client-Cert` (base64 of its DER) and `-Info` (what is asked for, escaped). Requests
 * without a certificate go on as they are. Source: Traefik's pkg/middlewares/passtlsclientcert.
 */
export const passTLSClientCert: HttpMiddlewareKind<"passTLSClientCert"> = {
  create({ pem = false, info }, { logger }) {
    /** By certificate: a connection has one for all its requests. */
    const known = new WeakMap<Uint8Array, CertificateFields>();
    const fieldsOf = (certificate: Uint8Array): CertificateFields => {
      let fields = known.get(certificate);
      if (fields === undefined) {
        let text = "";
        try {
          if (info !== undefined) text = queryEscaped(certificateInfo(certificate, info));
        } catch (error) {
          logger.warn("A client's certificate can't be read", { error: messageOf(error) });
        }
        fields = { pem: pem ? certificate.toBase64() : "", info: text };
        known.set(certificate, fields);
      }
      return fields;
    };
    return {
      middleware: (next) => (request, exchange) => {
        const certificate = exchange.downstream.tls?.peerCertificate ?? null;
        if (certificate === null) return next(request, exchange);
        const lazy = LazyRequest.of(request, exchange);
        const fields = fieldsOf(certificate);
        if (pem) lazy.headerList.setId(FieldId.xForwardedTlsClientCert, fields.pem);
        if (info !== undefined)
          lazy.headerList.setId(FieldId.xForwardedTlsClientCertInfo, fields.info);
        return next(lazy, exchange);
      },
    };
  },
};
