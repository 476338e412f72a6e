/**
 * Draws the threshold slider: probabilities from 0 to 100 %, with the cost of mistakes at each. Every figure follows
 * it, and the chosen threshold can be saved. static/model.js updates the same figures; without it the form asks the
 * server.
 */
import type { RunOptions } from "../../core/trainer/contract.ts";
import type { ThresholdCounts } from "../../core/training/results/evaluation-data.ts";
import { type Links, url } from "../layout/page-context.ts";
import { count, figure, percent, thresholdPercent } from "../parts/format.ts";
import { Action, Command, curlLine, Name } from "../parts/parts.tsx";
import { modelPath } from "../parts/paths.ts";
import { Figure } from "./chart.tsx";
import { PairMatrix } from "./pair-matrix.tsx";

export interface Weighing {
  /** The slider's value, 0..1; null: the current threshold. */
  threshold: number | null;
  costs: { falsePositive: number; falseNegative: number };
  /** The version's training settings, for a training with other costs. */
  training: { datasetId: string; options: RunOptions };
}

export interface ThresholdProps {
  links: Links;
  model: string;
  version: number;
  target: string;
  /** The negative class, the positive class. */
  classes: readonly [string, string];
  counts: readonly ThresholdCounts[];
  /** As the version was trained. */
  trained: number;
  /** Set for the version; null: as trained. */
  set: number | null;
  previous: number | null;
  weighing: Weighing;
}

/** Every text that follows the slider, by its name in the page; static/model.js writes the same. */
export function thresholdFigures(
  counts: readonly ThresholdCounts[],
  threshold: number,
  costs: Weighing["costs"],
): Record<string, string> {
  const at = indexOf(counts, threshold);
  const { tp, fp, tn, fn } = counts[at]!;
  const spent = counts.map((entry) => costOf(entry, costs));
  const least = leastOf(spent);
  return {
    from: thresholdPercent(threshold),
    recall: share(tp, tp + fn),
    cleared: share(tn, tn + fp),
    precision: share(tp, tp + fp),
    accuracy: share(tp + tn, tp + fp + tn + fn),
    tp: count(tp),
    fp: count(fp),
    tn: count(tn),
    fn: count(fn),
    cost: figure(spent[at]!),
    least: figure(spent[least]!),
    "least-from": thresholdPercent(counts[least]!.threshold),
    most: figure(Math.max(...spent)),
  };
}

export function Threshold(props: ThresholdProps) {
  const { links, model, version, target, classes, counts, trained, set, previous, weighing } = props;
  const { costs, training } = weighing;
  const used = set ?? trained;
  const at = weighing.threshold ?? used;
  const told = thresholdFigures(counts, at, costs);
  const Told = ({ name }: { name: string }) => <b data-figure={name}>{told[name]}</b>;
  const [, yes] = classes;
  const path = `${modelPath(model)}/threshold`;
  return (
    <div class="threshold-part">
      <form
        id="threshold"
        class="threshold"
        method="get"
        action={`${url(links, modelPath(model))}#mistakes`}
        data-counts={JSON.stringify(counts.map((entry) => Object.values(ordered(entry))))}
        data-used={String(used)}
      >
        <input type="hidden" name="version" value={String(version)} />
        <div class="threshold-choice">
          <h3>Threshold</h3>
          <label for="threshold-at" class="threshold-label">
            Predict “
            <Name of={yes} />” above <Told name="from" />
          </label>
          <CostChart counts={counts} at={at} used={used} costs={costs} told={told} />
          <p class="fine" data-in-force>
            Current threshold: <b>{thresholdPercent(used)}</b>
            {set === null ? " (as trained)" : ` (set by you; trained: ${thresholdPercent(trained)})`}. A lower
            threshold finds more “
            <Name of={yes} />” and is wrong more often.
          </p>
          <p class="actions">
            <button
              type="submit"
              class="primary"
              data-needs="deploy"
              formmethod="post"
              formaction={url(links, path)}
            >
              Use this threshold
            </button>
            <button type="button" class="needs-js" data-cheapest>
              Use the lowest cost
            </button>
            <button type="submit" class="no-js">
              Calculate
            </button>
          </p>
        </div>
        <div class="threshold-results">
          <h3>On the test set at this threshold</h3>
          <PairMatrix classes={classes} told={told} />
          <ul class="sentences">
            <li>
              Finds <Told name="recall" /> of the rows where <Name of={target} /> is <Name of={yes} />{" "}
              (recall).
            </li>
            <li>
              <Told name="precision" /> of its “
              <Name of={yes} />” predictions are correct (precision).
            </li>
            <li>
              Correct in <Told name="accuracy" /> of all rows (accuracy).
            </li>
          </ul>
          <div class="threshold-costs">
            <CostField name="costFalsePositive" value={costs.falsePositive}>
              Cost of a false positive
            </CostField>
            <CostField name="costFalseNegative" value={costs.falseNegative}>
              Cost of a false negative
            </CostField>
          </div>
          <p>
            Mistakes cost <Told name="cost" /> per 100 rows.
          </p>
          <details class="retrain" data-needs="train">
            <summary>Train a version for these costs</summary>
            <TrainingFields model={model} training={training} />
            <p class="actions">
              <button
                type="submit"
                formmethod="post"
                formaction={url(links, `/datasets/${encodeURIComponent(training.datasetId)}/train`)}
              >
                Train with these costs
              </button>
            </p>
            <CodeLine links={links} model={model} weighing={weighing} />
          </details>
        </div>
      </form>
      {set !== null && (
        <Action
          links={links}
          needs="deploy"
          path={path}
          label={`Undo: back to ${previous === null ? `${thresholdPercent(trained)} (as trained)` : thresholdPercent(previous)}`}
          fields={[
            { name: "version", value: String(version) },
            { name: "threshold", value: previous === null ? "" : String(previous) },
          ]}
          curl={curlLine(links, {
            method: "PUT",
            path: `/api${path}`,
            body: { version, threshold: previous },
          })}
        />
      )}
    </div>
  );
}

const ordered = ({ threshold, tp, fp, tn, fn }: ThresholdCounts) => ({ threshold, tp, fp, tn, fn });

function CodeLine({ links, model, weighing }: { links: Links; model: string; weighing: Weighing }) {
  return <Command code={trainLine(links, model, weighing)} />;
}

const BOX = 1000;

/** x is the threshold itself, so the slider below and its marks share one axis. */
function CostChart(props: {
  counts: readonly ThresholdCounts[];
  at: number;
  used: number;
  costs: Weighing["costs"];
  told: Record<string, string>;
}) {
  const { counts, at, used, costs, told } = props;
  const spent = counts.map((entry) => costOf(entry, costs));
  const most = Math.max(...spent) || 1;
  const least = leastOf(spent);
  const y = (cost: number) => 900 - (820 * cost) / most;
  const points = spent.map((cost, k) => `${round(BOX * counts[k]!.threshold)},${round(y(cost))}`);
  const share = (value: number) => `${round(100 * value)}%`;
  return (
    <Figure
      id="cost"
      sentence={
        <>
          Mistakes cost least above <b data-figure="least-from">{told["least-from"]}</b>:{" "}
          <b data-figure="least">{told.least}</b> per 100 rows.
        </>
      }
      columns={["Threshold", "True positives", "False negatives", "False positives", "True negatives"]}
      rows={spread(counts, 26).map(({ threshold, tp, fp, tn, fn }) => ({
        head: thresholdPercent(threshold),
        cells: [tp, fn, fp, tn].map(count),
      }))}
    >
      <div class="threshold-axis">
        <svg class="cost-chart" role="img" aria-label="Cost of mistakes by threshold">
          <line class="line line-faint" x1={share(used)} x2={share(used)} y1="0" y2="100%" />
          <line class="line line-reference" data-marker x1={share(at)} x2={share(at)} y1="0" y2="100%" />
          <svg
            viewBox={`0 0 ${BOX} ${BOX}`}
            preserveAspectRatio="none"
            width="100%"
            height="100%"
            aria-hidden="true"
          >
            <polyline class="line line-main" points={points.join(" ")} vector-effect="non-scaling-stroke" />
          </svg>
          <circle
            class="optimum"
            data-optimum
            r="5"
            cx={share(counts[least]!.threshold)}
            cy={share(y(spent[least]!) / BOX)}
          />
        </svg>
        <input
          id="threshold-at"
          name="threshold"
          type="range"
          min="0"
          max="1"
          step="any"
          value={String(at)}
          aria-valuetext={`${told.from}: recall ${told.recall}, precision ${told.precision}, cost ${told.cost}`}
        />
        <p class="axis-ends" aria-hidden="true">
          <span>0 %</span>
          <span>50 %</span>
          <span>100 %</span>
        </p>
      </div>
      <ul class="legend">
        <li class="key key-main">
          cost per 100 rows (at most <span data-figure="most">{told.most}</span>)
        </li>
        <li class="key key-dot">lowest cost</li>
        <li class="key key-faint">current threshold</li>
      </ul>
    </Figure>
  );
}

function CostField({ name, value, children }: { name: string; value: number; children: unknown }) {
  return (
    <div class="field">
      <label for={name}>{children}</label>
      <input id={name} name={name} type="number" min="0" step="any" value={String(value)} required />
    </div>
  );
}

/** The same training with other costs. */
function TrainingFields({ model, training: { options } }: { model: string; training: Weighing["training"] }) {
  const { target, task, metric, split, splitColumn, seed, exclude, budgetSeconds } = options;
  const fields = { target, task, metric, split, splitColumn, seed, budgetSeconds, name: model };
  return (
    <>
      {Object.entries(fields).map(
        ([name, value]) => value !== null && <input type="hidden" name={name} value={String(value)} />,
      )}
      {exclude.map((column) => (
        <input type="hidden" name="exclude" value={column} />
      ))}
    </>
  );
}

function trainLine(links: Links, model: string, { costs, training }: Weighing): string {
  const { datasetId, options } = training;
  const body = { datasetId, target: options.target, name: model, costs };
  return curlLine(links, { method: "POST", path: "/api/train", body });
}

/** Per 100 rows. */
function costOf({ tp, fp, tn, fn }: ThresholdCounts, costs: Weighing["costs"]): number {
  return (100 * (fp * costs.falsePositive + fn * costs.falseNegative)) / (tp + fp + tn + fn);
}

function leastOf(spent: readonly number[]): number {
  return spent.indexOf(Math.min(...spent));
}

function indexOf(counts: readonly ThresholdCounts[], threshold: number): number {
  const at = counts.findIndex((entry) => entry.threshold >= threshold - 1e-9);
  return at < 0 ? counts.length - 1 : at;
}

const share = (part: number, of: number) => (of > 0 ? percent(part / of) : "–");
const round = (value: number) => Math.round(value * 10) / 10;

function spread<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, (items.length - 1) / (most - 1));
  return Array.from({ length: Math.min(most, items.length) }, (_, k) => items[Math.round(k * step)]!);
}
