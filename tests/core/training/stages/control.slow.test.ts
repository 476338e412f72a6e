/** Checks that a run is repeatable, can be finished early or cancelled, and resumes after a crash. */
import { expect, test } from "bun:test";
import type { Table } from "../../../../core/csv/types.ts";
import type { RunResult } from "../../../../core/trainer/contract.ts";
import { predict } from "../../../../core/trainer/model/model.ts";
import { readModel } from "../../../../core/trainer/model/model-file.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { category, draw, normal, numbers, runStages } from "./run.ts";

function table(rows = 300): Table {
  const random = seededRandom(2);
  const x = draw(rows, () => normal(random));
  const z = draw(rows, () => normal(random));
  return {
    rows,
    columns: [
      numbers("x", x),
      numbers("z", z),
      category(
        "fine",
        draw(rows, random).map((u) => `label ${Math.floor(u * 80)}`),
      ),
      category(
        "y",
        x.map((value, row) => (value + z[row] ** 2 + normal(random) / 2 > 0.8 ? "b" : "a")),
      ),
    ],
  };
}

test("the same bytes, seed and rounds give the same model to the byte, however fast the clock runs", async () => {
  let now = 0;
  const slow = await runStages(table(), "y", { elapsedMs: () => (now += 40) });
  const still = await runStages(table(), "y");
  expect(Buffer.from(slow.files.get("model.bin")!).equals(Buffer.from(still.files.get("model.bin")!))).toBe(
    true,
  );
  const timeless = ({ refit: _, cost: __, ...result }: RunResult) => result;
  expect(timeless(slow.result)).toEqual(timeless(still.result));
  expect(slow.result.refit).toMatchObject({ rows: 300 });
});

test("another seed gives another model", async () => {
  const first = await runStages(table(), "y");
  const second = await runStages(table(), "y", { options: { seed: 2 } });
  expect(Buffer.from(first.files.get("model.bin")!).equals(Buffer.from(second.files.get("model.bin")!))).toBe(
    false,
  );
});

test("stop ends the race with the best so far, and the model predicts", async () => {
  const stop = new AbortController();
  const { result, files, reports } = await runStages(table(), "y", {
    stop: stop.signal,
    options: { budgetRounds: null },
    onReport: (_, report) => {
      if (report.type === "candidate" && report.candidate.family === "linear") stop.abort();
    },
  });
  const families = reports.flatMap(({ report }) =>
    report.type === "candidate" ? [report.candidate.family] : [],
  );
  expect(families).not.toContain("boosting");
  expect(result.best).toContain("regression");
  const { probabilities } = predict(readModel(files.get("model.bin")!), table());
  expect(probabilities!.every(Number.isFinite)).toBe(true);
});

test("stop in the middle of the first boosting keeps what was scored before it", async () => {
  const stop = new AbortController();
  const { result, work } = await runStages(table(), "y", {
    stop: stop.signal,
    options: { budgetRounds: null },
    onReport: (_, report) => {
      if (report.type === "round") stop.abort();
    },
  });
  expect(result.best).toContain("regression");
  expect(work.entries!.some((entry) => entry.candidateConfig.family === "linear")).toBe(true);
});

test("cancel throws its reason", async () => {
  const cancel = new AbortController();
  const reason = new Error("no longer wanted");
  const run = runStages(table(), "y", {
    cancel: cancel.signal,
    onReport: (_, report) => {
      if (report.type === "round" && report.round === 3) cancel.abort(reason);
    },
  });
  await expect(run).rejects.toBe(reason);
});

test("the race ends when the time is used", async () => {
  let now = 0;
  const { reports, result } = await runStages(table(), "y", {
    options: { budgetRounds: null, budgetSeconds: 2 },
    elapsedMs: () => (now += 1),
  });
  const facts = reports.findLast(
    ({ stage, report }) => stage === "Model selection" && report.type === "facts",
  );
  expect(facts?.report).toMatchObject({ facts: { ended: "time" } });
  expect(result.beatsBaseline).toBe(true);
});

test("an interrupted run resumes from its scored candidates and ends with the same model", async () => {
  const whole = await runStages(table(), "y");
  const files = new Map<string, Uint8Array>();
  const cancel = new AbortController();
  const scored = new Set<string>();
  let reports = 0;
  const interrupted = runStages(table(), "y", {
    files,
    cancel: cancel.signal,
    onReport: (_, report) => {
      if (report.type !== "candidate") return;
      scored.add(report.candidate.name);
      if (++reports === 4) cancel.abort(new Error("crash"));
    },
  });
  await expect(interrupted).rejects.toThrow("crash");
  expect(files.has("candidates.json")).toBe(true);
  let rounds = 0;
  const first: string[] = [];
  const resumed = await runStages(table(), "y", {
    files,
    onReport: (_, report) => {
      if (report.type === "round" && report.candidate.endsWith("31 leaves")) rounds++;
      if (report.type === "candidate" && first.length < scored.size) first.push(report.candidate.name);
    },
  });
  expect(first.sort()).toEqual([...scored].sort());
  expect(rounds).toBe(0);
  expect(resumed.result.best).toBe(whole.result.best);
  expect(resumed.result.metrics).toEqual(whole.result.metrics);
});

test("candidates of another run are not taken up", async () => {
  const files = new Map<string, Uint8Array>();
  await runStages(table(), "y", { files });
  let rounds = 0;
  await runStages(table(), "y", {
    files,
    options: { seed: 9 },
    onReport: (_, report) => {
      if (report.type === "round") rounds++;
    },
  });
  expect(rounds).toBeGreaterThan(0);
});

test("a stop before anything was learned keeps a part of many rows, and reports it", async () => {
  const stop = new AbortController();
  const { result, reports } = await runStages(table(22_000), "y", {
    stop: stop.signal,
    options: { budgetRounds: null },
    onReport: (stage, report) => {
      if (stage === "Data validation" && report.type === "facts") stop.abort();
    },
  });
  const findings = reports.flatMap(({ report }) => (report.type === "finding" ? [report.finding.code] : []));
  expect(findings).toContain("rows_sampled");
  expect(result.rowsTrain + result.rowsTest).toBeLessThanOrEqual(20_000);
  expect(result.best).toContain("regression");
}, 30_000);

test("after a stop fewer rows are encoded where texts are long", async () => {
  const stop = new AbortController();
  const texts = Array.from(
    { length: 1000 },
    (_, row) => `${row % 3 ? "calm" : "loud"} ${`word${row} `.repeat(400)}`,
  );
  const y = texts.map((value) => value.slice(0, 4));
  const { result } = await runStages(
    { rows: 1000, columns: [category("text", texts, "text"), category("y", y)] },
    "y",
    {
      stop: stop.signal,
      options: { budgetRounds: null },
      onReport: (stage, report) => {
        if (stage === "Data validation" && report.type === "facts") stop.abort();
      },
    },
  );
  expect(result.rowsTrain).toBe(500);
});

test("a stop while columns are inspected reports how many were", async () => {
  const stop = new AbortController();
  const { reports } = await runStages(table(), "y", {
    stop: stop.signal,
    options: { budgetRounds: null },
    onReport: (stage, report) => {
      if (stage === "Data validation" && report.type === "progress") stop.abort();
    },
  });
  const told = reports.flatMap(({ report }) => (report.type === "finding" ? [report.finding] : []));
  expect(told.find(({ code }) => code === "columns_uninspected")?.message).toContain("1 of 3 columns");
});

test("an evaluation that ran out of time reports what it left out", async () => {
  const stop = new AbortController();
  let now = 0;
  const { result } = await runStages(table(), "y", {
    options: { budgetRounds: 60 },
    stop: stop.signal,
    elapsedMs: () => {
      if (stop.signal.aborted) now += 1000;
      return now;
    },
    onReport: (stage) => {
      if (stage === "Performance evaluation") stop.abort();
    },
  });
  const cut = result.findings.find(({ code }) => code === "evaluation_cut");
  expect(cut!.message).toStartWith("Not computed: ");
  const whole = await runStages(table(), "y", { options: { budgetRounds: 60 } });
  expect(whole.result.findings.map(({ code }) => code)).not.toContain("evaluation_cut");
});

test("rows that could not be turned into features in time are left out, and the run reports it", async () => {
  const rows = 4000;
  const random = seededRandom(3);
  const word = () => `w${Math.floor(random() * 500)}`;
  const words = Array.from({ length: rows }, () => `${word()} ${word()}`);
  const texts: Table = {
    rows,
    columns: [
      { name: "text", type: "text", codes: Int32Array.from(words.keys()), labels: words },
      numbers("x", draw(rows, random)),
      category(
        "y",
        words.map((text) => (text < "w25" ? "a" : "b")),
      ),
    ],
  };
  let [now, isEncoding] = [0, false];
  const run = (stepMs: number) =>
    runStages(texts, "y", {
      options: { budgetRounds: null, budgetSeconds: 10 },
      // Texts have a checkpoint after some documents: more rows mean more checks of the clock.
      elapsedMs: () => {
        if (isEncoding) now += stepMs;
        return now;
      },
      onReport: (stage, report) => {
        isEncoding = stage === "Data preprocessing" && report.type === "progress" && report.progress === 1;
      },
    });
  const slow = await run(60);
  const told = slow.result.findings.find(({ code }) => code === "rows_sampled");
  expect(told?.message).toMatch(/^[\d,]+ of 3,?200 training rows are used/);
  expect(slow.result.rowsTrain).toBeLessThan(3200);
  now = 0;
  const quick = await run(0);
  expect(quick.result.findings.map(({ code }) => code)).not.toContain("rows_sampled");
  expect(quick.result.rowsTrain).toBe(3200);
}, 60_000);
