/** Decides whether a canary has to go back: it errs, or it is slower than the live version, beyond its line. */
import { figure, percent, plural } from "../../platform/figures.ts";
import type { Canary, CanaryCounts } from "../../store/canaries.ts";

/** One failure may be chance. */
const LEAST_ERRORS = 3;
/** Requests of each version that were timed. */
const LEAST_TIMED = 30;
/** A smaller difference per request is no reason to end it, whatever the ratio. */
const LEAST_SLOWER_MS = 0.1;

/** Why it has to go back; null: it may stay. */
export function reasonToGoBack(canary: Canary, own?: CanaryCounts, live?: CanaryCounts): string | null {
  if (!own) return null;
  return tooManyErrors(canary, own) ?? (live ? tooSlow(canary, own, live) : null);
}

function tooManyErrors({ maxErrors }: Canary, { requests, errors }: CanaryCounts): string | null {
  if (errors < LEAST_ERRORS || (100 * errors) / requests <= maxErrors) return null;
  return `${plural(errors, "request")} of ${requests} failed (${percent(errors / requests)}; the limit is ${figure(maxErrors)} %)`;
}

/** Per request and per row: a version with larger batches is not slower because of that. */
function tooSlow({ maxSlowdown }: Canary, own: CanaryCounts, live: CanaryCounts): string | null {
  if (own.timedRequests < LEAST_TIMED || live.timedRequests < LEAST_TIMED) return null;
  const [byRequest, byRequestLive] = [own, live].map((c) => (1000 * c.seconds) / c.timedRequests) as [
    number,
    number,
  ];
  const [byRow, byRowLive] = [own, live].map((c) => (1000 * c.seconds) / c.timedPredictions) as [
    number,
    number,
  ];
  const isSlower =
    byRequest > maxSlowdown * byRequestLive &&
    byRow > maxSlowdown * byRowLive &&
    byRequest - byRequestLive > LEAST_SLOWER_MS;
  if (!isSlower) return null;
  return `a request takes ${figure(byRequest)} ms instead of ${figure(byRequestLive)} ms (the limit is ${figure(maxSlowdown)} times as long)`;
}
