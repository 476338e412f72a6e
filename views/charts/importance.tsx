/**
 * Draws which columns matter, by permutation importance, and how the prediction changes with each, as effect
 * curves.
 */
import type { AccumulatedEffect } from "../../core/trainer/explain/accumulated.ts";
import type { Dependence } from "../../core/trainer/explain/dependence.ts";
import type { Importance } from "../../core/trainer/explain/importance.ts";
import { figure, figures, percent, shortName } from "../parts/format.ts";
import { metricInSentence, metricLabel } from "../parts/words.ts";
import { BarList, extent, Figure, Legend, LineChart, SERIES_KINDS, type Series } from "./chart.tsx";
import { ThemedChart } from "./themed-chart.tsx";

const SHOWN = 15;

export interface ImportanceProps {
  importance: readonly Importance[];
  /** How the prediction changes with some of the columns. */
  dependence: readonly Dependence[];
  /** The same among rows that look alike, of columns that have an order. */
  accumulated: readonly AccumulatedEffect[];
  /** Address of a column's SHAP dependence plot; null if there is none. */
  shapOf: (column: string) => string | null;
  metric: string;
  target: string;
  classes: readonly string[];
}

/** Opening a column shows how the prediction changes with it. */
export function ImportanceFigure(props: ImportanceProps) {
  const { importance, dependence, accumulated, shapOf, target, classes } = props;
  const metric = metricLabel(props.metric);
  const top = importance[0]!;
  const sentence =
    `${shortName(top.column)} matters most: shuffling it worsens ${metricInSentence(props.metric)} by ${figure(top.importance)} (permutation importance). ` +
    `A column near 0 could be left out.${dependence.length ? " Open a column with ▸ to see its effect." : ""}`;
  const written = figures(importance.map((entry) => entry.importance));
  return (
    <Figure
      id="importance"
      sentence={sentence}
      columns={["Column", `${metric} lost when shuffled`]}
      rows={importance.map((entry) => ({ head: entry.column, cells: [entry.importance] }))}
    >
      <BarList
        id="importance"
        bars={importance.slice(0, SHOWN).map(({ column, importance: lost }, place) => {
          const index = dependence.findIndex((entry) => entry.column === column);
          const effect = dependence[index];
          return {
            name: column,
            value: lost,
            text: written[place]!,
            ...(effect && {
              more: (
                <Effects
                  dependence={effect}
                  id={`effect-${index}`}
                  target={target}
                  classes={classes}
                  accumulated={accumulated.find((entry) => entry.column === column) ?? null}
                  shap={shapOf(column)}
                />
              ),
            }),
          };
        })}
      />
    </Figure>
  );
}

interface EffectsProps extends DependenceProps {
  accumulated: AccumulatedEffect | null;
  shap: string | null;
}

/** Partial dependence, and beside it accumulated local effects and the contributions of single rows. */
export function Effects({ accumulated, shap, ...props }: EffectsProps) {
  return (
    <>
      <DependenceFigure {...props} />
      {accumulated && <AccumulatedFigure {...props} accumulated={accumulated} />}
      {shap && (
        <ThemedChart
          path={shap}
          alt={`SHAP dependence: how far ${props.dependence.column} moved the prediction of each test row, by its value.`}
        />
      )}
    </>
  );
}

/** How the prediction changes with a column among rows that look alike: no row is asked about that cannot be. */
function AccumulatedFigure(props: DependenceProps & { accumulated: AccumulatedEffect }) {
  const { id, target, classes, accumulated } = props;
  const { column, type, at, effects } = accumulated;
  const names = answerNames(target, classes, effects[0]!.length);
  const show = (x: number) => (type === "date" ? day(x) : figure(x));
  const sentence = `Accumulated local effect: how the ${shortName(names[0]!)} changes with ${shortName(column)} among rows that look alike, as a difference from the mean. Where it differs from the curve above, the column moves together with others.`;
  return (
    <Figure
      id={`${id}-ale`}
      sentence={sentence}
      columns={[column, ...names]}
      rows={at.map((x, index) => ({ head: show(x), cells: effects[index]! }))}
    >
      <EffectLines
        at={at}
        answers={effects}
        names={names.map((name) => `change of the ${name}`)}
        label={sentence}
        column={column}
        show={show}
      />
    </Figure>
  );
}

export interface DependenceProps {
  dependence: Dependence;
  id: string;
  target: string;
  classes: readonly string[];
}

function DependenceFigure({ dependence, id, target, classes }: DependenceProps) {
  const { column, type, at, answers } = dependence;
  const names = answerNames(target, classes, answers[0]!.length);
  const show = (x: number | string) => (typeof x === "string" ? x : type === "date" ? day(x) : figure(x));
  const sentence = effectSentence(dependence, { name: names[0]!, isShare: classes.length > 0 }, show);
  return (
    <Figure
      id={id}
      sentence={sentence}
      columns={[column, ...names]}
      rows={at.map((x, index) => ({ head: show(x), cells: answers[index]! }))}
    >
      {isNumeric(at) ? (
        <EffectLines at={at} answers={answers} names={names} label={sentence} column={column} show={show} />
      ) : (
        <BarList
          id={id}
          bars={at.map((x, index) => {
            const value = answers[index]![0]!;
            return { name: show(x), value, text: figure(value) };
          })}
        />
      )}
    </Figure>
  );
}

function EffectLines(props: {
  at: readonly number[];
  answers: readonly number[][];
  names: readonly string[];
  label: string;
  column: string;
  show: (x: number) => string;
}) {
  const { at, answers, names, label, column, show } = props;
  const series = byMovement(names, answers).map(
    (k, place): Series => ({
      name: names[k]!,
      kind: SERIES_KINDS[place] ?? "faint",
      points: at.map((x, index) => [x, answers[index]![k]!] as const),
    }),
  );
  return (
    <>
      <LineChart label={label} series={series} xLabel={column} yLabel={names[0]!} xFormat={show} />
      {series.length > 1 && <Legend series={series.slice(0, SERIES_KINDS.length)} />}
      {series.length > SERIES_KINDS.length && (
        <p class="fine">{series.length - SERIES_KINDS.length} , other classes are drawn faintly.</p>
      )}
    </>
  );
}

/** Classes that change most come first: of a hundred classes few can be told apart. */
function byMovement(names: readonly string[], answers: readonly number[][]): number[] {
  const range = names.map((_, k) => {
    const [low, high] = extent(answers.map((answer) => answer[k]!));
    return high - low;
  });
  return names.map((_, k) => k).sort((a, b) => range[b]! - range[a]! || a - b);
}

function effectSentence(
  dependence: Dependence,
  { name, isShare }: { name: string; isShare: boolean },
  show: (x: number | string) => string,
): string {
  const told = isShare ? percent : figure;
  const { column, at, answers } = dependence;
  const values = answers.map((answer) => answer[0]!);
  const low = values.indexOf(Math.min(...values));
  const high = values.indexOf(Math.max(...values));
  return (
    `With all other columns unchanged, the average ${shortName(name)} is lowest where ${shortName(column)} is ${show(at[low]!)} ` +
    `(${told(values[low]!)}) and highest where it is ${show(at[high]!)} (${told(values[high]!)}).`
  );
}

function answerNames(target: string, classes: readonly string[], answers: number): string[] {
  if (!classes.length) return [target];
  return answers === 1
    ? [`probability of ${classes[1] ?? classes[0]}`]
    : classes.map((name) => `probability of ${name}`);
}

const isNumeric = (at: readonly (number | string)[]): at is number[] => typeof at[0] === "number";

function day(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}
