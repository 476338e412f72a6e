/** Draws the verdict, three figures beside their baselines, and warnings, errors first. */
import type { Finding } from "../../../core/csv/types.ts";
import type { ModelView } from "../../../core/routes/data/panel-data.ts";
import { figuresNote, refitSentence } from "../../../core/trainer/refit.ts";
import type { EvaluationData } from "../../../core/training/results/evaluation-data.ts";
import { count, figures, plural, scorePercent, unbroken } from "../../parts/format.ts";
import { LampDot, VerdictWords } from "../../parts/parts.tsx";
import { isLowerBetter, type Lamp, metricLabel, metricMeaning, scoreWords } from "../../parts/words.ts";
import { ComparisonView } from "./comparison.tsx";
import { Ranking } from "./evaluation.tsx";
import { MetricTable } from "./metric-table.tsx";

type Version = ModelView["versions"][number];

const LAMPS: Record<Finding["severity"], Lamp> = { info: "dark", warning: "caution", error: "danger" };
/** Warnings shown; the others are one click away. */
const SHOWN = 3;

export function Verdict({ version, data }: { version: Version; data: EvaluationData }) {
  const { result } = version;
  const isGood = result.beatsBaseline && !deployDoubts(version).length;
  return (
    <section id="good" class="panel verdict-card" aria-labelledby="good-heading">
      <h2 id="good-heading">Is it good?</h2>
      <p class="verdict model-verdict">
        <LampDot lamp={isGood ? "clear" : "caution"} />
        <span>
          <VerdictWords of={testedVerdict(result)} />
        </span>
      </p>
      <Tiles version={version} />
      <p class="fine">
        Measured on {plural(result.rowsTest, "test row")} that the tested model was not trained on; it was
        trained on {count(result.rowsTrain)}. The baseline always predicts{" "}
        {result.task === "regression" ? "the mean" : "the most common class"}. {refitSentence(result.refit)}
      </p>
      <Warnings findings={result.findings ?? []} />
      <details id="all-metrics">
        <summary>All metrics with 95 % intervals</summary>
        <MetricTable
          metric={result.metric}
          metrics={result.metrics}
          intervals={result.intervals}
          baseline={result.baseline}
        />
      </details>
      <Ranking data={data} />
      <ComparisonView comparison={result.comparison} />
    </section>
  );
}

/** The verdict without the sentence about the refit, which the line below it explains. */
export function testedVerdict({ verdict, refit }: Pick<Version["result"], "verdict" | "refit">): string {
  return verdict.replace(figuresNote(refit), "").trim();
}

/** Warnings about deploying, for the confirmation. */
export function deployDoubts({ result }: Pick<Version, "result">): string[] {
  const errors = (result.findings ?? []).filter(({ severity }) => severity === "error");
  return [
    ...(result.beatsBaseline ? [] : ["It does not beat the baseline."]),
    ...errors.map(({ message }) => message),
  ];
}

const TILES: Record<Version["result"]["task"], readonly string[]> = {
  binary: ["roc_auc", "accuracy", "f1", "log_loss"],
  multiclass: ["accuracy", "f1_macro", "log_loss", "balanced_accuracy"],
  regression: ["mae", "r2", "rmse", "median_absolute_error"],
};
const SHARES = new Set(["accuracy", "balanced_accuracy"]);

export function Tiles({ version: { result } }: { version: Version }) {
  const { metric, metrics, baseline, task } = result;
  const names = [...new Set([metric, ...TILES[task]])].filter((name) => metrics[name] !== undefined);
  return (
    <dl class="tiles">
      {names.slice(0, 3).map((name) => {
        const [value, guess] = written(name, metrics[name]!, baseline[name]);
        return (
          <div class="tile">
            <dt title={metricMeaning(name)}>{metricLabel(name)}</dt>
            <dd>
              <strong>{value}</strong>
              <span class="fine">
                {guess === undefined ? "" : `baseline ${guess}`}
                <span class="direction">; {isLowerBetter(name) ? "lower" : "higher"} is better</span>
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function written(name: string, value: number, guess: number | undefined): (string | undefined)[] {
  if (SHARES.has(name)) return [scorePercent(value), guess === undefined ? undefined : scorePercent(guess)];
  const texts = figures([value, guess ?? Number.NaN]);
  const [shown, beside] = [value, guess].map((n, k) => n !== undefined && scoreWords(name, n, texts[k]!));
  return [shown || undefined, beside || undefined];
}

export function Warnings({ findings }: { findings: readonly Finding[] }) {
  const told = findings.filter(({ severity }) => severity !== "info");
  if (!told.length) return null;
  const row = ({ severity, message }: Finding) => (
    <li class={`finding finding-${severity}`}>
      <LampDot lamp={LAMPS[severity]} />
      <span class="finding-words">{unbroken(message)}</span>
    </li>
  );
  return (
    <div class="titled">
      <h3>{plural(told.length, "warning")}</h3>
      <ul class="findings">{told.slice(0, SHOWN).map(row)}</ul>
      {told.length > SHOWN && (
        <details id="more-warnings">
          <summary>{told.length - SHOWN} more</summary>
          <ul class="findings">{told.slice(SHOWN).map(row)}</ul>
        </details>
      )}
    </div>
  );
}
