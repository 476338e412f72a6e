/** Draws the charts of mistakes and explanations, one for each part of the evaluation. */

import type { EvaluationData } from "../../../core/training/results/evaluation-data.ts";
import { Confusion } from "../../charts/confusion.tsx";
import { CalibrationFigure, PrecisionRecallFigure, RocFigure } from "../../charts/curves.tsx";
import { Effects, ImportanceFigure } from "../../charts/importance.tsx";
import { ErrorHistogram, TruthScatter } from "../../charts/residuals.tsx";
import { ThemedChart } from "../../charts/themed-chart.tsx";
import { Threshold, type Weighing } from "../../charts/threshold.tsx";
import type { Links } from "../../layout/page-context.ts";
import { figures, percent, plural, shortName, unbroken } from "../../parts/format.ts";
import { Empty, Name } from "../../parts/parts.tsx";

export interface MistakesProps {
  links: Links;
  model: string;
  version: { version: number; threshold: number | null; previousThreshold: number | null };
  target: string;
  data: EvaluationData;
  /** The reader's costs of mistakes; null if the run is unknown. */
  weighing: Weighing | null;
}

export function Mistakes(props: MistakesProps) {
  const { data, target } = props;
  const { residuals } = data;
  const isEmpty = !data.confusion.length && !residuals && !data.slices.length;
  return (
    <section id="mistakes" class="panel" aria-labelledby="mistakes-heading">
      <h2 id="mistakes-heading">Where is it wrong?</h2>
      {isEmpty && <Empty>Not computed: the time limit was reached.</Empty>}
      <Decisions {...props} />
      {residuals && (
        <div class="pair">
          <ErrorHistogram residuals={residuals} />
          <TruthScatter pairs={residuals.pairs} target={target} />
        </div>
      )}
      <Coverage data={data} target={target} />
      <Slices data={data} />
    </section>
  );
}

/** How often intervals, or sets of classes, contained the truth on the test set. */
function Coverage({ data: { bounds, residuals }, target }: { data: EvaluationData; target: string }) {
  if (bounds.length === 0) return null;
  const what = residuals ? "Prediction intervals" : "Prediction sets";
  const told = figures(bounds.map(({ width }) => width));
  return (
    <section id="coverage" aria-labelledby="coverage-heading">
      <h3 id="coverage-heading">{what}</h3>
      <p class="facts">
        {residuals
          ? `An interval gives the range in which the actual ${shortName(target)} lies with the probability that you ask for.`
          : `A set lists the classes that contain the actual ${shortName(target)} with the probability that you ask for.`}{" "}
        Measured on {plural(bounds[0]!.rows, "test row")}. Request one with <code>?interval=0.9</code>.
      </p>
      <section class="scroll" tabindex={0} aria-label="Coverage on the test set">
        <table>
          <thead>
            <tr>
              <th scope="col">Requested</th>
              <th scope="col" class="number">
                On the test set
              </th>
              <th scope="col" class="number">
                {residuals ? "Mean width" : "Mean size"}
              </th>
            </tr>
          </thead>
          <tbody>
            {bounds.map(({ level, coverage }, k) => (
              <tr>
                <th scope="row">{percent(level)}</th>
                <td class="number">{percent(coverage)}</td>
                <td class="number">{told[k]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Decisions({ links, model, version, target, data, weighing }: MistakesProps) {
  const { confusion, classes, thresholds, threshold } = data;
  const [no, yes] = classes;
  if (weighing && thresholds.length > 0 && no !== undefined && yes !== undefined) {
    return (
      <Threshold
        links={links}
        model={model}
        version={version.version}
        target={target}
        classes={[no, yes]}
        counts={thresholds}
        trained={threshold ?? 0.5}
        set={version.threshold}
        previous={version.previousThreshold}
        weighing={weighing}
      />
    );
  }
  return confusion.length ? <Confusion target={target} classes={classes} matrix={confusion} /> : null;
}

/** ROC, precision-recall and calibration: for experts, folded. */
export function Ranking({ data }: { data: EvaluationData }) {
  const { roc, precisionRecall, calibration } = data;
  if (!roc.length && !precisionRecall.length && !calibration.length) return null;
  return (
    <details id="curves">
      <summary>ROC, precision-recall and calibration curves</summary>
      <div class="trio">
        {roc.length > 0 && (
          <div class="titled">
            <h3>ROC curve</h3>
            <RocFigure curves={roc} />
          </div>
        )}
        {precisionRecall.length > 0 && (
          <div class="titled">
            <h3>Precision and recall</h3>
            <PrecisionRecallFigure curves={precisionRecall} shares={classShares(data)} />
          </div>
        )}
        {calibration.length > 0 && (
          <div class="titled">
            <h3>Calibration</h3>
            <CalibrationFigure curves={calibration} />
          </div>
        )}
      </div>
    </details>
  );
}

/** Of the test rows, by class. */
function classShares({ classes, confusion }: EvaluationData): Record<string, number> {
  const rows = confusion.map((row) => row.reduce((sum, n) => sum + n, 0));
  const all = rows.reduce((sum, n) => sum + n, 0);
  return all > 0 ? Object.fromEntries(classes.map((name, k) => [name, (rows[k] ?? 0) / all])) : {};
}

interface ReasonsProps {
  data: EvaluationData;
  target: string;
  metric: string;
  /** The URL of the version's charts. */
  charts: string;
}

/** Loaded when opened, and computed then if the run had no time for it: an image, in the colours of the reader's system. */
function Contributions({ data: { contributions }, charts }: Pick<ReasonsProps, "data" | "charts">) {
  return (
    <details id="shap">
      <summary>
        SHAP summary: how columns moved the predictions of{" "}
        {contributions ? plural(contributions.rows, "test row") : "test rows"}
      </summary>
      {!contributions && (
        <p class="fine">
          The run had no time left for it. It is computed now, in a few seconds, from the run's test rows.
        </p>
      )}
      <ThemedChart
        path={`${charts}/shap-summary`}
        alt={
          contributions
            ? `SHAP summary. On average ${contributions.columns[0]?.column} moves predictions most.`
            : "SHAP summary, or nothing if the data of this version was deleted."
        }
      />
    </details>
  );
}

export function Reasons({ data, target, metric, charts }: ReasonsProps) {
  const { importance, dependence, accumulated, classes } = data;
  const shapOf = (column: string) => {
    const entry = data.contributions?.columns.find((candidate) => candidate.column === column);
    const isDrawn = (entry?.values.filter((value) => typeof value === "number").length ?? 0) > 1;
    return isDrawn ? `${charts}/${encodeURIComponent(`shap-${column}`)}` : null;
  };
  const apart = dependence.filter(({ column }) => !importance.some((entry) => entry.column === column));
  return (
    <section id="why" class="panel" aria-labelledby="why-heading">
      <h2 id="why-heading">Why?</h2>
      <h3>Feature importance</h3>
      {importance.length > 0 ? (
        <ImportanceFigure
          importance={importance}
          dependence={dependence}
          accumulated={accumulated}
          shapOf={shapOf}
          metric={metric}
          target={target}
          classes={classes}
        />
      ) : (
        <Empty>Not computed: the time limit was reached. Train with a longer time limit to see it.</Empty>
      )}
      <Contributions data={data} charts={charts} />
      {data.dataCurve && (
        <div class="titled" id="data-curve">
          <h3>Would more data help?</h3>
          <p>{data.dataCurve.sentence}</p>
          <ThemedChart path={`${charts}/data-curve`} alt={data.dataCurve.sentence} />
        </div>
      )}
      {apart.length > 0 && (
        <div class="trio">
          {apart.map((entry) => (
            <Effects
              dependence={entry}
              id={`effect-${dependence.indexOf(entry)}`}
              target={target}
              classes={classes}
              accumulated={accumulated.find(({ column }) => column === entry.column) ?? null}
              shap={shapOf(entry.column)}
            />
          ))}
        </div>
      )}
    </section>
  );
}

/** Shares of wrong classes, or mean errors for a number. */
function Slices({ data }: { data: EvaluationData }) {
  const { slices, classes } = data;
  if (!slices.length) return null;
  const written =
    classes.length > 0
      ? slices.flatMap(({ error, elsewhere }) => [
          `${percent(error)} wrong`,
          `${percent(elsewhere)} elsewhere`,
        ])
      : figures(slices.flatMap(({ error, elsewhere }) => [error, elsewhere])).map((text, k) =>
          k % 2 ? `${text} elsewhere` : `off by ${text}`,
        );
  return (
    <div id="slices" class="titled">
      <h3>Weakest segments</h3>
      <ul class="segments">
        {slices.map(({ column, where, rows }, k) => (
          <li>
            <b>
              <Name of={column} /> {unbroken(where)}
            </b>
            <span>{unbroken(`${written[2 * k]} in ${plural(rows, "test row")}; ${written[2 * k + 1]}`)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
