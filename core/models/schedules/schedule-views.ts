/** The public view of a schedule and of its runs. */
import type { ShownPlace } from "../../datasets/sources/place.ts";
import type { ScheduleRunStatus, StoredScheduleRun } from "../../store/schedules.ts";
import type { ScheduleSpec } from "./spec.ts";

export interface ScheduleView extends ScheduleSpec {
  id: string;
  name: string;
  enabled: boolean;
  to: (Pick<ShownPlace, "url" | "secrets"> & { table?: string; mode?: string }) | null;
  nextAt: string | null;
  /** The next due times, the first of which is `nextAt`; empty without a cron expression and while it is paused. */
  upcoming: string[];
  last: ScheduleRunView | null;
  createdBy: string;
  createdAt: string;
}

export interface ScheduleRunView {
  id: string;
  dueAt: string;
  startedAt: string;
  finishedAt: string | null;
  status: ScheduleRunStatus;
  runId: string | null;
  sentence: string | null;
  hasResult: boolean;
}

export function runView(run: StoredScheduleRun): ScheduleRunView {
  const { id, dueAt, startedAt, finishedAt, status, runId, sentence, result } = run;
  return {
    id,
    dueAt: new Date(dueAt).toISOString(),
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
    status,
    runId,
    sentence,
    hasResult: result !== null,
  };
}

/** The key of the file with a result. */
export const scoreKey = (result: string): string => `scores/${result}`;
