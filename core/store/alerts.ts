/** SQL of alerts: one row for each kind and subject, active or ended. */
import type { Handle } from "./database.ts";

export interface AlertAction {
  label: string;
  method: "get" | "post";
  /** A page, below BASE_PATH. */
  path: string;
}

export interface StoredAlert {
  /** A new ID each time that it is raised. */
  id: string;
  code: string;
  subject: string;
  severity: "warning" | "error";
  sentence: string;
  action: AlertAction;
  /** The event that makes the activity row; null: the alert makes its own. */
  cause: string | null;
  raisedAt: number;
  /** Null: it has ended, or is waiting for its minute. */
  isTold: boolean;
  /** When an alert of this kind and subject was last reported. */
  toldAt: number | null;
  endedAt: number | null;
  /** Dismissed: neither shown nor reported again before it has ended. */
  dismissedAt: number | null;
}

const COLUMNS = `id, code, subject, severity, sentence, action, cause, raised_at AS "raisedAt", is_told AS "isTold",
  told_at AS "toldAt", ended_at AS "endedAt", dismissed_at AS "dismissedAt"`;

type Row = Omit<StoredAlert, "action" | "isTold"> & { action: string; isTold: 0 | 1 };
const readRow = (row: Row): StoredAlert => ({
  ...row,
  action: JSON.parse(row.action) as AlertAction,
  isTold: row.isTold === 1,
});

/** Also one that has ended. */
export async function findAlert(store: Handle, code: string, subject: string): Promise<StoredAlert | null> {
  const wanted = { code, subject };
  const row = await store.get<Row>(
    `SELECT ${COLUMNS} FROM alerts WHERE code = $code AND subject = $subject`,
    wanted,
  );
  return row && readRow(row);
}

/** Reported, active and not dismissed, newest first. */
export async function activeAlerts(store: Handle, limit: number): Promise<StoredAlert[]> {
  return (
    await store.all<Row>(
      `SELECT ${COLUMNS} FROM alerts WHERE is_told = 1 AND ended_at IS NULL AND dismissed_at IS NULL
       ORDER BY raised_at DESC, id LIMIT $limit`,
      { limit },
    )
  ).map(readRow);
}

/** Active alerts that are not reported yet. */
export async function waitingAlerts(store: Handle): Promise<StoredAlert[]> {
  return (await store.all<Row>(`SELECT ${COLUMNS} FROM alerts WHERE is_told = 0 AND ended_at IS NULL`)).map(
    readRow,
  );
}

export async function saveAlert(store: Handle, alert: StoredAlert): Promise<void> {
  await store.run(
    `INSERT INTO alerts
     (id, code, subject, severity, sentence, action, cause, raised_at, is_told, told_at, ended_at,
      dismissed_at)
     VALUES ($id, $code, $subject, $severity, $sentence, $action, $cause, $raisedAt, $isTold, $toldAt, $endedAt,
      $dismissedAt)
     ON CONFLICT (code, subject) DO UPDATE SET id = excluded.id, severity = excluded.severity,
       sentence = excluded.sentence, action = excluded.action, cause = excluded.cause, raised_at = excluded.raised_at,
       is_told = excluded.is_told, told_at = excluded.told_at, ended_at = excluded.ended_at,
       dismissed_at = excluded.dismissed_at`,
    { ...alert, action: JSON.stringify(alert.action), isTold: alert.isTold ? 1 : 0 },
  );
}

/** Deletes alerts that ended or were dismissed before that time. */
export async function trimAlerts(store: Handle, before: number): Promise<number> {
  return store.run("DELETE FROM alerts WHERE coalesce(ended_at, dismissed_at) < $before", { before });
}
