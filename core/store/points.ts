/**
 * SQL of figures over time. A figure is kept for spans of several lengths, the shorter ones for a shorter time, so that
 * a year of it takes at most POINTS_A_SERIES rows. Servers add to a span and never overwrite it.
 */
import { DAY_MS } from "../platform/figures.ts";
import type { Handle, Value } from "./database.ts";

/** Length of a span and how long it is kept, shortest first. */
export const POINT_STEPS = [
  { stepMs: 60_000, days: 2 },
  { stepMs: 600_000, days: 14 },
  { stepMs: 3_600_000, days: 90 },
  { stepMs: 21_600_000, days: 400 },
  // A year is read and drawn in its 183 spans.
  { stepMs: 172_800_000, days: 400 },
] as const;

/** The most rows that one figure takes, some 100 bytes each. */
export const POINTS_A_SERIES = POINT_STEPS.reduce(
  (sum, { stepMs, days }) => sum + (days * DAY_MS) / stepMs,
  0,
);

/** What of a model, or of the machine, is kept; the metric of a live score is part of its name. */
export type PointKind = "gauge" | "predictions" | "warnings" | "latency" | "drift" | `score.${string}`;

/** What was measured at a moment: `n` values with their sum, and the least and the greatest of them. */
export interface Measured {
  kind: PointKind;
  /** A gauge's or a model's name. */
  subject: string;
  n: number;
  total: number;
  low: number;
  high: number;
}

export interface Point extends Omit<Measured, "kind" | "subject"> {
  /** The start of its span. */
  at: number;
}

/** One value. */
export function measuredOnce(kind: PointKind, subject: string, value: number): Measured {
  return { kind, subject, n: 1, total: value, low: value, high: value };
}

const PLACES = "(?, ?, ?, ?, ?, ?, ?, ?)";
/** Rows of one statement. */
const TOGETHER = 100;

/** Adds to the spans that `at` falls into. At the end of a transaction, because other servers add to the same rows. */
export async function addPoints(store: Handle, at: number, measured: readonly Measured[]): Promise<void> {
  const rows = merged(measured).flatMap(({ kind, subject, n, total, low, high }) =>
    POINT_STEPS.map(({ stepMs }): Value[] => [
      ...[kind, subject, stepMs, Math.floor(at / stepMs) * stepMs],
      ...[n, total, low, high],
    ]),
  );
  for (let from = 0; from < rows.length; from += TOGETHER) {
    const some = rows.slice(from, from + TOGETHER);
    await store.run(
      `INSERT INTO points (kind, subject, step, at, n, total, low, high) VALUES ${some.map(() => PLACES).join(", ")}
       ON CONFLICT (kind, subject, step, at) DO UPDATE SET n = points.n + excluded.n,
         total = points.total + excluded.total,
         low = CASE WHEN excluded.low < points.low THEN excluded.low ELSE points.low END,
         high = CASE WHEN excluded.high > points.high THEN excluded.high ELSE points.high END`,
      some.flat(),
    );
  }
}

/** Each figure once, in one order: two servers that add to the same rows do not wait for each other in a circle. */
function merged(measured: readonly Measured[]): Measured[] {
  const byKey = new Map<string, Measured>();
  for (const entry of measured) {
    const key = `${entry.kind} ${entry.subject}`;
    const known = byKey.get(key);
    byKey.set(key, known ? together(known, entry) : entry);
  }
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

function together(a: Measured, b: Measured): Measured {
  const bounds = { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
  return { ...a, n: a.n + b.n, total: a.total + b.total, ...bounds };
}

/** Spans of one length that begin in `from` to before `to`, oldest first; spans without a measurement are left out. */
export async function pointsOf(
  store: Handle,
  asked: { kind: PointKind; subject: string; stepMs: number; from: number; to: number },
): Promise<Point[]> {
  return store.all(
    `SELECT at, n, total, low, high FROM points
     WHERE kind = $kind AND subject = $subject AND step = $stepMs AND at >= $from AND at < $to ORDER BY at`,
    asked,
  );
}

/** The latest span of one length with a measurement; null: there is none. */
export async function newestPoint(
  store: Handle,
  asked: { kind: PointKind; subject: string; stepMs: number },
): Promise<Point | null> {
  return store.get(
    `SELECT at, n, total, low, high FROM points
     WHERE kind = $kind AND subject = $subject AND step = $stepMs ORDER BY at DESC LIMIT 1`,
    asked,
  );
}

/** Drops spans that are older than their length is kept; at most `limit` of each. How many it dropped of one. */
export async function trimPoints(
  store: Handle,
  { now, limit }: { now: number; limit: number },
): Promise<number> {
  let most = 0;
  for (const { stepMs, days } of POINT_STEPS) {
    const bound = { stepMs, before: now - days * DAY_MS, limit };
    const dropped = await store.run(
      `DELETE FROM points WHERE (kind, subject, step, at) IN
       (SELECT kind, subject, step, at FROM points WHERE step = $stepMs AND at < $before ORDER BY at LIMIT $limit)`,
      bound,
    );
    most = Math.max(most, dropped);
  }
  return most;
}

/** Of a model that was renamed. */
export async function renamePoints(store: Handle, from: string, to: string): Promise<void> {
  await store.run("UPDATE points SET subject = $to WHERE kind <> 'gauge' AND subject = $from", { from, to });
}

/** Of a model that was deleted. */
export async function deletePoints(store: Handle, subject: string): Promise<void> {
  await store.run("DELETE FROM points WHERE kind <> 'gauge' AND subject = $subject", { subject });
}
