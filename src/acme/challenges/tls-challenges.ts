import { parseIpv6 } from "../../core/cidr.ts";
import { pause } from "../../core/loop/pause.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { ChallengeCertificate } from "../../tls/challenges/challenge-certificates.ts";
import { challengeCertificate } from "../x509/challenge-certificate.ts";
import { identifierOf } from "../x509/identifier.ts";
import type { Challenge, ChallengeSolver } from "./challenge.ts";
import { orCleanUp } from "./http-tokens.ts";

/** TLS-ALPN-01 (RFC 8737): certificates that every data plane shows to authorities that ask. */
export class TlsChallenges {
  private readonly show: (certificates: readonly ChallengeCertificate[]) => Promise<void>;
  private readonly runtime: Pick<Runtime, "rsaKey">;
  private readonly certificates = new Set<ChallengeCertificate>();

  /** `show` has the data planes show these and no others, and resolves when all do. */
  constructor(
    show: (certificates: readonly ChallengeCertificate[]) => Promise<void>,
    runtime: Pick<Runtime, "rsaKey">,
  ) {
    this.show = show;
    this.runtime = runtime;
  }

  /** `delay` is waited before an authority may look, in milliseconds. */
  solver(delay: number): ChallengeSolver {
    return {
      present: async ({ domain, keyAuthorization }: Challenge, signal) => {
        const keyPair = await challengeCertificate(domain, keyAuthorization, this.runtime);
        const shown: ChallengeCertificate = { serverName: serverNameOf(domain), keyPair };
        this.certificates.add(shown);
        const cleanUp = async () => {
          this.certificates.delete(shown);
          await this.show([...this.certificates]);
        };
        const ready = this.show([...this.certificates]).then(() => pause(delay, signal));
        await orCleanUp(ready, cleanUp);
        return cleanUp;
      },
    };
  }
}

/** What a ClientHello asks for: an address by its name for reverse look-ups (RFC 8738 section 6). */
function serverNameOf(domain: string): string {
  const { type, value } = identifierOf(domain);
  if (type === "dns") return value;
  const words = new Uint32Array(4);
  if (!parseIpv6(value, words)) return `${value.split(".").reverse().join(".")}.in-addr.arpa`;
  const nibbles = [...words].map((word) => word.toString(16).padStart(8, "0")).join("");
  return `${[...nibbles].reverse().join(".")}.ip6.arpa`;
}
