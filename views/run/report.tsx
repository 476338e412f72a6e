/** What came of a run, as it comes: what was asked for, its figures, every candidate, and what each stage found. */
import type { RunStage, RunView } from "../../core/training/run-view.ts";
import { ComparisonView } from "../model/comparison.tsx";
import { Facts, Pairs, toldFacts } from "../parts/facts.tsx";
import { capital, duration, figure } from "../parts/format.ts";
import { kindSays, metricLabel, taskLabel } from "../parts/words.ts";
import { MetricTable } from "./metric-table.tsx";

export function ReportPanel({ data: run }: { data: RunView }) {
  return (
    <>
      <Asked run={run} />
      {run.metrics && (
        <section class="panel" aria-labelledby="metrics-heading">
          <h2 id="metrics-heading">On the rows kept aside</h2>
          <MetricTable metrics={run.metrics} intervals={run.intervals ?? {}} baseline={run.baseline ?? {}} />
        </section>
      )}
      <ComparisonView comparison={run.comparison} />
      {run.candidates.length > 0 && <Candidates run={run} />}
      <StageFacts stages={run.stages} />
    </>
  );
}

function Candidates({ run }: { run: RunView }) {
  return (
    <section class="panel" aria-labelledby="candidates-heading">
      <h2 id="candidates-heading">Every candidate and its settings</h2>
      <ul class="settings-list">
        {run.candidates.map(({ name, score, durationMs, params }) => (
          <li>
            <details>
              <summary>
                {name}: {figure(score)}, {duration(durationMs)}
              </summary>
              {kindSays(name) && <p class="hint">{capital(kindSays(name))}.</p>}
              <Pairs entries={Object.entries(params)} />
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

function StageFacts({ stages }: { stages: readonly RunStage[] }) {
  const told = stages.filter(({ facts, findings }) => toldFacts(facts).length > 0 || findings.length > 0);
  if (!told.length) return null;
  return (
    <section class="panel" aria-labelledby="facts-heading">
      <h2 id="facts-heading">What each stage found</h2>
      {told.map(({ name, facts, findings }) => (
        <div class="stage-facts">
          <h3>{name}</h3>
          {findings.length > 0 && (
            <ul class="findings">
              {findings.map((finding) => (
                <li class={`finding finding-${finding.severity}`}>{finding.message}</li>
              ))}
            </ul>
          )}
          <Facts facts={facts} />
        </div>
      ))}
    </section>
  );
}

function Asked({ run }: { run: RunView }) {
  const { options } = run;
  const entries: [string, string][] = [
    ["Predict", options.target],
    ["Kind of answer", taskLabel(run.task)],
    ["Time it may take", duration(options.budgetSeconds * 1000)],
    ["Metric", run.metric ? metricLabel(run.metric) : "chosen by the kind of answer"],
    [
      "Rows kept aside",
      options.splitColumn ? `by ${options.split} on ${options.splitColumn}` : "drawn at random",
    ],
    [
      "What mistakes cost",
      options.costs
        ? `a false alarm ${figure(options.costs.falsePositive)}, a miss ${figure(options.costs.falseNegative)}`
        : "all the same",
    ],
    ["Left out", options.exclude.length ? options.exclude.join(", ") : "nothing"],
    ["Seed", `${options.seed} (the same seed gives the same split)`],
  ];
  return (
    <section class="panel" aria-labelledby="asked-heading">
      <h2 id="asked-heading">What was asked for</h2>
      <Pairs entries={entries} />
    </section>
  );
}
