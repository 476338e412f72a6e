/** A run's reports go out in batches: nothing is lost, and only old progress is dropped. */
import { expect, test } from "bun:test";
import { joinReports, ReportPacer } from "../../../core/training/report-pacer.ts";
import type { RunReport } from "../../../core/training/run.ts";

const round = (number: number): RunReport => ({
  type: "rounds",
  position: 3,
  rounds: [
    { type: "round", candidate: "trees", round: number, train: 0, valid: 0, metric: "r2", baseline: 0 },
  ],
});
const progress = (share: number, position = 3): RunReport => ({
  type: "stage",
  position,
  report: { type: "progress", progress: share, note: "" },
});

test("the first report is sent at once, what follows soon is held until the batch is sent", () => {
  const sent: RunReport[][] = [];
  const pacer = new ReportPacer((batch) => sent.push(batch));
  pacer.take({ type: "started", position: 3 });
  expect(sent).toEqual([[{ type: "started", position: 3 }]]);
  for (const report of [round(1), progress(0.1), round(2), progress(0.2), round(3)]) pacer.take(report);
  pacer.take({ type: "finished", position: 3, durationMs: 1 });
  pacer.flush();
  expect(sent[1]!.map(({ type }) => type)).toEqual(["rounds", "stage", "finished"]);
  expect(sent[1]![0]).toMatchObject({ rounds: [{ round: 1 }, { round: 2 }, { round: 3 }] });
  expect(sent[1]![1]).toEqual(progress(0.2));
  pacer.flush();
  expect(sent).toHaveLength(2);
});

test("progress of one stage does not replace that of another", () => {
  const sent: RunReport[][] = [];
  const pacer = new ReportPacer((batch) => sent.push(batch));
  pacer.take({ type: "started", position: 3 });
  for (const report of [progress(1, 3), progress(0, 4)]) pacer.take(report);
  pacer.flush();
  expect(sent[1]).toEqual([progress(1, 3), progress(0, 4)]);
});

test("batches that waited are joined: every round and every other report stays, in order", () => {
  const scored: RunReport = {
    type: "stage",
    position: 3,
    report: { type: "facts", facts: { metric: "r2" } },
  };
  const waited = [progress(0.1), round(1), scored, round(2), progress(0.3), progress(0, 4), round(3)];
  const joined = joinReports(waited);
  const rounds = [1, 2, 3].map((number) => expect.objectContaining({ round: number }));
  expect(joined).toEqual([
    { type: "rounds", position: 3, rounds },
    scored,
    progress(0.3),
    progress(0, 4),
  ] as RunReport[]);
  expect(joinReports(joined)).toEqual(joined);
});
