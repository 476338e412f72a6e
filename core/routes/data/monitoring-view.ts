/** Collects what a model's page shows about the time since deployment: one record for its panel and for scripts. */

import type { CanaryView } from "../../models/canary/canaries.ts";
import type { ChallengerView } from "../../models/monitoring/comparison.ts";
import type { DriftView } from "../../models/monitoring/drift/drift.ts";
import type { LiveView } from "../../models/monitoring/live-metrics.ts";
import { AppError } from "../../platform/errors.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import { findVersion, listVersions, type StoredModel } from "../../store/models.ts";

export interface MonitoringView {
  name: string;
  /** The live version; the newest if none is live. */
  version: number;
  isLive: boolean;
  live: LiveView;
  /** Null if the version does not record what it learned from. */
  drift: DriftView | null;
  /** Null if there is no challenger. */
  challenge: ChallengerView | null;
  /** Null if no version predicts a share of the traffic. */
  canary: CanaryView | null;
  /** Versions that could be challengers, newest first. */
  candidates: number[];
  log: Signalbox["config"]["PREDICTION_LOG"];
}

/** Null if the model has no version. */
export async function monitoringView(
  { store, feedback, canaries, config }: Signalbox,
  model: StoredModel,
): Promise<MonitoringView | null> {
  const { name, liveVersion } = model;
  const versions = (await listVersions(store, name)).map(({ version }) => version);
  const version = liveVersion ?? versions[0];
  const stored = version === undefined ? null : await findVersion(store, name, version);
  if (!stored) return null;
  return {
    ...{ name, version: stored.version, isLive: stored.version === liveVersion },
    live: await feedback.live(name, stored.version, stored.result),
    drift: await feedback.drift(name, stored.version),
    challenge: await feedback.challenge(name),
    canary: await canaries.view(name),
    candidates: versions.filter((other) => other !== liveVersion),
    log: config.PREDICTION_LOG,
  };
}

/**
 * Starts or ends (null) a challenge. Throws AppError `conflict` if no predictions are stored that could be compared.
 */
export async function challenge(
  signalbox: Signalbox,
  name: string,
  version: number | null,
): Promise<MonitoringView> {
  if (version !== null && signalbox.config.PREDICTION_LOG === "off") {
    throw new AppError("conflict", "Predictions are not stored, so two versions cannot be compared", {
      fix: "Set PREDICTION_LOG to full or sampled.",
    });
  }
  // From the next row on, not from the next second.
  await signalbox.feedback.flush();
  const view = await monitoringView(signalbox, await signalbox.models.challenge(name, version));
  if (view) return view;
  throw new AppError("conflict", `All versions of ${name} were deleted`, { fix: "Train it again." });
}
