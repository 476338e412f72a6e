/** Which drawings say how good the model is and why? One for each part of the evaluation that is there. */
import type { ModelSchema } from "../core/stages/stage.ts";
import { Confusion } from "./confusion.tsx";
import { CalibrationFigure, PrecisionRecallFigure, RocFigure } from "./curves.tsx";
import { type EvaluationData, readEvaluation } from "./evaluation-data.ts";
import { count, figure } from "./format.ts";
import { EffectFigures, ImportanceFigure } from "./importance.tsx";
import { ErrorHistogram, TruthScatter } from "./residuals.tsx";

export interface EvaluationProps {
  evaluation: Record<string, unknown>;
  schema: ModelSchema;
}

export function EvaluationView({ evaluation, schema }: EvaluationProps) {
  const data = readEvaluation(evaluation);
  return (
    <>
      <Mistakes data={data} target={schema.target} />
      <Ranking data={data} />
      <Reasons data={data} target={schema.target} />
      <Slices data={data} />
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

function Reasons({ data, target }: { data: EvaluationData; target: string }) {
  const { importance, effects } = data;
  if (!importance.length && !effects.length) return null;
  return (
    <section id="why" class="panel" aria-labelledby="why-heading">
      <h2 id="why-heading">Why it answers so</h2>
      {importance.length > 0 && <ImportanceFigure importance={importance} />}
      {effects.length > 0 && <EffectFigures effects={effects} target={target} />}
    </section>
  );
}

function Slices({ data }: { data: EvaluationData }) {
  if (!data.slices.length) return null;
  return (
    <section id="slices" class="panel" aria-labelledby="slices-heading">
      <h2 id="slices-heading">Groups where it does worse or better</h2>
      <ul class="rows">
        {data.slices.map(({ words, rows, score }) => (
          <li class="row">
            <span class="row-name">{words}</span>
            <span class="row-facts">
              {figure(score)} on {count(rows)} rows
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
