/** Draws the metrics with their meaning: the three most important, the rest folded. */
import { extent, RangeStrip } from "../../charts/chart.tsx";
import { figures, plural } from "../../parts/format.ts";
import { isLowerBetter, metricLabel, metricMeaning, scoreWords } from "../../parts/words.ts";

export interface MetricTableProps {
  /** The run's own metric: it comes first. */
  metric: string | null;
  metrics: Record<string, number>;
  /** 95 % bootstrap interval of each metric. */
  intervals: Record<string, [number, number]>;
  baseline: Record<string, number>;
}

const FIRST = 3;
/** The most important metrics besides the run's own, by type of prediction. */
const TELLING = ["roc_auc", "accuracy", "f1_macro", "log_loss", "mae", "r2", "rmse"];

export function MetricTable(props: MetricTableProps) {
  const names = rankedNames(props);
  return (
    <>
      <Table {...props} names={names.slice(0, FIRST)} label="Metrics" />
      {names.length > FIRST && (
        <details id="more-metrics">
          <summary>{plural(names.length - FIRST, "more metric")}</summary>
          <Table {...props} names={names.slice(FIRST)} label="More metrics" />
        </details>
      )}
    </>
  );
}

function rankedNames({ metric, metrics }: MetricTableProps): string[] {
  const order = [metric ?? "", ...TELLING];
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return Object.keys(metrics).sort((a, b) => place(a) - place(b));
}

function Table(props: MetricTableProps & { names: readonly string[]; label: string }) {
  const { names, label, metrics, intervals, baseline } = props;
  return (
    <section class="scroll" tabindex={0} aria-label={label}>
      <table class="metrics">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col" class="number">
              This model
            </th>
            <th scope="col" class="metric-range">
              95 % interval
            </th>
            <th scope="col" class="number">
              Baseline
            </th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <MetricRow name={name} value={metrics[name]!} interval={intervals[name]} guess={baseline[name]} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  name: string;
  value: number;
  interval: [number, number] | undefined;
  guess: number | undefined;
}

function MetricRow(props: RowProps) {
  const { name, value, interval, guess } = props;
  const [shown, low, high, beside] = figures([
    value,
    ...(interval ?? [Number.NaN, Number.NaN]),
    guess ?? Number.NaN,
  ]);
  return (
    <tr>
      <MetricHead name={name} />
      <td class="number metric-value">{scoreWords(name, value, shown!)}</td>
      <td class="metric-range">
        <MetricStrip {...props} words={`${low} to ${high}`} />
      </td>
      <td class="number">{guess === undefined ? "–" : scoreWords(name, guess, beside!)}</td>
    </tr>
  );
}

function MetricStrip({ name, value, interval, guess, words }: RowProps & { words: string }) {
  if (!interval) return <>–</>;
  const [low, high] = interval;
  const isShare = low >= 0 && high <= 1 && !isLowerBetter(name);
  const domain: [number, number] = isShare ? [0, 1] : extent([0, low, high, guess ?? 0]);
  return (
    <>
      <span>{words}</span>
      <RangeStrip
        label={`${metricLabel(name)}: 95 % interval ${words}`}
        domain={domain}
        value={value}
        low={low}
        high={high}
        reference={guess ?? null}
      />
    </>
  );
}

/** The metric's name and meaning, at the start of its row. */
export function MetricHead({ name }: { name: string }) {
  return (
    <th scope="row">
      {metricLabel(name)}
      <span class="says">
        {metricMeaning(name)} {isLowerBetter(name) ? "Lower is better." : "Higher is better."}
      </span>
    </th>
  );
}
