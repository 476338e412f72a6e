/** Which drawings say how good the model is and why? One for each part of the evaluation that is there. */
import type { ModelSchema } from "../core/stages/stage.ts";
import { Confusion } from "./confusion.tsx";
import { CalibrationFigure, PrecisionRecallFigure, RocFigure } from "./curves.tsx";
import { type EvaluationData, readEvaluation } from "./evaluation-data.ts";
import { figure, percent, plural } from "./format.ts";
import { DependenceFigure, ImportanceFigure } from "./importance.tsx";
import { ErrorHistogram, TruthScatter } from "./residuals.tsx";

export interface EvaluationProps {
  evaluation: Record<string, unknown>;
  schema: ModelSchema;
  metric: string;
}

export function EvaluationView({ evaluation, schema, metric }: EvaluationProps) {
  const data = readEvaluation(evaluation);
  return (
    <>
      <Mistakes data={data} target={schema.target} />
      <Ranking data={data} />
      <Slices data={data} />
      <Reasons data={data} target={schema.target} metric={metric} />
    </>
  );
}

function Mistakes({ data, target }: { data: EvaluationData; target: string }) {
  const { confusion, classes, residuals } = data;
  if (!confusion.length && !residuals) return null;
  return (
    <section id="mistakes" class="panel" aria-labelledby="mistakes-heading">
      <h2 id="mistakes-heading">Where it errs</h2>
      {confusion.length > 0 && <Confusion classes={classes} matrix={confusion} />}
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
        {roc.length > 0 && <RocFigure curves={roc} />}
        {precisionRecall.length > 0 && <PrecisionRecallFigure curves={precisionRecall} />}
        {calibration.length > 0 && <CalibrationFigure curves={calibration} />}
      </div>
    </section>
  );
}

function Reasons({ data, target, metric }: { data: EvaluationData; target: string; metric: string }) {
  const { importance, dependence, classes } = data;
  if (!importance.length && !dependence.length) return null;
  return (
    <section id="why" class="panel" aria-labelledby="why-heading">
      <h2 id="why-heading">Why it answers so</h2>
      {importance.length > 0 && <ImportanceFigure importance={importance} metric={metric} />}
      {dependence.length > 0 && (
        <div class="trio">
          {dependence.map((entry, index) => (
            <DependenceFigure dependence={entry} id={`effect-${index}`} target={target} classes={classes} />
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
