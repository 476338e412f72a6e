/** Checks that the verdict says how far the figures can be trusted, and for which class. */
import { describe, expect, test } from "bun:test";
import type { Finding } from "../../../../core/csv/types.ts";
import { measureAll } from "../../../../core/trainer/metrics/index.ts";
import type { Outcome } from "../../../../core/trainer/metrics/outcome.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { verdictOf } from "../../../../core/training/stages/work/verdict.ts";
import { category, draw, normal, numbers, runStages } from "./run.ts";

/** `yes` of the rows by their number; predicted from `probability` 0.5. */
function binary(truth: number[], probability: (row: number) => number): Outcome {
  const probabilities = Float64Array.from(
    truth.flatMap((_, row) => [1 - probability(row), probability(row)]),
  );
  return {
    task: "binary",
    classes: 2,
    truth: Float64Array.from(truth),
    values: Float64Array.from(truth, (_, row) => (probability(row) >= 0.5 ? 1 : 0)),
    probabilities,
    weights: null,
  };
}

function judge(outcome: Outcome, given: { interval: [number, number]; findings?: Finding[] }) {
  const share = outcome.truth.reduce((sum, k) => sum + k, 0) / outcome.truth.length;
  return verdictOf({
    metric: "roc_auc",
    metrics: measureAll(outcome),
    intervals: { roc_auc: given.interval },
    baseline: measureAll(binary([...outcome.truth], () => share)),
    target: "left",
    classes: ["no", "yes"],
    outcome,
    findings: given.findings ?? [],
  });
}

const rare = draw(1000, (row) => (row % 50 === 0 ? 1 : 0));

test("a share of correct predictions that guessing reaches too does not lead", () => {
  // Half of the rare rows are found, as many others are taken for them: 98 % right, as guessing has it.
  const outcome = binary(rare, (row) => (row % 100 === 0 || row % 100 === 7 ? 0.9 : rare[row] ? 0.4 : 0.1));
  const { verdict } = judge(outcome, { interval: [0.9, 0.99] });
  expect(verdict).toStartWith(
    "Finds 50.0 % of the rows that are “yes” (recall); 50.0 % of its “yes” predictions",
  );
  expect(verdict).not.toContain("correctly");
});

test("a model that never predicts the positive class says so", () => {
  const outcome = binary(rare, (row) => (rare[row] ? 0.3 : 0.1));
  expect(judge(outcome, { interval: [0.99, 1] }).verdict).toStartWith(
    "The model predicts “yes” for none of the test rows",
  );
});

describe("weak signal is called weak", () => {
  const even = draw(400, (row) => row % 2);
  const random = seededRandom(3);
  const noisy = even.map((k) => 0.5 + 0.02 * k + 0.3 * (random() - 0.5));
  const outcome = binary(even, (row) => noisy[row]);

  test("if the interval includes guessing", () => {
    const { verdict, beatsBaseline, signal } = judge(outcome, { interval: [0.49, 0.6] });
    expect({ beatsBaseline, signal }).toEqual({ beatsBaseline: false, signal: "weak" });
    expect(verdict).toStartWith("Weak signal: this model does not reliably beat the baseline");
  });

  test("if the gain is too small to notice", () => {
    const { verdict, beatsBaseline, signal } = judge(outcome, { interval: [0.51, 0.6] });
    expect({ beatsBaseline, signal }).toEqual({ beatsBaseline: true, signal: "weak" });
    expect(verdict).toStartWith("Weak signal: this model barely beats the baseline");
  });
});

test("the verdict names what makes the score unreliable before the score", () => {
  const leak: Finding = {
    code: "target_leak",
    severity: "error",
    column: "total",
    message: "“total” alone almost gives “left” away (ROC AUC 1.000).",
    fix: { exclude: ["total"] },
  };
  const { verdict } = judge(
    binary(rare, (row) => (rare[row] ? 0.9 : 0.1)),
    { interval: [0.99, 1], findings: [{ ...leak, severity: "warning", message: "odd" }, leak] },
  );
  expect(verdict).toStartWith("Do not trust this score before you have checked: “total” alone");
  expect(verdict).not.toContain("odd");
});

test("a test set without the rare class is reported with what is missing", () => {
  const outcome = binary(
    draw(20, () => 0),
    () => 0.1,
  );
  expect(judge(outcome, { interval: [0, 0] }).verdict).toStartWith(
    "ROC AUC could not be measured: none of the 20 test rows is “yes”.",
  );
});

describe.each([3, 4, 9])("%p positives in 300 rows", (positives) => {
  test("give a model, with scores where they are defined", async () => {
    const random = seededRandom(positives);
    const isHit = draw(300, (row) => (row % Math.floor(300 / positives) === 0 && row < 300 - 20 ? 1 : 0));
    const table = {
      rows: 300,
      columns: [
        numbers(
          "x",
          isHit.map((hit) => 2 * hit + normal(random)),
        ),
        numbers("noise", draw(300, random)),
        category(
          "hit",
          isHit.map((hit) => (hit ? "1" : "0")),
        ),
      ],
    };
    const { result, reports } = await runStages(table, "hit");
    expect(result.positiveClass).toBe("1");
    expect(result.verdict).toMatch(/Only \d+ of the 60 test rows (is|are) “1”|could not be measured/);
    expect(result.findings.map(({ code }) => code)).toContain("rare_class");
    for (const { report } of reports)
      if (report.type === "candidate")
        expect([...report.candidate.foldScores, report.candidate.score].every(Number.isFinite)).toBe(true);
  });
});

test("every metric refers to the chosen class, whatever the order of the labels", async () => {
  const random = seededRandom(8);
  const x = draw(400, () => normal(random));
  const table = {
    rows: 400,
    columns: [
      numbers("x", x),
      category(
        "status",
        x.map((value) => (value + 0.5 * normal(random) > 1.3 ? "fraud" : "legit")),
      ),
    ],
  };
  const [guessed, chosen] = [
    await runStages(table, "status"),
    await runStages(table, "status", { options: { positiveClass: "legit" } }),
  ];
  expect(guessed.result.positiveClass).toBe("fraud");
  expect(guessed.result.schema.classes).toEqual(["legit", "fraud"]);
  expect(chosen.result.positiveClass).toBe("legit");
  expect(chosen.result.metrics.recall).toBeGreaterThan(guessed.result.metrics.recall);
  expect(chosen.result.metrics.average_precision).toBeGreaterThan(guessed.result.metrics.average_precision);
  const roc = (ran: typeof guessed) =>
    (ran.result.evaluation.roc as { class: string }[]).map((curve) => curve.class);
  expect([roc(guessed), roc(chosen)]).toEqual([["fraud"], ["legit"]]);
  await expect(runStages(table, "status", { options: { positiveClass: "maybe" } })).rejects.toThrow(
    "“status” has no class “maybe”.",
  );
});

test("the percentage error is left out if the target comes near zero", () => {
  const outcome = (truth: number[]): Outcome => ({
    task: "regression",
    classes: 0,
    truth: Float64Array.from(truth),
    values: Float64Array.from(truth, (value) => value + 1),
    probabilities: null,
    weights: null,
  });
  expect(measureAll(outcome([100, 120, 90]))).toHaveProperty("mape");
  expect(measureAll(outcome([0, 120, 90]))).not.toHaveProperty("mape");
  expect(measureAll(outcome([0.001, -120, 90]))).not.toHaveProperty("mape");
});
