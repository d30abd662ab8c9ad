import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** PEM texts. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Subject's common name. */
  readonly name?: string;
  /** Subject alternative names, such as "DNS:a.test" or "IP:127.0.0.1". */
  readonly names?: readonly string[];
  /** The CA that signs; self-signed without. */
  readonly issuer?: Certificate;
  readonly ca?: boolean;
  /** Days from now to its end; negative for one that has ended. */
  readonly days?: number;
  readonly rsa?: boolean;
}

/** A certificate made by openssl, as users make theirs. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { name = "sluice test", names = [], issuer, ca = false, days = 2, rsa = false } = options;
  const directory = mkdtempSync(join(tmpdir(), "sluice-certificate-"));
  try {
    const path = (file: string) => join(directory, file);
    const subject = `/CN=${name}`;
    const algorithm = rsa
      ? ["-newkey", "rsa:2048"]
      : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    openssl(
      "req",
      "-new",
      "-nodes",
      ...algorithm,
      "-keyout",
      path("key"),
      "-out",
      path("csr"),
      "-subj",
      subject,
    );
    const extensions = [
      ca ? "basicConstraints=critical,CA:TRUE" : "basicConstraints=CA:FALSE",
      ...(names.length === 0 ? [] : [`subjectAltName=${names.join(",")}`]),
    ];
    writeFileSync(path("extensions"), `${extensions.join("\n")}\n`);
    const signing = ["-keyfile", path("key"), "-selfsign"];
    if (issuer !== undefined) {
      writeFileSync(path("ca"), issuer.certificate);
      writeFileSync(path("ca.key"), issuer.key);
      signing.splice(0, 3, "-cert", path("ca"), "-keyfile", path("ca.key"));
    }
    writeFileSync(
      path("config"),
      `[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=${directory}\ndatabase=${path("index")}\n` +
        "default_md=sha256\npolicy=p\nunique_subject=no\nrand_serial=yes\n[p]\ncommonName=supplied\n",
    );
    writeFileSync(path("index"), "");
    const end = Date.now() + days * 86_400_000;
    openssl(
      "ca",
      "-batch",
      "-notext",
      "-config",
      path("config"),
      ...signing,
      "-in",
      path("csr"),
      "-out",
      path("pem"),
      "-extfile",
      path("extensions"),
      "-startdate",
      openSslTime(Math.min(Date.now(), end) - 86_400_000),
      "-enddate",
      openSslTime(end),
    );
    return {
      certificate: readFileSync(path("pem"), "utf8"),
      key: readFileSync(path("key"), "utf8"),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** ASN.1's GeneralizedTime. */
function openSslTime(time: number): string {
  return `${new Date(time).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
}

function openssl(...args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...args]);
  if (exitCode !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr.toString()}`);
}
