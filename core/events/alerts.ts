/**
 * Raises, resolves and dismisses alerts. One alert for each kind and subject, however often its reason is seen: it
 * stands until it is resolved or dismissed, and it is told at most once a minute. State and event are written
 * together.
 */
import { AppError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import {
  type AlertAction,
  findAlert,
  type StoredAlert,
  saveAlert,
  standingAlerts,
  waitingAlerts,
} from "../store/alerts.ts";
import type { Store } from "../store/database.ts";
import type { AlertCode } from "./alert-records.ts";
import type { Append, EventLog } from "./event-log.ts";
import type { EventData, EventName } from "./events.ts";

export interface Alert {
  /** What kind of problem; with `subject` it identifies the alert. */
  code: AlertCode;
  /** What it is about: a run's id, a model's name, a gauge. */
  subject: string;
  severity: "warning" | "error";
  /** What is wrong, with its figures. */
  sentence: string;
  /** The button beside it. */
  action: AlertAction;
  /** The event just appended that tells of it in the activity feed; without it the alert makes its own row. */
  cause?: EventName;
}

export interface AlertsOptions {
  store: Store;
  log: EventLog;
  now: () => number;
}

const QUIET_MS = 60_000;
/** How far a value must come back over its limit, so that one near it makes no storm. */
const MARGIN = 0.05;
const STANDING_SHOWN = 100;
const RANK = { warning: 1, error: 2 };

export class Alerts {
  private timer: Timer | null = null;

  constructor(private readonly options: AlertsOptions) {}

  /** Goes on where the last process ended: what waited for its minute is told. */
  start(): void {
    this.tellWaiting();
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  /**
   * Raises an alert, or does nothing where it stands already and is not worse now. It may be called at each look.
   * `append` is of the transaction that changed the state which is alarming; without it the alert makes its own.
   */
  raise(alert: Alert, append?: Append): void {
    if (append) this.raiseIn(append, alert);
    else this.options.log.record((own) => this.raiseIn(own, alert));
  }

  private raiseIn(append: Append, alert: Alert): void {
    const { store, now } = this.options;
    const known = findAlert(store, alert.code, alert.subject);
    const cause = alert.cause ?? null;
    const stands = known?.endedAt === null;
    if (stands && RANK[alert.severity] <= RANK[known.severity]) {
      // Without an event nothing may change that a panel shows.
      if (alert.cause) saveAlert(store, { ...known, ...alert, cause });
      return;
    }
    const raised = { ...alert, cause, raisedAt: now(), isTold: false, endedAt: null, dismissedAt: null };
    this.tell({ ...raised, id: stands ? known.id : newId(), toldAt: known?.toldAt ?? null }, append);
  }

  /** It is over. Nothing happens where it does not stand. */
  resolve(code: AlertCode, subject: string, append?: Append): void {
    if (append) this.resolveIn(append, code, subject);
    else this.options.log.record((own) => this.resolveIn(own, code, subject));
  }

  private resolveIn(append: Append, code: AlertCode, subject: string): void {
    const known = findAlert(this.options.store, code, subject);
    if (known?.endedAt !== null) return;
    saveAlert(this.options.store, { ...known, endedAt: this.options.now() });
    if (known.isTold && known.dismissedAt === null) append("alert.resolved", overOf(known));
  }

  /** A person has seen it. Throws AppError `missing`. */
  dismiss(id: string): void {
    const alert = this.standing().find((entry) => entry.id === id);
    if (!alert)
      throw new AppError("missing", `There is no alert ${id}`, { fix: "GET /api/alerts lists them." });
    this.options.log.record((append) => {
      saveAlert(this.options.store, { ...alert, dismissedAt: this.options.now() });
      append("alert.dismissed", overOf(alert));
    });
  }

  /** For who measures: raised once the value is beyond the limit, resolved once it is 5 % back from it. */
  check(alert: Alert, measured: { value: number; limit: number; worse: "above" | "below" }): void {
    const { value, limit, worse } = measured;
    const known = findAlert(this.options.store, alert.code, alert.subject);
    const margin = known?.endedAt === null ? MARGIN * Math.abs(limit) : 0;
    const isBeyond = worse === "above" ? value > limit - margin : value < limit + margin;
    if (isBeyond) this.raise(alert);
    else this.resolve(alert.code, alert.subject);
  }

  /** Those that were told and stand, newest first. */
  standing(): StoredAlert[] {
    return standingAlerts(this.options.store, STANDING_SHOWN);
  }

  /** Now, or once a minute has passed since one of its kind and subject was told. */
  private tell(alert: StoredAlert, append: Append): void {
    const { store, now } = this.options;
    const waitMs = alert.toldAt === null ? 0 : alert.toldAt + QUIET_MS - now();
    if (waitMs > 0) {
      saveAlert(store, alert);
      this.timer ??= setTimeout(() => this.tellWaiting(), waitMs);
      return;
    }
    saveAlert(store, { ...alert, isTold: true, toldAt: now() });
    const { id, code, subject, severity, sentence, action, cause } = alert;
    append("alert.raised", { id, code, subject, severity, sentence, action, cause });
  }

  private tellWaiting(): void {
    this.timer = null;
    const waiting = waitingAlerts(this.options.store);
    if (!waiting.length) return;
    this.options.log.record((append) => {
      for (const alert of waiting) this.tell(alert, append);
    });
  }
}

function overOf({ id, code, subject, sentence, cause }: StoredAlert): EventData<"alert.resolved"> {
  return { id, code, subject, sentence, cause };
}
