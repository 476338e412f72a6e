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
    this.batch = joinReports([...this.batch, report]);
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
}

/** As one batch: rounds of a stage are joined, and newer progress replaces older. */
export function joinReports(reports: readonly RunReport[]): RunReport[] {
  let joined: RunReport[] = [];
  for (const report of reports) {
    if (report.type === "rounds") {
      const held = joined.findIndex(
        ({ type, position }) => type === "rounds" && position === report.position,
      );
      if (held >= 0) {
        const { rounds } = joined[held] as Rounds;
        joined[held] = { ...report, rounds: [...rounds, ...report.rounds] };
        continue;
      }
    } else if (isProgress(report))
      joined = joined.filter((other) => !isProgress(other) || other.position !== report.position);
    joined.push(report);
  }
  return joined;
}

type Rounds = Extract<RunReport, { type: "rounds" }>;

function isProgress(report: RunReport): boolean {
  return report.type === "stage" && report.report.type === "progress";
}
