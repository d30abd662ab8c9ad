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
 * `passTLSClientCert`: tells the server of the certificate that the client showed and those behind it, in
 * `X-Forwarded-Tls-Client-Cert` (base64 of their DER) and `-Info` (what is asked for, escaped), with commas between. Requests
 * without a certificate go on as they are. Source: Traefik's pkg/middlewares/passtlsclientcert.
 */
export const passTLSClientCert: HttpMiddlewareKind<"passTLSClientCert"> = {
  create({ pem = false, info }, { logger }) {
    /** By certificate: a connection has one for all its requests. */
    const known = new WeakMap<Uint8Array, CertificateFields>();
    const fieldsOf = (certificate: Uint8Array, behind: readonly Uint8Array[]) => {
      let fields = known.get(certificate);
      if (fields === undefined) {
        const chain = [certificate, ...behind];
        let text = "";
        try {
          if (info !== undefined)
            text = queryEscaped(chain.map((each) => certificateInfo(each, info)).join(","));
        } catch (error) {
          logger.warn("A client's certificate can't be read", { error: messageOf(error) });
        }
        fields = { pem: pem ? chain.map((each) => each.toBase64()).join(",") : "", info: text };
        known.set(certificate, fields);
      }
      return fields;
    };
    return {
      middleware: (next) => (request, exchange) => {
        const { tls } = exchange.downstream;
        if (tls === null || tls.peerCertificate === null) return next(request, exchange);
        const lazy = LazyRequest.of(request, exchange);
        const fields = fieldsOf(tls.peerCertificate, tls.peerChain);
        if (pem) lazy.headerList.setId(FieldId.xForwardedTlsClientCert, fields.pem);
        if (info !== undefined)
          lazy.headerList.setId(FieldId.xForwardedTlsClientCertInfo, fields.info);
        return next(lazy, exchange);
      },
    };
  },
};
