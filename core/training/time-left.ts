/**
 * Derives progress and time left from what a run reported of its time plan: one estimate, so the two cannot disagree.
 * Has no clock of its own: the caller passes the time.
 */
import { STAGE_NAMES } from "../trainer/contract.ts";

const RACE = STAGE_NAMES.indexOf("Model selection");

/** The reported time left, minus the time since; a run that exceeds it has a little left until it reports again. */
export function stillLeft(told: { leftMs: number | null; at: number } | null, now: number): number | null {
  if (told?.leftMs == null) return null;
  return Math.max(0.1 * told.leftMs, told.leftMs - (now - told.at));
}

/** Share of a run before its race, and of its race while its duration is unknown. */
const BEFORE_RACE = 0.06;
const OPEN_RACE = 0.3;
/** A running training is never shown as finished. */
const MOST = 0.999;

/** Progress while the time left is unknown: based on the race taking most of it. */
export function earlyProgress(position: number, progress: number): number {
  if (position < RACE) return (BEFORE_RACE * (position + progress)) / RACE;
  return BEFORE_RACE + OPEN_RACE * Math.min(1, position - RACE + progress);
}

/**
 * Progress of a run at `now` (0..1), from the last report: the remainder shrinks in proportion to the time left. So it
 * never stops or falls, and it ends when the time does, however wrong the first estimate was.
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

/** After the same report again: the elapsed share of the time, unless more was already shown. */
export function progressAfterReport(
  before: { progress: number; leftMs: number | null; at: number } | null,
  told: { share: number; at: number },
): number {
  return Math.min(MOST, Math.max(told.share, before ? progressAt(before, told.at) : 0));
}
