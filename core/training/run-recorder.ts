/**
 * Turns a child's reports into state and events: checked, and each batch written in one transaction. One disk sync for
 * many reports, and no event without the state that it describes.
 */
import * as z from "zod";
import type { Finding } from "../csv/types.ts";
import { alertAction } from "../events/alert-records.ts";
import type { Alert } from "../events/alerts.ts";
import type { EventLog, Recording } from "../events/event-log.ts";
import { lazily, type OutputOf } from "../platform/zod-setup.ts";
import { saveRounds } from "../store/rounds.ts";
import {
  countReports,
  isHeld,
  type RunForecast,
  type StoredRun,
  saveCandidate,
  updateRun,
  updateStage,
} from "../store/runs.ts";
import { type Candidate, STAGE_NAMES } from "../trainer/contract.ts";
import { joinReports } from "./report-pacer.ts";
import type { RunReport } from "./run.ts";
import { earlyProgress, progressAfterReport } from "./time-left.ts";

/** What a child may report; anything else ends it. */
const BATCH = lazily(() => {
  const position = z
    .number()
    .int()
    .min(0)
    .max(STAGE_NAMES.length - 1);
  const finding = z.object({
    code: z.string(),
    severity: z.enum(["info", "warning", "error"]),
    column: z.string().nullable(),
    message: z.string(),
    fix: z.looseObject({}).nullable(),
  });
  const candidate = z.object({
    name: z.string(),
    family: z.string(),
    score: z.number(),
    std: z.number(),
    foldScores: z.array(z.number()),
    params: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
    durationMs: z.number(),
  });
  const round = z.object({
    candidate: z.string(),
    round: z.number().int(),
    train: z.number(),
    valid: z.number(),
    metric: z.string(),
    baseline: z.number(),
  });
  const report = z.discriminatedUnion("type", [
    z.object({ type: z.literal("started"), position }),
    z.object({ type: z.literal("finished"), position, durationMs: z.number() }),
    z.object({ type: z.literal("rounds"), position, rounds: z.array(round) }),
    z.object({
      type: z.literal("stage"),
      position,
      report: z.discriminatedUnion("type", [
        z.object({
          type: z.literal("progress"),
          progress: z.number().min(0).max(1),
          note: z.string(),
          leftMs: z.number().min(0).optional(),
        }),
        z.object({ type: z.literal("finding"), finding }),
        z.object({ type: z.literal("facts"), facts: z.record(z.string(), z.unknown()) }),
        z.object({ type: z.literal("candidate"), candidate }),
      ]),
    }),
  ]);
  return z.array(report);
});
type Report = OutputOf<typeof BATCH>[number];

/** Two batches that wait to be written, as one; each is checked when it is. */
export const mergeBatches = (earlier: unknown, later: unknown): unknown => [earlier, later].flat();

export interface RecordOptions {
  log: EventLog;
  now: () => number;
}

export class RunRecord {
  private findings: Finding[] = [];
  private facts: Record<string, unknown> = {};
  private note = "";
  private progress = 0;
  /** Of the whole run. */
  private told: RunForecast | null = null;
  private readonly startedAt: number;
  /** Whether the last batch scored a candidate: then there is something new to resume from. */
  hasScored = false;
  /** Decided by Data validation, which reports it in its facts. */
  private metric = "score";

  constructor(
    private readonly run: StoredRun,
    private readonly options: RecordOptions,
  ) {
    this.startedAt = options.now();
  }

  /**
   * Writes a batch of reports and its events, all or nothing. `number`: of this batch; a batch that was already written
   * is skipped. False: the run's end was written meanwhile, or another worker has the run. Throws if it is not a valid
   * batch: the child is then ended.
   */
  async take(raw: unknown, number: number): Promise<boolean> {
    const reports = joinReports(BATCH().parse(raw) as RunReport[]) as Report[];
    this.hasScored = reports.some((told) => told.type === "stage" && told.report.type === "candidate");
    const { id, attempt } = this.run;
    return this.options.log.record(async (tx) => {
      if (!(await countReports(tx, { id, attempt, reports: number }))) return isHeld(tx, id, attempt);
      for (const report of reports) await this.write(report, tx);
      return true;
    });
  }

  private async write(report: Report, tx: Recording): Promise<void> {
    const { now } = this.options;
    const { id } = this.run;
    const stage = { position: report.position, stage: STAGE_NAMES[report.position]! };
    if (report.type === "started") {
      this.findings = [];
      this.facts = {};
      this.note = "";
      this.progress = 0;
      await updateStage(tx, id, { position: report.position, status: "running", startedAt: now() });
      await tx.append("stage.started", { ...runOf(this.run), ...stage });
    } else if (report.type === "finished") {
      const { durationMs } = report;
      await updateStage(tx, id, {
        position: report.position,
        status: "finished",
        progress: 1,
        durationMs,
      });
      const findings = this.findings.length;
      await tx.append("stage.finished", {
        ...runOf(this.run),
        ...stage,
        durationMs,
        findings,
        note: this.note,
      });
    } else if (report.type === "rounds") {
      await saveRounds(tx, id, report.rounds);
      const last = report.rounds.at(-1);
      if (last) await tx.append("round.finished", { ...runOf(this.run), ...last });
    } else await this.writeStage(report, tx);
  }

  private async writeStage(
    { position, report }: Extract<Report, { type: "stage" }>,
    tx: Recording,
  ): Promise<void> {
    const { id } = this.run;
    const stage = { position, stage: STAGE_NAMES[position]! };
    if (report.type === "progress") {
      // If a race finds more to do, progress stays where it was: a bar never falls.
      const progress = Math.max(this.progress, report.progress);
      const { note } = report;
      this.progress = progress;
      this.note = note;
      await updateStage(tx, id, { position, progress, note });
      const whole = await this.forecast(tx, { position, ...report });
      await tx.append("stage.progressed", { ...runOf(this.run), ...stage, progress, note, ...whole });
    } else if (report.type === "finding") {
      this.findings.push(report.finding as Finding);
      await updateStage(tx, id, { position, findings: this.findings });
    } else if (report.type === "facts") {
      Object.assign(this.facts, report.facts);
      if (typeof report.facts.metric === "string") this.metric = report.facts.metric;
      await updateStage(tx, id, { position, facts: this.facts });
    } else {
      const candidate = report.candidate as Candidate;
      const { name, family, score, std, foldScores, durationMs } = candidate;
      await saveCandidate(tx, id, candidate);
      await tx.append("candidate.scored", {
        ...runOf(this.run),
        candidate: name,
        family,
        score,
        std,
        foldScores,
        durationMs,
        metric: this.metric,
      });
    }
  }

  /** Progress of the whole run and time left: the bar never falls, and reaches its end when the time left is zero. */
  private async forecast(
    tx: Recording,
    { position, progress, leftMs }: { position: number; progress: number; leftMs?: number | undefined },
  ): Promise<{ runProgress: number; leftMs?: number }> {
    const at = this.options.now();
    const elapsedMs = at - this.startedAt;
    const share =
      leftMs === undefined ? earlyProgress(position, progress) : elapsedMs / (elapsedMs + leftMs || 1);
    const whole = progressAfterReport(this.told, { share, at });
    this.told = { progress: whole, leftMs: leftMs ?? null, at };
    await updateRun(tx, this.run.id, { forecast: this.told });
    return { runProgress: whole, ...(leftMs !== undefined && { leftMs }) };
  }
}

export function runOf(run: StoredRun) {
  const { id: runId, number: runNumber, datasetId, datasetName } = run;
  return { runId, runNumber, datasetId, datasetName };
}

export function failureOf(run: StoredRun, reason: string): Alert {
  return {
    code: "run.failed",
    subject: run.id,
    severity: "error",
    sentence: `Run ${run.number} (${run.options.target} from ${run.datasetName}) failed: ${reason}`,
    action: alertAction("run.failed", run.id),
    cause: "run.failed",
  };
}
