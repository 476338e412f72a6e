/** Which drawings say how good the model is and why? One for each part of the evaluation that is there. */
import type { ModelSchema } from "../../core/trainer/contract.ts";
import { Confusion } from "../charts/confusion.tsx";
import { CalibrationFigure, PrecisionRecallFigure, RocFigure } from "../charts/curves.tsx";
import { type EvaluationData, readEvaluation } from "../charts/evaluation-data.ts";
import { DependenceFigure, ImportanceFigure } from "../charts/importance.tsx";
import { ErrorHistogram, TruthScatter } from "../charts/residuals.tsx";
import { Threshold, type Weighing } from "../charts/threshold.tsx";
import type { Links } from "../layout/frame.ts";
import { figure, percent, plural } from "../parts/format.ts";
import { Empty } from "../parts/parts.tsx";

export interface EvaluationProps {
  links: Links;
  model: string;
  version: number;
  weighing: Weighing | null;
  evaluation: Record<string, unknown>;
  schema: ModelSchema;
  metric: string;
}

export function EvaluationView(props: EvaluationProps) {
  const { evaluation, schema, metric } = props;
  const data = readEvaluation(evaluation);
  return (
    <>
      <Mistakes {...props} data={data} target={schema.target} />
      <Ranking data={data} />
      <Slices data={data} />
      <Reasons data={data} target={schema.target} metric={metric} />
    </>
  );
}

function Mistakes(props: EvaluationProps & { data: EvaluationData; target: string }) {
  const { data, target, weighing } = props;
  const { confusion, classes, residuals, thresholds } = data;
  if (!confusion.length && !residuals) return null;
  const [no, yes] = classes;
  return (
    <section id="mistakes" class="panel" aria-labelledby="mistakes-heading">
      <h2 id="mistakes-heading">Where it errs</h2>
      {weighing && thresholds.length > 0 && no !== undefined && yes !== undefined ? (
        <Threshold
          {...props}
          classes={[no, yes]}
          counts={thresholds}
          used={data.threshold ?? 0.5}
          weighing={weighing}
        />
      ) : (
        confusion.length > 0 && <Confusion target={target} classes={classes} matrix={confusion} />
      )}
      {residuals && (
        <div class="pair">
          <ErrorHistogram residuals={residuals} />
          <TruthScatter pairs={residuals.pairs} target={target} />
        </div>
      )}
    </section>
  );
}

function Ranking({ data }: { data: EvaluationData }) {
  const { roc, precisionRecall, calibration } = data;
  if (!roc.length && !precisionRecall.length && !calibration.length) return null;
  return (
    <section id="ranking" class="panel" aria-labelledby="ranking-heading">
      <h2 id="ranking-heading">How well it ranks, and whether its probabilities can be believed</h2>
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
            <PrecisionRecallFigure curves={precisionRecall} />
          </div>
        )}
        {calibration.length > 0 && (
          <div class="titled">
            <h3>Calibration</h3>
            <CalibrationFigure curves={calibration} />
          </div>
        )}
      </div>
    </section>
  );
}

function Reasons({ data, target, metric }: { data: EvaluationData; target: string; metric: string }) {
  const { importance, dependence, classes } = data;
  const apart = dependence.filter(({ column }) => !importance.some((entry) => entry.column === column));
  return (
    <section id="why" class="panel" aria-labelledby="why-heading">
      <h2 id="why-heading">Why it answers so</h2>
      {importance.length > 0 ? (
        <ImportanceFigure
          importance={importance}
          dependence={dependence}
          metric={metric}
          target={target}
          classes={classes}
        />
      ) : (
        <Empty>The training's time was over before this was looked at. Train with more time to see it.</Empty>
      )}
      {apart.length > 0 && (
        <div class="trio">
          {apart.map((entry) => (
            <DependenceFigure
              dependence={entry}
              id={`effect-${dependence.indexOf(entry)}`}
              target={target}
              classes={classes}
            />
          ))}
        </div>
      )}
    </section>
  );
}

/** Shares of wrong classes, or mean errors where the answer is a number. */
function Slices({ data }: { data: EvaluationData }) {
  if (!data.slices.length) return null;
  const show =
    data.classes.length > 0
      ? (error: number) => `${percent(error)} wrong`
      : (error: number) => `off by ${figure(error)}`;
  return (
    <section id="slices" class="panel" aria-labelledby="slices-heading">
      <h2 id="slices-heading">Groups where it errs more</h2>
      <ul class="rows">
        {data.slices.map(({ column, where, rows, error, elsewhere }) => (
          <li class="row">
            <span class="row-name">
              {column} {where}
            </span>
            <span class="row-facts">
              {show(error)} in {plural(rows, "row")}; {show(elsewhere)} elsewhere
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
