import type { AwsEnvironment } from "./aws-credentials.ts";
import { machineMetadata } from "./aws-metadata.ts";
import { readAwsProfiles } from "./aws-profile.ts";

/**
 * The region where AWS's own tools find it: AWS_REGION, AWS_DEFAULT_REGION, the profile's, the machine's.
 * Rejects with an Error that names them where it is in none.
 */
export async function awsRegion(
  { env, files, http }: AwsEnvironment,
  signal: AbortSignal,
): Promise<string> {
  const named = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"];
  if (named) return named;
  const profiles = await readAwsProfiles(env, files);
  const region = profiles.get(env["AWS_PROFILE"] || "default")?.["region"];
  if (region) return region;
  try {
    const get = await machineMetadata(env, http, signal);
    return (await get("meta-data/placement/region")).trim();
  } catch {
    signal.throwIfAborted();
    throw new Error("expected an AWS region in the configuration or in AWS_REGION, found none");
  }
}
