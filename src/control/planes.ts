import type { Purge } from "../middlewares/http/http-middleware.ts";
import type { ApplyReport, Listening } from "../server/data-plane.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { ScheduledRun } from "../services/http/handler/scheduled-run.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { ChallengeCertificate } from "../tls/challenges/challenge-certificates.ts";

/** The data planes of the process, as the control plane sees them: one, or one in each worker. */
export interface Planes {
  /** Resolves when all are there. Rejects where the static configuration can't work. */
  started(): Promise<void>;
  /**
   * Has all of them serve a snapshot and resolves with what became of it in the first; they are all
   * alike. One that can't is logged and goes on with the last. Rejects where none could.
   */
  apply(snapshot: Snapshot): Promise<ApplyReport>;
  /** Binds every entrypoint, once a snapshot has been applied, and says where. Rejects where one can't be. */
  listen(): Promise<readonly Listening[]>;
  /** Tells all of them what active health checks have found. */
  tellHealth(verdicts: readonly HealthVerdict[]): void;
  /** Tells all of them the owners (`ownerKey`) whose numbers nothing reads any more. */
  forgetOwners(owners: readonly string[]): void;
  /** Has all of them show these certificates of TLS-ALPN-01, and no others. Resolves when all do. */
  showChallenges(certificates: readonly ChallengeCertificate[]): Promise<void>;
  /**
   * Has a cache forget, in all of them and on the disk. Resolves with how many responses; undefined where no
   * such middleware is a cache.
   */
  purge(middleware: string, what: Omit<Purge, "shared">): Promise<number | undefined>;
  /** Has one of them call a module's `scheduled`. Resolves when the run has ended, in whatever way. */
  runScheduled(run: ScheduledRun): Promise<void>;
  /** From now on ping says that the end is near. */
  terminating(): void;
  /** Opens the access log again, after it was moved away. */
  reopenLogs(): Promise<void>;
  /** Lets what is in flight finish, within the entrypoints' grace times. */
  shutdown(): Promise<void>;
}
