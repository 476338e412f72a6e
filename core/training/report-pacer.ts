/**
 * Sets the pace at which a run reports: at once after a silence, then a batch every 100 ms, as often as a page is
 * drawn. It is the only place that delays a report: the server writes each batch in one transaction as it arrives, and
 * the live core draws the panels that became stale. No report is lost except progress that a newer one replaces.
 */
import type { RunReport } from "./run.ts";

const BATCH_MS = 100;

export class ReportPacer {
  private batch: RunReport[] = [];
  private sentAt = Number.NEGATIVE_INFINITY;
  private timer: Timer | null = null;

  constructor(private readonly send: (batch: RunReport[]) => void) {}

  take = (report: RunReport): void => {
    this.add(report);
    const waitMs = this.sentAt + BATCH_MS - performance.now();
    if (waitMs <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), waitMs);
  };

  /** Sends what is held back; a run calls it at its end. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (!this.batch.length) return;
    const { batch } = this;
    this.batch = [];
    this.sentAt = performance.now();
    this.send(batch);
  }

  private add(report: RunReport): void {
    if (report.type === "rounds") {
      const held = this.batch.find((other) => other.type === "rounds");
      if (held) return void held.rounds.push(...report.rounds);
    } else if (isProgress(report)) {
      this.batch = this.batch.filter((other) => !isProgress(other) || other.position !== report.position);
    }
    this.batch.push(report);
  }
}

function isProgress(report: RunReport): boolean {
  return report.type === "stage" && report.report.type === "progress";
}
