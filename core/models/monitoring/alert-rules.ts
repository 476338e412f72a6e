/**
 * Raises alerts about live models: metrics fell, the incoming data changed, or a challenger does better; each beyond
 * chance.
 */
import { type AlertCode, alertAction } from "../../events/alert-records.ts";
import type { Alert, Alerts } from "../../events/alerts.ts";
import { distinctFigures } from "../../platform/figures.ts";
import type { StoredVersion } from "../../store/models.ts";
import { METRICS } from "../../trainer/metrics/index.ts";
import type { ChallengerView } from "./comparison.ts";
import type { DriftView } from "./drift/drift.ts";
import type { LiveView } from "./live-metrics.ts";

/** The maximum number of drifted columns that are named. */
const NAMED = 3;

export async function checkOutcomes(
  alerts: Alerts,
  { name, version }: StoredVersion,
  { figures }: LiveView,
): Promise<void> {
  const fallen = figures.find(({ verdict }) => verdict === "worse");
  if (!fallen) {
    await alerts.resolve("live-figures", name);
    return;
  }
  const { metric, value, interval, training } = fallen;
  const [now, low, high, was] = distinctFigures([value, ...interval, training!]);
  await alerts.raise({
    ...{ code: "live-figures", subject: name, severity: "error", action: alertAction("live-figures", name) },
    sentence: `${name} version ${version} is less accurate than on its test set: ${METRICS[metric].label} ${now} (95 % interval ${low} to ${high}), was ${was}.`,
  });
}

export async function checkChallenger(
  alerts: Alerts,
  name: string,
  challenge: ChallengerView | null,
): Promise<void> {
  if (challenge?.verdict !== "better") {
    await alerts.resolve("challenger", name);
    return;
  }
  const sentence = `${name}: ${challenge.sentence}`;
  await alerts.raise({
    code: "challenger",
    subject: name,
    severity: "warning",
    action: alertAction("challenger", name),
    sentence,
  });
}

export async function checkDrift(
  alerts: Alerts,
  { name, version }: Pick<StoredVersion, "name" | "version">,
  drift: DriftView | null,
): Promise<void> {
  const all = drift ? [...drift.columns, ...(drift.answers ? [drift.answers] : [])] : [];
  const moved = all.filter(({ verdict }) => verdict === "major").map(({ column }) => column);
  const unseen = all.filter((entry) => entry.unseen.isMore).map(({ column }) => column);
  const about = (code: AlertCode): Pick<Alert, "code" | "subject" | "severity" | "action"> => ({
    ...{ code, subject: name, severity: "warning", action: alertAction(code, name) },
  });
  if (moved.length) {
    const sentence = `Requests to ${name} version ${version} are very different from its training data: ${named(moved)}.`;
    await alerts.raise({ ...about("drift"), sentence });
  } else await alerts.resolve("drift", name);
  if (unseen.length) {
    const sentence = `Requests to ${name} version ${version} contain categories that were not in its training data: ${named(unseen)}.`;
    await alerts.raise({ ...about("new-categories"), sentence });
  } else await alerts.resolve("new-categories", name);
}

function named(columns: string[]): string {
  const rest = columns.length - NAMED;
  return `${columns.slice(0, NAMED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
