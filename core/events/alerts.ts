/**
 * Raises, resolves and dismisses alerts. One alert for each kind and subject, however often its cause is seen: it stays
 * until it is resolved or dismissed, and is reported at most once a minute. State and event are written together.
 */
import { AppError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Logger } from "../platform/logger.ts";
import {
  type AlertAction,
  activeAlerts,
  findAlert,
  type StoredAlert,
  saveAlert,
  waitingAlerts,
} from "../store/alerts.ts";
import type { Handle, Store } from "../store/database.ts";
import type { AlertCode } from "./alert-records.ts";
import type { EventLog, Recording } from "./event-log.ts";
import type { EventData, EventName } from "./events.ts";

export interface Alert {
  /** What kind of problem; with `subject` it identifies the alert. */
  code: AlertCode;
  /** What it is about: a run's ID, a model's name, a gauge. */
  subject: string;
  severity: "warning" | "error";
  /** What is wrong, with figures. */
  sentence: string;
  /** Its button. */
  action: AlertAction;
  /** The event just appended that the activity feed shows; without it the alert makes its own row. */
  cause?: EventName;
}

export interface AlertsOptions {
  store: Store;
  log: EventLog;
  logger: Logger;
  now: () => number;
}

const QUIET_MS = 60_000;
/** How far a value must return below its limit, so that one near it does not raise alerts repeatedly. */
const MARGIN = 0.05;
const STANDING_SHOWN = 100;
const RANK = { warning: 1, error: 2 };

export class Alerts {
  private timer: Timer | null = null;

  constructor(private readonly options: AlertsOptions) {}

  /** Continues where the last process ended: alerts that waited for their minute are reported. */
  async start(): Promise<void> {
    await this.tellWaiting();
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  /**
   * Raises an alert, or does nothing if it is already raised and not worse now. Can be called at every check. `tx` is
   * the transaction that changed the state behind the alert; without it the alert makes its own.
   */
  async raise(alert: Alert, tx?: Recording): Promise<void> {
    if (tx) await this.raiseIn(tx, alert);
    else await this.options.log.record((own) => this.raiseIn(own, alert));
  }

  private async raiseIn(tx: Recording, alert: Alert): Promise<void> {
    const { now } = this.options;
    const known = await findAlert(tx, alert.code, alert.subject);
    const cause = alert.cause ?? null;
    const stands = known?.endedAt === null;
    if (stands && RANK[alert.severity] <= RANK[known.severity]) {
      // Without an event nothing may change that a panel shows.
      if (alert.cause) await saveAlert(tx, { ...known, ...alert, cause });
      return;
    }
    const raised = { ...alert, cause, raisedAt: now(), isTold: false, endedAt: null, dismissedAt: null };
    await this.tell({ ...raised, id: stands ? known.id : newId(), toldAt: known?.toldAt ?? null }, tx);
  }

  /** Ends an alert. Does nothing if it is not active. */
  async resolve(code: AlertCode, subject: string, tx?: Recording): Promise<void> {
    if (tx) await this.resolveIn(tx, code, subject);
    else await this.options.log.record((own) => this.resolveIn(own, code, subject));
  }

  private async resolveIn(tx: Recording, code: AlertCode, subject: string): Promise<void> {
    const known = await findAlert(tx, code, subject);
    if (known?.endedAt !== null) return;
    await saveAlert(tx, { ...known, endedAt: this.options.now() });
    if (known.isTold && known.dismissedAt === null) await tx.append("alert.resolved", overOf(known));
  }

  /** Dismisses an alert. Throws AppError `missing`. */
  async dismiss(id: string): Promise<void> {
    await this.options.log.record(async (tx) => {
      const alert = (await activeAlerts(tx, STANDING_SHOWN)).find((entry) => entry.id === id);
      if (!alert)
        throw new AppError("missing", `Alert ${id} does not exist`, { fix: "GET /api/alerts lists them." });
      await saveAlert(tx, { ...alert, dismissedAt: this.options.now() });
      await tx.append("alert.dismissed", overOf(alert));
    });
  }

  /** For measurements: raised once the value is beyond the limit, resolved once it is 5 % back from it. */
  async check(
    alert: Alert,
    measured: { value: number; limit: number; worse: "above" | "below" },
  ): Promise<void> {
    const { value, limit, worse } = measured;
    await this.options.log.record(async (tx) => {
      const known = await findAlert(tx, alert.code, alert.subject);
      const margin = known?.endedAt === null ? MARGIN * Math.abs(limit) : 0;
      const isBeyond = worse === "above" ? value > limit - margin : value < limit + margin;
      if (isBeyond) await this.raiseIn(tx, alert);
      else await this.resolveIn(tx, alert.code, alert.subject);
    });
  }

  /** Reported and active alerts, newest first. */
  active(store: Handle = this.options.store): Promise<StoredAlert[]> {
    return activeAlerts(store, STANDING_SHOWN);
  }

  /** Now, or a minute after the last report of the same kind and subject. */
  private async tell(alert: StoredAlert, tx: Recording): Promise<void> {
    const { now } = this.options;
    const waitMs = alert.toldAt === null ? 0 : alert.toldAt + QUIET_MS - now();
    if (waitMs > 0) {
      await saveAlert(tx, alert);
      this.timer ??= setTimeout(() => this.tellOnTime(), waitMs);
      return;
    }
    await saveAlert(tx, { ...alert, isTold: true, toldAt: now() });
    const { id, code, subject, severity, sentence, action, cause } = alert;
    await tx.append("alert.raised", { id, code, subject, severity, sentence, action, cause });
  }

  private tellOnTime(): void {
    this.tellWaiting().catch((error: unknown) => {
      this.options.logger.error({ error: String(error) }, "a delayed alert could not be reported");
      this.timer ??= setTimeout(() => this.tellOnTime(), QUIET_MS);
    });
  }

  private async tellWaiting(): Promise<void> {
    this.timer = null;
    if (!(await waitingAlerts(this.options.store)).length) return;
    await this.options.log.record(async (tx) => {
      for (const alert of await waitingAlerts(tx)) await this.tell(alert, tx);
    });
  }
}

function overOf({ id, code, subject, sentence, cause }: StoredAlert): EventData<"alert.resolved"> {
  return { id, code, subject, sentence, cause };
}
