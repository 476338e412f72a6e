/**
 * Draws the confusion matrix: the most frequent mistakes in words, all of them as a heat map, and a table of each
 * class.
 */
import { count, percent, plural, shortName } from "../parts/format.ts";
import { Name } from "../parts/parts.tsx";
import { ClassName } from "./pair-matrix.tsx";

export interface ConfusionProps {
  target: string;
  classes: readonly string[];
  /** Rows: actual; columns: predicted. */
  matrix: readonly (readonly number[])[];
}

/** Shades of a cell, by its share of its row. */
const SHADES = 5;
/** With more classes than these, a heat map replaces the table of counts. */
const MOST_IN_TABLE = 8;
const WORST = 10;
/** Further confusions are one click away. */
const SHOWN = 5;

export function Confusion({ target, classes, matrix }: ConfusionProps) {
  const worst = worstOf(matrix);
  const isSmall = classes.length <= MOST_IN_TABLE;
  const row = ({ actual, predicted, rows, share }: Mix) => (
    <li>
      {percent(share)} of “<Name of={classes[actual] ?? ""} />” rows are predicted as “
      <Name of={classes[predicted] ?? ""} />” ({count(rows)} of {plural(sum(matrix[actual]!), "row")}).
    </li>
  );
  return (
    <div class="confusion">
      <div class="titled">
        <h3>Worst confusions</h3>
        {worst.length ? (
          <ol class="sentences numbered">{worst.slice(0, isSmall ? SHOWN : WORST).map(row)}</ol>
        ) : (
          <p>Every row of the test set is predicted correctly.</p>
        )}
      </div>
      <div class="titled">
        <h3>Confusion matrix</h3>
        {isSmall ? (
          <Counts classes={classes} matrix={matrix} />
        ) : (
          <HeatMap classes={classes} matrix={matrix} />
        )}
      </div>
      <details id="by-class" class="by-class">
        <summary>
          {plural(classes.length, "class")} of {shortName(target)}, one by one
        </summary>
        <ByClass classes={classes} matrix={matrix} />
      </details>
    </div>
  );
}

interface Mix {
  actual: number;
  predicted: number;
  rows: number;
  /** Share of the rows of the actual class. */
  share: number;
}

/** By rows, then by their share: the most expensive first. */
function worstOf(matrix: ConfusionProps["matrix"]): Mix[] {
  const found = matrix.flatMap((row, actual) => {
    const total = sum(row);
    return row.flatMap((rows, predicted) =>
      rows > 0 && actual !== predicted ? [{ actual, predicted, rows, share: rows / total }] : [],
    );
  });
  return found.sort((a, b) => b.rows - a.rows || b.share - a.share).slice(0, WORST);
}

function Counts({ classes, matrix }: Omit<ConfusionProps, "target">) {
  return (
    <section class="scroll" tabindex={0} aria-label="Confusion matrix">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">actual / predicted</th>
            {classes.map((name) => (
              <th scope="col" class="number">
                <ClassName of={name} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.map((row, actual) => (
            <tr>
              <th scope="row">
                <ClassName of={classes[actual]!} />
              </th>
              {row.map((n, predicted) => (
                <td class={`number ${shade(n, sum(row), actual === predicted)}`}>{count(n)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** One square per nonempty cell; the diagonal is correct. */
function HeatMap({ classes, matrix }: Omit<ConfusionProps, "target">) {
  const n = classes.length;
  const right = matrix.reduce((total, row, k) => total + (row[k] ?? 0), 0);
  const all = matrix.reduce((total, row) => total + sum(row), 0);
  const label = `Heat map of ${n} classes: ${percent(right / Math.max(1, all))} of the test rows are on the diagonal, predicted correctly.`;
  return (
    <figure class="heat-figure">
      <svg class="heat" viewBox={`0 0 ${n} ${n}`} role="img" aria-label={label}>
        {matrix.flatMap((row, actual) =>
          row.flatMap((rows, predicted) =>
            rows > 0 ? (
              <rect
                class={shade(rows, sum(row), actual === predicted)}
                x={predicted}
                y={actual}
                width="1"
                height="1"
              >
                <title>
                  {`Actual “${classes[actual]}”, predicted “${classes[predicted]}”: ${plural(rows, "row")}`}
                </title>
              </rect>
            ) : (
              []
            ),
          ),
        )}
      </svg>
      <figcaption class="fine">
        Rows: actual class. Columns: predicted class. Hover over a square to see both. Correct predictions are
        on the diagonal; mistakes are pink. Darker is a larger share of the row.
      </figcaption>
    </figure>
  );
}

function ByClass({ classes, matrix }: Omit<ConfusionProps, "target">) {
  return (
    <section class="scroll table-scroll" tabindex={0} aria-label="Classes one by one">
      <table>
        <thead>
          <tr>
            <th scope="col">Class</th>
            <th scope="col" class="number">
              Test rows
            </th>
            <th scope="col" class="number">
              Found (recall)
            </th>
            <th scope="col" class="number">
              Correct when predicted (precision)
            </th>
          </tr>
        </thead>
        <tbody>
          {classes.map((name, k) => {
            const [hits, there] = [matrix[k]?.[k] ?? 0, sum(matrix[k] ?? [])];
            const said = matrix.reduce((total, row) => total + (row[k] ?? 0), 0);
            return (
              <tr>
                <th scope="row">
                  <ClassName of={name} />
                </th>
                <td class="number">{count(there)}</td>
                <td class="number">{there ? percent(hits / there) : "–"}</td>
                <td class="number">{said ? percent(hits / said) : "never predicted"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** A name of any length: its end is in the title. */

function shade(n: number, total: number, isRight: boolean): string {
  const level = total > 0 ? Math.ceil((SHADES * n) / total) : 0;
  return `${isRight ? "right" : "wrong"} shade-${level}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
