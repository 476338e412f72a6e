/**
 * Estimates how long a run will still take. One estimate for the whole run, from what its stages tell: the bar and the
 * time left are both drawn from it, so they cannot disagree. No clock of its own: it is told what time it is.
 */
import { STAGE_NAMES, STAGE_RECORDS } from "../trainer/contract.ts";

/** What a stage told last. */
export interface Told {
  position: number;
  /** 0..1 of the stage's own work. */
  progress: number;
  /** What the stage itself expects to take still, where it knows. */
  leftMs?: number | undefined;
}

const RACE = STAGE_NAMES.indexOf("Model selection");

/** What follows the race, by stage, as shares of the race's time. */
const AFTER_RACE: readonly number[] = STAGE_RECORDS.map(({ afterSelection }) => afterSelection);

const EVALUATION = STAGE_NAMES.indexOf("Performance evaluation");
/** Below it a stage's pace says less than what is expected of it. */
const LEAST_DONE = 0.1;

/** Its answers and intervals take little of its time, importance half, effects a third: [progress, share of time]. */
const EVALUATION_PACE = [
  [0, 0],
  [0.3, 0.08],
  [0.5, 0.15],
  [0.8, 0.65],
  [1, 1],
] as const;

function shareOfTime(progress: number): number {
  const next = Math.max(
    1,
    EVALUATION_PACE.findIndex(([at]) => at >= progress),
  );
  const [[from, low], [to, high]] = [EVALUATION_PACE[next - 1]!, EVALUATION_PACE[next]!];
  return low + ((progress - from) / (to - from)) * (high - low);
}

/** What was told, less the time since; what takes longer than it said has a little left until it says so. */
export function stillLeft(told: { leftMs: number | null; at: number } | null, now: number): number | null {
  if (told?.leftMs == null) return null;
  return Math.max(0.1 * told.leftMs, told.leftMs - (now - told.at));
}

/** Share of a run before its race, and of its race while nobody knows how long that takes. */
const BEFORE_RACE = 0.06;
const OPEN_RACE = 0.3;
/** What runs is not finished. */
const MOST = 0.999;

/** How far a run is while the time left is not known: that the race takes most of it is. */
export function earlyProgress(position: number, progress: number): number {
  if (position < RACE) return (BEFORE_RACE * (position + progress)) / RACE;
  return BEFORE_RACE + OPEN_RACE * Math.min(1, position - RACE + progress);
}

/**
 * How far a run is at `now` (0..1), from what was told last: what is missing shrinks by as much of the time left as went
 * by. So it never stands still nor falls, and ends with the time left, however wrong it began.
 */
export function progressAt(
  told: { progress: number; leftMs: number | null; at: number },
  now: number,
): number {
  const left = stillLeft(told, now);
  const since = Math.max(0, now - told.at);
  if (left === null || since === 0) return told.progress;
  return Math.min(MOST, told.progress + ((1 - told.progress) * since) / (since + left));
}

/** The same once more is told: the share of the time that is over, unless more was shown already. */
export function progressOnceTold(
  before: { progress: number; leftMs: number | null; at: number } | null,
  told: { share: number; at: number },
): number {
  return Math.min(MOST, Math.max(told.share, before ? progressAt(before, told.at) : 0));
}

export class Forecast {
  private began = { position: -1, ms: 0 };
  private race = { beganAt: 0, endsAt: Number.NaN };

  /** `limitMs`: the time that the run may take; Infinity where it is not limited. */
  constructor(private readonly limitMs: number) {}

  /** Milliseconds to go, at `elapsedMs`; null while there is nothing to judge by. */
  leftMs({ position, progress, leftMs }: Told, elapsedMs: number): number | null {
    if (position !== this.began.position) this.began = { position, ms: elapsedMs };
    if (position < RACE) return null;
    if (position === RACE) {
      this.race.beganAt = this.began.ms;
      if (leftMs !== undefined) this.race.endsAt = elapsedMs + leftMs;
    } else if (!(this.race.endsAt <= this.began.ms)) this.race.endsAt = this.began.ms;
    if (Number.isNaN(this.race.endsAt)) return null;
    const left = this.ownLeft(position, progress, elapsedMs) + this.after(position);
    return Math.min(left, Math.max(LEAST_DONE * left, this.limitMs - elapsedMs));
  }

  /** Of the stage at work: what it is expected to take, or what it took already where that is more. */
  private ownLeft(position: number, progress: number, elapsedMs: number): number {
    if (position === RACE) return Math.max(0, this.race.endsAt - elapsedMs);
    const spent = elapsedMs - this.began.ms;
    const expected = this.raceMs() * AFTER_RACE[position];
    const done = position === EVALUATION ? shareOfTime(progress) : progress;
    if (done >= LEAST_DONE) return (1 - done) * Math.max(spent / done, expected);
    return Math.max(0.1 * expected, expected - spent);
  }

  private after(position: number): number {
    return this.raceMs() * AFTER_RACE.slice(position + 1).reduce((sum, share) => sum + share, 0);
  }

  private raceMs(): number {
    return this.race.endsAt - this.race.beganAt;
  }
}
