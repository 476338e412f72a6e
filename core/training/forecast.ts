/**
 * Draws progress and time left from what a run told of its time plan: one account, so the two cannot disagree. No clock of
 * its own: it is told what time it is.
 */
import { STAGE_NAMES } from "../trainer/contract.ts";

const RACE = STAGE_NAMES.indexOf("Model selection");

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
 * by. So it never stops or falls, and it ends when the time does, however wrong the first estimate was.
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
