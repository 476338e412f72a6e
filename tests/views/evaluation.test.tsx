/** A stored evaluation of any age and shape: what fits is drawn, what does not is left out, and nothing throws. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { readEvaluation } from "../../core/training/results/evaluation-data.ts";
import { thresholdFigures, type Weighing } from "../../views/charts/threshold.tsx";
import { Mistakes, Ranking, Reasons } from "../../views/model/results/evaluation.tsx";
import { MODEL, RUN } from "./fixtures.ts";

const { schema } = MODEL.versions[0]!.result;
const draw = (evaluation: Record<string, unknown>) => {
  const data = readEvaluation(evaluation);
  const { target } = schema;
  const mistakes = Mistakes({
    links: { base: "", origin: "http://127.0.0.1:8000", curl: "curl" },
    model: "fruit",
    version: { version: 1, threshold: null, previousThreshold: null },
    weighing: WEIGHING,
    data,
    target,
  });
  return `${mistakes}${Ranking({ data })}${Reasons({ data, target, metric: "roc_auc", charts: "/charts" })}`;
};
const WEIGHING: Weighing = {
  threshold: null,
  costs: { falsePositive: 1, falseNegative: 5 },
  training: { datasetId: "d1", options: RUN.options },
};

const WHOLE = {
  classes: ["no", "yes"],
  confusion: [
    [40, 10],
    [5, 45],
  ],
  roc: [
    {
      class: "yes",
      points: [
        [0, 0],
        [0.2, 0.9],
        [1, 1],
      ],
    },
  ],
  precisionRecall: [
    {
      class: "yes",
      points: [
        [0.1, 1],
        [0.9, 0.8],
      ],
    },
  ],
  calibration: [{ class: "yes", bins: [{ predicted: 0.2, observed: 0.1, rows: 30 }] }],
  importance: [{ column: "size", importance: 0.2 }],
  dependence: [
    { column: "size", type: "number", at: [1, 2], answers: [[0.1], [0.9]] },
    { column: "colour", type: "category", at: ["red", "green"], answers: [[0.4], [0.6]] },
  ],
  slices: [{ column: "colour", where: "= red", rows: 20, error: 0.4, elsewhere: 0.1 }],
};

test("every part of an evaluation is drawn, each chart with its sentence and table", () => {
  const html = draw(WHOLE);
  expect(html).toContain("(10 of 50 rows)");
  expect(html).toContain("40\u00a0% wrong in 20 test rows; 10\u00a0% elsewhere");
  for (const id of ["roc", "precision-recall", "calibration", "importance", "effect-0", "effect-1"])
    expect(html).toContain(`id="${id}-caption"`);
  expect(html.match(/<figure/g)).toHaveLength(html.match(/Show as table/g)!.length);
});

test("each part can be absent", () => {
  for (const part of Object.keys(WHOLE)) {
    const { [part as keyof typeof WHOLE]: _, ...rest } = WHOLE;
    expect(() => draw(rest)).not.toThrow();
  }
  expect(draw({})).toContain("Not computed: the time limit was reached.");
});

const THRESHOLDS = [
  { threshold: 0, tp: 50, fp: 50, tn: 0, fn: 0 },
  { threshold: 0.4, tp: 45, fp: 10, tn: 40, fn: 5 },
  { threshold: 0.9, tp: 20, fp: 0, tn: 50, fn: 30 },
];

test("two classes: the slider starts at the threshold in force, and its figures weigh the costs", () => {
  const html = draw({ ...WHOLE, thresholds: THRESHOLDS, threshold: 0.4 });
  expect(html).toContain('min="0" max="1" step="any" value="0.4"');
  expect(html).toContain("{&quot;falsePositive&quot;:1,&quot;falseNegative&quot;:5}");
  const told = thresholdFigures(THRESHOLDS, 0.4, { falsePositive: 1, falseNegative: 5 });
  expect(told).toMatchObject({
    recall: "90 %",
    cleared: "80 %",
    cost: "35",
    least: "35",
    "least-from": "40 %",
  });
  const dear = thresholdFigures(THRESHOLDS, 0.4, { falsePositive: 10, falseNegative: 1 });
  expect(dear).toMatchObject({ cost: "105", least: "30", "least-from": "90 %", most: "500" });
  const none = thresholdFigures([{ threshold: 1, tp: 0, fp: 0, tn: 9, fn: 0 }], 0, WEIGHING.costs);
  expect(none).toMatchObject({ recall: "–", precision: "–", accuracy: "100 %" });
});

test("regression draws its errors", () => {
  const residuals = {
    low: -5,
    high: 5,
    counts: [1, 4, 1],
    quantiles: { p5: -4, p25: -1, p50: 0, p75: 1, p95: 4 },
    pairs: [
      [1, 2],
      [3, 3],
    ],
  };
  expect(draw({ residuals })).toContain(
    "In 9 of 10 test rows the actual value is between −4 and +4 of the prediction",
  );
});

test("any value can be stored and read back", () => {
  const part = fc.oneof(fc.jsonValue(), fc.array(fc.object()), fc.constantFrom(...Object.values(WHOLE)));
  const evaluation = fc.dictionary(fc.constantFrom(...Object.keys(WHOLE), "residuals"), part);
  fc.assert(
    fc.property(evaluation, (raw) => {
      readEvaluation(raw);
      expect(draw(raw)).not.toContain("NaN");
    }),
    { numRuns: 200 },
  );
});
