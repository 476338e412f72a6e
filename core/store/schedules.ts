/** SQL of schedules and of the result of each due time. */
import type { Handle } from "./database.ts";

export interface StoredSchedule {
  id: string;
  name: string;
  /** JSON: what is done and when. */
  spec: string;
  /** Encrypted: where results are sent, with its credentials; null: nowhere. */
  place: string | null;
  isEnabled: number;
  /** The next time by the clock; null: it has another trigger. */
  nextAt: number | null;
  /** What triggered it last, if not the clock: a version, an alert. */
  seen: string | null;
  createdBy: string;
  createdAt: number;
}

export type ScheduleRunStatus = "running" | "done" | "failed" | "stopped";

export interface StoredScheduleRun {
  id: string;
  scheduleId: string;
  dueAt: number;
  startedAt: number;
  finishedAt: number | null;
  status: ScheduleRunStatus;
  /** The training that it waits for. */
  runId: string | null;
  /** Its result, in a sentence. */
  sentence: string | null;
  /** The name of its result file. */
  result: string | null;
  /** After this its holder counts as dead. */
  heldUntil: number;
  /** How often it was started; reports of an earlier holder do not count. */
  attempt: number;
  /** 1: its result may have been sent. */
  isSending: number;
}

const COLUMNS = `id, name, spec, place, is_enabled AS "isEnabled", next_at AS "nextAt", seen, created_by AS "createdBy",
  created_at AS "createdAt"`;
const RUN_COLUMNS = `id, schedule_id AS "scheduleId", due_at AS "dueAt", started_at AS "startedAt",
  finished_at AS "finishedAt", status, run_id AS "runId", sentence, result, held_until AS "heldUntil", attempt,
  is_sending AS "isSending"`;

export async function listSchedules(store: Handle): Promise<StoredSchedule[]> {
  return store.all<StoredSchedule>(`SELECT ${COLUMNS} FROM schedules ORDER BY created_at DESC, id DESC`);
}

export async function findSchedule(store: Handle, id: string): Promise<StoredSchedule | null> {
  return store.get<StoredSchedule>(`SELECT ${COLUMNS} FROM schedules WHERE id = $id`, { id });
}

export async function insertSchedule(store: Handle, schedule: StoredSchedule): Promise<void> {
  await store.run(
    `INSERT INTO schedules (id, name, spec, place, is_enabled, next_at, seen, created_by, created_at)
     VALUES ($id, $name, $spec, $place, $isEnabled, $nextAt, $seen, $createdBy, $createdAt)`,
    { ...schedule },
  );
}

export async function changeSchedule(store: Handle, schedule: StoredSchedule): Promise<void> {
  const { id, name, spec, place, isEnabled, nextAt, seen } = schedule;
  await store.run(
    `UPDATE schedules SET name = $name, spec = $spec, place = $place, is_enabled = $isEnabled, next_at = $nextAt,
       seen = $seen WHERE id = $id`,
    { id, name, spec, place, isEnabled, nextAt, seen },
  );
}

export async function sealSchedule(
  store: Handle,
  { id, place }: { id: string; place: string },
): Promise<void> {
  await store.run("UPDATE schedules SET place = $place WHERE id = $id", { id, place });
}

export async function deleteSchedule(store: Handle, id: string): Promise<void> {
  await store.run("DELETE FROM schedule_runs WHERE schedule_id = $id", { id });
  await store.run("DELETE FROM schedules WHERE id = $id", { id });
}

/** False: another host has taken this due time, or it was changed. */
export async function claimDue(
  store: Handle,
  { id, dueAt, nextAt }: { id: string; dueAt: number; nextAt: number | null },
): Promise<boolean> {
  const claimed = await store.run(
    "UPDATE schedules SET next_at = $nextAt WHERE id = $id AND next_at = $dueAt AND is_enabled = 1",
    { id, dueAt, nextAt },
  );
  return claimed > 0;
}

/** As `claimDue`, for triggers other than the clock. */
export async function claimSeen(
  store: Handle,
  { id, was, seen }: { id: string; was: string | null; seen: string },
): Promise<boolean> {
  const claimed = await store.run(
    `UPDATE schedules SET seen = $seen
     WHERE id = $id AND coalesce(seen, '') = coalesce($was, '') AND is_enabled = 1`,
    { id, was, seen },
  );
  return claimed > 0;
}

export async function insertScheduleRun(
  store: Handle,
  run: Pick<StoredScheduleRun, "id" | "scheduleId" | "dueAt" | "startedAt" | "heldUntil">,
): Promise<void> {
  await store.run(
    `INSERT INTO schedule_runs (id, schedule_id, due_at, started_at, status, held_until)
     VALUES ($id, $scheduleId, $dueAt, $startedAt, 'running', $heldUntil)`,
    { ...run },
  );
}

export async function findScheduleRun(store: Handle, id: string): Promise<StoredScheduleRun | null> {
  return store.get<StoredScheduleRun>(`SELECT ${RUN_COLUMNS} FROM schedule_runs WHERE id = $id`, { id });
}

/** Newest first. */
export async function listScheduleRuns(
  store: Handle,
  { scheduleId, limit }: { scheduleId: string; limit: number },
): Promise<StoredScheduleRun[]> {
  return store.all<StoredScheduleRun>(
    `SELECT ${RUN_COLUMNS} FROM schedule_runs WHERE schedule_id = $scheduleId
     ORDER BY started_at DESC, id DESC LIMIT $limit`,
    { scheduleId, limit },
  );
}

/** Runs whose holder was silent for too long. */
export async function lostScheduleRuns(store: Handle, now: number): Promise<StoredScheduleRun[]> {
  return store.all<StoredScheduleRun>(
    `SELECT ${RUN_COLUMNS} FROM schedule_runs WHERE status = 'running' AND held_until < $now ORDER BY started_at`,
    { now },
  );
}

/** A run as one of its holders has it. */
export type Held = Pick<StoredScheduleRun, "id" | "attempt">;

/** False: it has ended, or somebody else has it now. */
export async function holdScheduleRun(store: Handle, { id, attempt }: Held, until: number): Promise<boolean> {
  const held = await store.run(
    "UPDATE schedule_runs SET held_until = $until WHERE id = $id AND attempt = $attempt AND status = 'running'",
    { id, attempt, until },
  );
  return held > 0;
}

/** A server that starts alone on its database knows that nobody holds any. */
export async function freeScheduleRuns(store: Handle): Promise<void> {
  await store.run("UPDATE schedule_runs SET held_until = 0 WHERE status = 'running'");
}

/** Takes over a run of a dead holder. False: another host was first. */
export async function takeScheduleRun(
  store: Handle,
  { id, attempt }: Held,
  { now, until }: { now: number; until: number },
): Promise<boolean> {
  const taken = await store.run(
    `UPDATE schedule_runs SET held_until = $until, attempt = attempt + 1
     WHERE id = $id AND attempt = $attempt AND held_until < $now AND status = 'running'`,
    { id, attempt, now, until },
  );
  return taken > 0;
}

/** From now on its result may have arrived. False: it is somebody else's. */
export async function markSending(store: Handle, { id, attempt }: Held): Promise<boolean> {
  const marked = await store.run(
    "UPDATE schedule_runs SET is_sending = 1 WHERE id = $id AND attempt = $attempt AND status = 'running'",
    { id, attempt },
  );
  return marked > 0;
}

/** Whether one of its runs is active. */
export async function isScheduleBusy(store: Handle, scheduleId: string): Promise<boolean> {
  const row = await store.get<{ n: number }>(
    "SELECT count(*) AS n FROM schedule_runs WHERE schedule_id = $scheduleId AND status = 'running'",
    { scheduleId },
  );
  return (row?.n ?? 0) > 0;
}

/** Its training, which has its ID. */
export async function waitForRun(store: Handle, id: string): Promise<void> {
  await store.run("UPDATE schedule_runs SET run_id = id WHERE id = $id", { id });
}

/** False: it has ended already, or is somebody else's. */
export async function endScheduleRun(
  store: Handle,
  end: Held & {
    status: "done" | "failed";
    sentence: string;
    result: string | null;
    finishedAt: number;
  },
): Promise<boolean> {
  const ended = await store.run(
    `UPDATE schedule_runs SET status = $status, sentence = $sentence, result = $result, finished_at = $finishedAt
     WHERE id = $id AND attempt = $attempt AND status = 'running'`,
    { ...end },
  );
  return ended > 0;
}

/** Ends it for its holder: later reports of the holder are ignored. False: it has ended already. */
export async function stopScheduleRun(
  store: Handle,
  { id, finishedAt, sentence }: { id: string; finishedAt: number; sentence: string },
): Promise<boolean> {
  const stopped = await store.run(
    `UPDATE schedule_runs SET status = 'stopped', sentence = $sentence, finished_at = $finishedAt
     WHERE id = $id AND status = 'running'`,
    { id, finishedAt, sentence },
  );
  return stopped > 0;
}

/** All but the newest `kept` of a schedule; returns their result files. */
export async function trimScheduleRuns(
  store: Handle,
  { scheduleId, kept }: { scheduleId: string; kept: number },
): Promise<string[]> {
  const old = (await listScheduleRuns(store, { scheduleId, limit: kept + 1000 })).slice(kept);
  for (const { id } of old)
    await store.run("DELETE FROM schedule_runs WHERE id = $id AND status <> 'running'", { id });
  return old.flatMap(({ result }) => result ?? []);
}
