/**
 * From which chance on shall it say yes? A slider over the thresholds that the test rows tell apart, with what mistakes
 * cost: every figure follows. static/model.js moves the same figures; without it the form asks the server.
 */
import type { RunOptions } from "../../core/trainer/contract.ts";
import { type Links, url } from "../layout/frame.ts";
import { count, percent } from "../parts/format.ts";
import { Command, curlLine } from "../parts/parts.tsx";
import { modelPath } from "../parts/paths.ts";
import { Figure } from "./chart.tsx";
import type { ThresholdCounts } from "./evaluation-data.ts";

export interface Weighing {
  /** Index into the thresholds; null: the one that the model answers by. */
  step: number | null;
  costs: { falsePositive: number; falseNegative: number };
  /** What the version was trained with, for a training with other costs. */
  training: { datasetId: string; options: RunOptions };
}

export interface ThresholdProps {
  links: Links;
  model: string;
  version: number;
  target: string;
  /** The one not looked for, the one looked for. */
  classes: readonly [string, string];
  counts: readonly ThresholdCounts[];
  /** By which the model answers. */
  used: number;
  weighing: Weighing;
}

/** Every text that follows the slider, by its name in the page; static/model.js makes the same. */
export function thresholdFigures(
  counts: readonly ThresholdCounts[],
  at: number,
  costs: Weighing["costs"],
): Record<string, string> {
  const { threshold, tp, fp, tn, fn } = counts[at]!;
  const spent = counts.map((entry) => costOf(entry, costs));
  const least = spent.indexOf(Math.min(...spent));
  return {
    from: percent(threshold),
    caught: hundredth(tp, tp + fn),
    cleared: hundredth(tn, tn + fp),
    "right-yes": share(tp, tp + fp),
    "right-no": share(tn, tn + fn),
    accuracy: share(tp + tn, tp + fp + tn + fn),
    tp: count(tp),
    fp: count(fp),
    tn: count(tn),
    fn: count(fn),
    cost: money(spent[at]!),
    least: money(spent[least]!),
    "least-from": percent(counts[least]!.threshold),
    most: money(Math.max(...spent)),
  };
}

export function Threshold(props: ThresholdProps) {
  const { links, model, version, target, classes, counts, used, weighing } = props;
  const { costs, training } = weighing;
  const at = Math.min(counts.length - 1, weighing.step ?? indexOf(counts, used));
  const told = thresholdFigures(counts, at, costs);
  const Told = ({ name }: { name: string }) => <b data-figure={name}>{told[name]}</b>;
  const [no, yes] = classes;
  return (
    <form
      id="threshold"
      class="threshold"
      method="get"
      action={`${url(links, modelPath(model))}#mistakes`}
      data-counts={JSON.stringify(counts.map(({ threshold, tp, fp, tn, fn }) => [threshold, tp, fp, tn, fn]))}
    >
      <input type="hidden" name="version" value={String(version)} />
      <div class="confusion">
        <ul class="sentences">
          <li>
            Of 100 rows where {target} is <b>{yes}</b> it catches <Told name="caught" />; when it says so it
            is right in <Told name="right-yes" />.
          </li>
          <li>
            Of 100 rows where {target} is <b>{no}</b> it catches <Told name="cleared" />; when it says so it
            is right in <Told name="right-no" />.
          </li>
          <li>
            It is right in <Told name="accuracy" /> of all rows.
          </li>
        </ul>
        <Matrix classes={classes} told={told} />
      </div>
      <div class="threshold-line">
        <label for="threshold-step">
          Say {yes} from a chance of <Told name="from" /> on
        </label>
        <input
          id="threshold-step"
          name="step"
          type="range"
          min="0"
          max={String(counts.length - 1)}
          value={String(at)}
          aria-valuetext={`from ${told.from}: catches ${told.caught} of 100, cost ${told.cost}`}
        />
        <p class="fine">
          The model answers by {percent(used)}. Further to the left it catches more and is more often wrong.
        </p>
      </div>
      <div class="pair">
        <CostChart counts={counts} at={at} costs={costs} told={told} />
        <div class="form">
          <CostField name="costFalsePositive" value={costs.falsePositive}>
            A false alarm costs ({no} taken for {yes})
          </CostField>
          <CostField name="costFalseNegative" value={costs.falseNegative}>
            A miss costs ({yes} taken for {no})
          </CostField>
          <p>
            So its mistakes cost <Told name="cost" /> for each 100 rows.
          </p>
          <TrainingFields model={model} training={training} />
          <p class="actions">
            <button type="submit" class="no-js">
              Work it out
            </button>
            <button type="button" class="needs-js" data-cheapest>
              To the cheapest
            </button>
            <button
              type="submit"
              formmethod="post"
              formaction={url(links, `/datasets/${encodeURIComponent(training.datasetId)}/train`)}
            >
              Train anew with these costs
            </button>
          </p>
          <Command code={trainLine(links, model, weighing)} />
        </div>
      </div>
    </form>
  );
}

function Matrix({
  classes: [no, yes],
  told,
}: {
  classes: ThresholdProps["classes"];
  told: Record<string, string>;
}) {
  const cell = (name: string, kind: "right" | "wrong") => (
    <td class={`number ${kind} shade-${kind === "right" ? 3 : 1}`} data-figure={name}>
      {told[name]}
    </td>
  );
  return (
    <section class="scroll" tabindex={0} aria-label="Confusion matrix">
      <table class="matrix">
        <caption>Confusion matrix: rows kept aside, what they are and what the model said</caption>
        <thead>
          <tr>
            <th scope="col">is · said</th>
            <th scope="col" class="number">
              {no}
            </th>
            <th scope="col" class="number">
              {yes}
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{no}</th>
            {cell("tn", "right")}
            {cell("fp", "wrong")}
          </tr>
          <tr>
            <th scope="row">{yes}</th>
            {cell("fn", "wrong")}
            {cell("tp", "right")}
          </tr>
        </tbody>
      </table>
    </section>
  );
}

const BOX = 1000;

function CostChart(props: {
  counts: readonly ThresholdCounts[];
  at: number;
  costs: Weighing["costs"];
  told: Record<string, string>;
}) {
  const { counts, at, costs, told } = props;
  const spent = counts.map((entry) => costOf(entry, costs));
  const most = Math.max(...spent) || 1;
  const last = Math.max(1, counts.length - 1);
  const points = spent.map((cost, k) => `${round((BOX * k) / last)},${round(880 - (790 * cost) / most)}`);
  const marker = `${round((100 * at) / last)}%`;
  return (
    <Figure
      id="cost"
      sentence={
        <>
          Its mistakes cost least from a chance of <b data-figure="least-from">{told["least-from"]}</b> on:{" "}
          <b data-figure="least">{told.least}</b> for each 100 rows.
        </>
      }
      columns={["From a chance of", "Caught", "Missed", "False alarms", "Rightly left"]}
      rows={spread(counts, 26).map(({ threshold, tp, fp, tn, fn }) => ({
        head: percent(threshold),
        cells: [tp, fn, fp, tn].map(count),
      }))}
    >
      <svg
        class="chart cost-chart"
        role="img"
        aria-label="What its mistakes cost, by the chance from which it says yes"
      >
        <line class="line line-reference" data-marker x1={marker} x2={marker} y1="9%" y2="88%" />
        <svg
          viewBox={`0 0 ${BOX} ${BOX}`}
          preserveAspectRatio="none"
          width="100%"
          height="100%"
          aria-hidden="true"
        >
          <polyline class="line line-main" points={points.join(" ")} vector-effect="non-scaling-stroke" />
        </svg>
        <text class="axis" x="0" y="0" dy="12">
          <tspan data-figure="most">{told.most}</tspan> for 100 rows
        </text>
        <text class="axis" x="0" y="100%" dy="-2">
          from {percent(counts[0]!.threshold)}
        </text>
        <text class="axis" x="100%" y="100%" dy="-2" text-anchor="end">
          from {percent(counts.at(-1)!.threshold)}
        </text>
      </svg>
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

/** The same training, but for the costs. */
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

/** Of 100 rows. */
function costOf({ tp, fp, tn, fn }: ThresholdCounts, costs: Weighing["costs"]): number {
  return (100 * (fp * costs.falsePositive + fn * costs.falseNegative)) / (tp + fp + tn + fn);
}

function indexOf(counts: readonly ThresholdCounts[], used: number): number {
  const at = counts.findIndex(({ threshold }) => threshold >= used);
  return at < 0 ? counts.length - 1 : at;
}

const share = (part: number, of: number) => (of > 0 ? percent(part / of) : "–");
const hundredth = (part: number, of: number) => (of > 0 ? String(Math.round((100 * part) / of)) : "–");
const money = (amount: number) => amount.toLocaleString("en", { maximumFractionDigits: 2 });
const round = (value: number) => Math.round(value * 10) / 10;

function spread<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, (items.length - 1) / (most - 1));
  return Array.from({ length: Math.min(most, items.length) }, (_, k) => items[Math.round(k * step)]!);
}
