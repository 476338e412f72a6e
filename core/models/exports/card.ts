/** Writes a version's model card: what it predicts, how well, on what data, and what to know before using it. */
import { count, distinctFigures, plural } from "../../platform/figures.ts";
import type { StoredVersion } from "../../store/models.ts";
import type { StoredRun } from "../../store/runs.ts";
import { metricLabel, scoreWords } from "../../trainer/metrics/index.ts";
import { isRefit } from "../../trainer/refit.ts";

/** Markdown, in the sections of Mitchell et al. 2019. */
export function modelCard(version: StoredVersion, run: StoredRun): string {
  const { name, result, createdAt } = version;
  const { schema, rowsTrain, rowsTest, refit } = result;
  const columns = schema.features.map(({ name: column, type }) => `- ${line(column)} (${type})`);
  return `# ${line(name)} version ${version.version}

${result.verdict}

## Model

Predicts "${line(schema.target)}" (${result.task}) with ${line(result.best)}. Trained ${new Date(createdAt).toISOString()} by run ${run.number}.

## Data

"${line(run.datasetName)}", version ${run.datasetVersion}: ${plural(rowsTrain, "training row")}, ${count(rowsTest)} test rows.
${isRefit(refit) ? `The served model learned from all ${count(refit.rows)} rows; the figures describe the model before that.\n` : ""}
## Figures on the test set

| metric | value | 95 % interval | baseline |
|---|---|---|---|
${Object.keys(result.metrics)
  .map((metric) => figureRow(version, metric))
  .join("\n")}

## Data issues

${(result.findings ?? []).map(({ severity, message }) => `- ${severity}: ${line(message)}`).join("\n") || "No issues found."}

## Columns

${columns.join("\n")}
`;
}

function figureRow({ result }: StoredVersion, metric: string): string {
  const [low, high] = result.intervals[metric] ?? [];
  const given = [result.metrics[metric], low, high, result.baseline[metric]];
  const written = distinctFigures(given.filter((value) => value !== undefined));
  const [value, from, to, guess] = given.map((number, k) => {
    if (number === undefined) return "–";
    const text = written.shift()!;
    return k === 0 || k === 3 ? scoreWords(metric, number, text) : text;
  });
  return `| ${metricLabel(metric)} | ${value} | ${from} to ${to} | ${guess} |`;
}

/** A name from the data never breaks out of its line. */
const line = (text: string) => text.replace(/\s+/g, " ").replace(/([|*_`<[\]])/g, "\\$1");
