/** Decides for one route whether, when and how an alert is delivered. */
import { ALERTS, type AlertCode } from "../../events/alert-records.ts";
import type { LogEntry, LoggedEvent } from "../../events/event-log.ts";
import type { EventData } from "../../events/events.ts";
import type { StoredAlertRoute } from "../../store/alert-routes.ts";
import { findAlert } from "../../store/alerts.ts";
import type { Store } from "../../store/database.ts";
import { findRun } from "../../store/runs.ts";
import { quietFor } from "./clock.ts";
import type { Message } from "./messages.ts";
import { NOT_WANTED } from "./ordered-delivery.ts";
import type { RouteSpec } from "./spec.ts";

/** A changed clock, or a machine that slept, is noticed within this time. */
const LONGEST_WAIT_MS = 60_000;
/** Delivered later than this, an alert must still be active. */
const FRESH_MS = 60_000;

type Told = EventData<"alert.raised"> | EventData<"alert.resolved">;

export interface DeliveryOptions {
  store: Store;
  /** The URL by which people reach this server. */
  home: () => string;
  now: () => number;
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  send: (message: Message) => Promise<string | null>;
  /** This lane delivers errors, which quiet hours do not hold back; the other lane everything else. */
  isUrgent: boolean;
}

/** Whether a route has two lanes: an alert that waits for the end of quiet hours must not hold up urgent ones. */
export function hasUrgentLane({ quiet }: RouteSpec): boolean {
  return quiet?.exceptErrors === true;
}

export class RouteDelivery {
  /** Alerts that ended before they were delivered: their end is not delivered either. */
  private readonly passedOver = new Set<string>();

  constructor(
    private readonly route: Pick<StoredAlertRoute, "name">,
    private readonly spec: RouteSpec,
    private readonly options: DeliveryOptions,
  ) {}

  /** Null: delivered. Text: why not. */
  async deliver(entry: LogEntry, signal: AbortSignal): Promise<string | null | typeof NOT_WANTED> {
    const { at, data } = JSON.parse(entry.json) as LoggedEvent;
    const alert = data as unknown as Told;
    const isOver = entry.type === "alert.resolved";
    if (isOver && (this.spec.resolved === false || this.passedOver.delete(alert.id))) return NOT_WANTED;
    const model = await this.modelOf(alert);
    const severity = "severity" in alert ? alert.severity : await this.severityOf(alert);
    if (!this.isFor({ code: alert.code as AlertCode, severity, model })) return NOT_WANTED;
    if (!this.options.isUrgent) await this.waitWhileQuiet(signal);
    if (signal.aborted) return NOT_WANTED;
    if (!isOver && (await this.isPassed(alert, Date.parse(at)))) {
      this.passedOver.add(alert.id);
      return NOT_WANTED;
    }
    return this.options.send(this.messageOf(alert, { isOver, severity, model }));
  }

  private isFor(alert: { code: AlertCode; severity: string; model: string | null }): boolean {
    const { code, severity, model } = alert;
    const { severities, kinds, models } = this.spec;
    if (hasUrgentLane(this.spec) && this.options.isUrgent !== (severity === "error")) return false;
    if (severities?.length && !severities.some((wanted) => wanted === severity)) return false;
    if (kinds?.length && !kinds.includes(code)) return false;
    return !models?.length || (model !== null && models.includes(model));
  }

  private async waitWhileQuiet(signal: AbortSignal): Promise<void> {
    const { quiet } = this.spec;
    if (!quiet) return;
    for (;;) {
      const left = quietFor(quiet, this.options.now());
      if (left <= 0 || signal.aborted) return;
      await this.options.wait(Math.min(left, LONGEST_WAIT_MS), signal);
    }
  }

  /** It ended while it waited. */
  private async isPassed({ code, subject }: Told, raisedAt: number): Promise<boolean> {
    if (this.options.now() - raisedAt < FRESH_MS) return false;
    const known = await findAlert(this.options.store, code as AlertCode, subject);
    return known === null || known.endedAt !== null;
  }

  private async severityOf({ code, subject }: Told): Promise<"warning" | "error"> {
    return (await findAlert(this.options.store, code as AlertCode, subject))?.severity ?? "warning";
  }

  private async modelOf({ code, subject }: Told): Promise<string | null> {
    const { subject: kind } = ALERTS[code as AlertCode] ?? {};
    if (kind === "model") return subject;
    return kind === "run" ? ((await findRun(this.options.store, subject))?.modelName ?? null) : null;
  }

  private messageOf(
    alert: Told,
    { isOver, severity, model }: { isOver: boolean; severity: "warning" | "error"; model: string | null },
  ): Message {
    const record = ALERTS[alert.code as AlertCode];
    const word = isOver ? "Resolved" : severity === "error" ? "Error" : "Warning";
    const { code: kind, subject } = alert;
    const about = { kind, subject, model, resolved: isOver, route: this.route.name };
    return {
      title: `${word}: ${model ?? TITLES[alert.code as AlertCode] ?? alert.code} (Signalbox)`,
      lines: isOver
        ? [`No longer the case: ${alert.sentence}`]
        : [alert.sentence, `At risk: ${record.risk}`, `What to do: ${record.fix}`],
      severity: isOver ? "info" : severity,
      url: `${this.options.home()}${record.path(subject)}`,
      data: isOver ? about : { ...about, risk: record.risk, fix: record.fix },
    };
  }
}

/** What an alert is about, if it is not about a model. */
const TITLES: Partial<Record<AlertCode, string>> = {
  "run.failed": "training",
  health: "machine",
  refresh: "dataset",
  source: "source",
  schedule: "schedule",
  host: "host",
};
