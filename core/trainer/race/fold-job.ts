/**
 * Trains and predicts one fold of one candidate, in this thread or another. Its result depends on the job and the data
 * alone; the clock and a stop only end it sooner.
 */

import { runPaced } from "../cancellation.ts";
import type { SupervisedEncoder } from "../encoding/supervised.ts";
import type { RoundReport } from "../learners/trees/boosting.ts";
import { type Member, memberResponses } from "../model/members.ts";
import type { Checkpoint } from "../samples.ts";
import { type CandidateConfig, derives, type Family } from "./candidate-configs.ts";
import { foldRows, inputsOf, type TrainingData, treePart } from "./training-data.ts";

/** Plain data: it is sent to other threads as it is. */
export interface FoldJob {
  /** Name of the candidate. */
  candidateConfig: string;
  /** Index of the fold; data.whole: all rows, without validation rows. */
  fold: number;
  /** Maximum number of rounds or trees; without validation rows exactly that many rounds. */
  maxRounds: number;
  keepsTrail: boolean;
  hearsRounds: boolean;
  /** On the clock of `elapsedMs`: the fit ends then with what it has. */
  endsAtMs: number;
}

export interface FoldDone {
  member: Member;
  /** Predictions for the fold's validation rows, in order: rows x width; empty for data.whole. */
  response: Float64Array;
  durationMs: number;
  /** Milliseconds of it for what trees of all candidates share, if this was the first of them. */
  preparedMs: number;
  /** Rounds or trees that were trained, including those discarded by early stopping. */
  rounds: number;
  /** Margins of the validation rows after each round. */
  trail: Float64Array[] | null;
  /** What uses the target in its features, if anything does, and its index in TrainingData.supervised. */
  supervised: { at: number; encoder: SupervisedEncoder } | null;
}

export interface FoldControls {
  elapsedMs: () => number;
  isStopped: () => boolean;
  /** True once another result exists: this fit may be given up. */
  isSpare: () => boolean;
  checkpoint: Checkpoint;
  onRound: (report: RoundReport) => void;
}

/** They learn from binned samples. */
export const TREES: ReadonlySet<Family> = new Set<Family>(["boosting", "forest"]);
/** The time a first fit may still take after a stop, because there is nothing else to keep. */
const LEAST_FIT_MS = 600;
/** A fit that should have ended this long ago is given up. */
const GRACE_MS = 400;

/** Null if it was given up because something better than half a fit exists already. */
export async function runFoldJob(
  data: TrainingData,
  candidateConfig: CandidateConfig,
  job: FoldJob,
  controls: FoldControls,
): Promise<FoldDone | null> {
  const startedAt = controls.elapsedMs();
  const trail: Float64Array[] = [];
  let rounds = 0;
  const { checkpoint, stop } = limits(job, controls);
  try {
    if (TREES.has(candidateConfig.family))
      await treePart(data, { fold: job.fold, derives: derives(candidateConfig) }, checkpoint);
    const preparedMs = Math.round(controls.elapsedMs() - startedAt);
    const member = await candidateConfig.fit(data, {
      fold: job.fold,
      maxRounds: job.maxRounds,
      checkpoint,
      stop,
      onRound: (report) => {
        rounds = report.round;
        if (job.hearsRounds) controls.onRound(report);
      },
      ...(job.keepsTrail && { onMargins: (margins: Float64Array) => trail.push(margins) }),
    });
    const { valid } = foldRows(data, job.fold);
    const answering = memberResponses(member, inputsOf(data), valid ?? new Int32Array(0));
    const response = await runPaced(answering, controls.checkpoint);
    return {
      member,
      response,
      rounds,
      durationMs: Math.round(controls.elapsedMs() - startedAt),
      preparedMs,
      trail: job.keepsTrail ? trail : null,
      supervised: supervisedOf(data, member),
    };
  } catch (error) {
    if (error instanceof GivenUp) return null;
    throw error;
  }
}

function supervisedOf({ supervised }: TrainingData, member: Member): FoldDone["supervised"] {
  const at = member.kind === "boosting" || member.kind === "forest" ? member.supervised : -1;
  return at < 0 ? null : { at, encoder: supervised[at]! };
}

/** Takes over what another thread fitted. */
export function keepSupervised(data: TrainingData, { supervised }: FoldDone): void {
  if (supervised) data.supervised[supervised.at] = supervised.encoder;
}

/** A checkpoint that ends or gives up the fit in time, and the signal that ends it. */
function limits(
  { endsAtMs }: FoldJob,
  controls: FoldControls,
): { checkpoint: Checkpoint; stop: AbortSignal } {
  const limit = new AbortController();
  const startedAt = controls.elapsedMs();
  const look = () => {
    const now = controls.elapsedMs();
    const isStopped = controls.isStopped();
    const isLate = Number.isFinite(endsAtMs) && now >= endsAtMs + GRACE_MS;
    if ((isStopped || isLate) && controls.isSpare()) throw new GivenUp();
    if (now >= endsAtMs || (isStopped && now >= startedAt + LEAST_FIT_MS)) limit.abort();
  };
  const checkpoint = () => {
    look();
    return controls.checkpoint();
  };
  return { checkpoint, stop: limit.signal };
}

/** Ends a fit that is no longer needed. */
class GivenUp extends Error {}
