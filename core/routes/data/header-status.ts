/**
 * Decides the text of the status light in the header: whether everything live is serving, whether the last training
 * worked, and whether something threatens both; the worst comes first.
 */
import type { HealthState } from "../../events/health-states.ts";
import type { RequestTimes } from "../../operations/request-times.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import { liveVersions } from "../../store/models.ts";
import { currentRun } from "../../store/runs.ts";

export interface Signal {
  state: HealthState;
  /** A few words for the header. */
  label: string;
  sentence: string;
}

interface SignalSource extends Signalbox {
  requests: RequestTimes;
}

/** How long failed predictions are shown, unless one has worked since. */
const FAILING_MS = 300_000;

export async function signalOf(source: SignalSource): Promise<Signal> {
  return (
    (await notAnswering(source)) ??
    (await lastTraining(source)) ??
    (await threatened(source)) ??
    (await working(source))
  );
}

async function notAnswering({ models, requests, now }: SignalSource): Promise<Signal | null> {
  const broken = await models.unreadable();
  if (broken) {
    return {
      state: "critical",
      label: "Model down",
      sentence: `${broken.name} cannot predict: the file of version ${broken.version} is missing. Deploy another version.`,
    };
  }
  if (requests.predictionsFailing(now() - FAILING_MS)) {
    return {
      state: "critical",
      label: "Predictions failing",
      sentence: "The last prediction request failed on the server. Its log has the reason.",
    };
  }
  return null;
}

async function lastTraining({ store }: SignalSource): Promise<Signal | null> {
  const run = await currentRun(store);
  if (run?.status === "failed") {
    const sentence = `Run ${run.number} (${run.options.target} from ${run.datasetName}) failed.`;
    return { state: "warning", label: "Last run failed", sentence };
  }
  if (run?.status === "interrupted") {
    const sentence = `Run ${run.number} (${run.options.target} from ${run.datasetName}) was interrupted.`;
    return { state: "warning", label: "Run interrupted", sentence };
  }
  return null;
}

async function threatened({ alerts }: SignalSource): Promise<Signal | null> {
  const worst = (await alerts.active()).find(({ severity }) => severity === "error");
  return worst ? { state: "critical", label: "Needs attention", sentence: worst.sentence } : null;
}

async function working({ store }: SignalSource): Promise<Signal> {
  const live = (await liveVersions(store)).length;
  const run = await currentRun(store);
  const models =
    live === 0
      ? "No model is live"
      : live === 1
        ? "The live model is serving"
        : `All ${live} live models are serving`;
  const training = run?.status === "finished" ? ", and the last training run finished" : "";
  return { state: "healthy", label: "All working", sentence: `${models}${training}.` };
}
