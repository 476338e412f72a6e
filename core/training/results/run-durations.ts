/** Sums how long runs took since the server started, by how they ended. */
export class RunDurations {
  private readonly totals = { finished: { count: 0, seconds: 0 }, failed: { count: 0, seconds: 0 } };

  /** `ms`: from start to end. */
  add(how: "finished" | "failed", ms: number): void {
    const total = this.totals[how];
    total.count += 1;
    total.seconds += Math.max(0, ms) / 1000;
  }

  list(): { status: string; count: number; seconds: number }[] {
    return Object.entries(this.totals).map(([status, total]) => ({ status, ...total }));
  }
}
