/**
 * Draws the results of a run as they arrive: its test results, then settings, candidates and what each stage found,
 * folded.
 */
import type { Child } from "hono/jsx";
import { EXPERT_NAMES, EXPERT_SETTINGS } from "../../core/training/options/expert.ts";
import type { RunStage, RunView } from "../../core/training/run-view.ts";
import { ComparisonView } from "../model/results/comparison.tsx";
import { MetricTable } from "../model/results/metric-table.tsx";
import { Facts, Pairs, shownFacts } from "../parts/facts.tsx";
import { capital, duration, figure, figures, plural, unbroken } from "../parts/format.ts";
import { kindMeaning, metricLabel, taskLabel } from "../parts/words.ts";

export function ReportPanel({ data: run }: { data: RunView }) {
  const findings = run.stages.reduce((sum, stage) => sum + stage.findings.length, 0);
  return (
    <>
      {run.metrics && (
        <section class="panel" aria-labelledby="metrics-heading">
          <h2 id="metrics-heading">Test results</h2>
          <MetricTable
            metric={run.metric}
            metrics={run.metrics}
            intervals={run.intervals ?? {}}
            baseline={run.baseline ?? {}}
          />
        </section>
      )}
      <ComparisonView comparison={run.comparison} />
      <section class="panel" aria-labelledby="details-heading">
        <h2 id="details-heading">Details</h2>
        <Folded id="run-settings" title="Settings">
          <Settings run={run} />
        </Folded>
        {run.candidates.length > 0 && (
          <Folded id="run-candidates" title={`Candidates and their parameters (${run.candidates.length})`}>
            <Candidates run={run} />
          </Folded>
        )}
        <Folded id="run-stages" title={`Stage details${findings ? ` (${plural(findings, "finding")})` : ""}`}>
          <StageFacts stages={run.stages} />
        </Folded>
      </section>
    </>
  );
}

function Folded({ id, title, children }: { id: string; title: string; children: Child }) {
  return (
    <details id={id} class="folded">
      <summary>{title}</summary>
      <div class="folded-body">{children}</div>
    </details>
  );
}

function Candidates({ run }: { run: RunView }) {
  const scores = figures(run.candidates.map(({ score }) => score));
  return (
    <ul class="settings-list">
      {run.candidates.map(({ name, durationMs, params }, k) => (
        <li>
          <details>
            <summary>
              {name}: {scores[k]}, {duration(durationMs)}
            </summary>
            {kindMeaning(name) && <p class="hint">{capital(kindMeaning(name))}.</p>}
            <Pairs entries={Object.entries(params)} />
          </details>
        </li>
      ))}
    </ul>
  );
}

function StageFacts({ stages }: { stages: readonly RunStage[] }) {
  const told = stages.filter(({ facts, findings }) => shownFacts(facts).length > 0 || findings.length > 0);
  if (!told.length) return <p class="fine">Filled in as the stages finish.</p>;
  return (
    <>
      {told.map(({ name, facts, findings }) => (
        <div class="stage-facts">
          <h3>{name}</h3>
          {findings.length > 0 && (
            <ul class="findings">
              {findings.map((finding) => (
                <li class={`finding finding-${finding.severity}`}>{unbroken(finding.message)}</li>
              ))}
            </ul>
          )}
          <Facts facts={facts} />
        </div>
      ))}
    </>
  );
}

function Settings({ run }: { run: RunView }) {
  const { options } = run;
  const entries: [string, string][] = [
    ["Target column", options.target],
    ["Type of prediction", taskLabel(run.task)],
    ["Time limit", duration(options.budgetSeconds * 1000)],
    ["Metric", run.metric ? metricLabel(run.metric) : "chosen by type of prediction"],
    ["Test set", testSetWords(options)],
    [
      "Costs of mistakes",
      options.costs
        ? `false positive ${figure(options.costs.falsePositive)}, false negative ${figure(options.costs.falseNegative)}`
        : "equal",
    ],
    ["Excluded columns", options.exclude.length ? options.exclude.join(", ") : "none"],
    ["Seed", `${options.seed} (the same seed gives the same split)`],
    ...expertEntries(options),
  ];
  return <Pairs entries={entries} />;
}

function testSetWords({ split, splitColumn, testColumn, testDatasetId }: RunView["options"]): string {
  if (testColumn) return `rows that ${testColumn} marks`;
  if (testDatasetId) return "another dataset";
  return splitColumn ? `by ${split} on ${splitColumn}` : "random rows";
}

/** Of the expert settings those that were made. */
function expertEntries(options: RunView["options"]): [string, string][] {
  return EXPERT_NAMES.flatMap((name): [string, string][] => {
    const value = options[name];
    if (value === undefined) return [];
    return [[EXPERT_SETTINGS[name].label, settingWords(value)]];
  });
}

/** "yes = 5, no = 1"; of settings by learner, each with its learner. */
function settingWords(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, part]) =>
      typeof part === "object" ? `${name}: ${settingWords(part)}` : `${name} = ${String(part)}`,
    )
    .join(", ");
}
