/**
 * Decides what the status light in the header says. Whether everything live is answering, whether the last training
 * worked, and whether something threatens both; in this order, the worst first.
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

/** Predictions that failed are told for so long after the last one, unless one has worked since. */
const FAILING_MS = 300_000;

export function signalOf(source: SignalSource): Signal {
  return notAnswering(source) ?? lastTraining(source) ?? threatened(source) ?? working(source);
}

function notAnswering({ models, requests, now }: SignalSource): Signal | null {
  const broken = models.unreadable();
  if (broken) {
    return {
      state: "critical",
      label: "Model down",
      sentence: `${broken.name} cannot answer: the file of version ${broken.version} is missing. Deploy another version.`,
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

function lastTraining({ store }: SignalSource): Signal | null {
  const run = currentRun(store);
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

function threatened({ alerts }: SignalSource): Signal | null {
  const worst = alerts.standing().find(({ severity }) => severity === "error");
  return worst ? { state: "critical", label: "Needs attention", sentence: worst.sentence } : null;
}

function working({ store }: SignalSource): Signal {
  const live = liveVersions(store).length;
  const run = currentRun(store);
  const models =
    live === 0
      ? "No model is live"
      : live === 1
        ? "The live model is answering"
        : `All ${live} live models are answering`;
  const training = run?.status === "finished" ? ", and the last training run finished" : "";
  return { state: "healthy", label: "All working", sentence: `${models}${training}.` };
}
