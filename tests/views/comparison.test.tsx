/** Checks that the page says which version is better on the same rows, whether a higher or lower metric is better. */
import { expect, test } from "bun:test";
import { ComparisonView } from "../../views/model/results/comparison.tsx";
import { RUN } from "./fixtures.ts";

const html = (comparison: typeof RUN.comparison) => String(<ComparisonView comparison={comparison} />);

test("a higher AUC is better, a higher log loss worse, and an interval that includes zero is within noise", () => {
  const page = html(RUN.comparison);
  expect(page).toContain("0.05 to 0.15: better");
  expect(page).toMatch(/0\.01 to 0\.2: worse/);
  expect(page).toContain("within noise");
  expect(page).not.toContain("<img");
});

test("a first version has no comparison, and versions that cannot be compared have no figures", () => {
  expect(html(null)).not.toContain("section");
  expect(html({ ...RUN.comparison!, rows: 0, metrics: {} })).not.toContain("table");
});
