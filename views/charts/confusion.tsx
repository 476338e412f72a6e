/** What is taken for what? Said for a hundred rows of each class, and the bare matrix beside it. */
import { count, percent } from "../parts/format.ts";

export interface ConfusionProps {
  target: string;
  classes: readonly string[];
  /** Rows: the truth; columns: the answer. */
  matrix: readonly (readonly number[])[];
}

/** Shades of a cell, by its share of its row. */
const SHADES = 5;

export function Confusion({ target, classes, matrix }: ConfusionProps) {
  const sums = matrix.map(sum);
  return (
    <div class="confusion">
      <ul class="sentences">
        {classes.map((name, k) => (
          <li>{sentence({ target, name, matrix, k })}</li>
        ))}
      </ul>
      <section class="scroll" tabindex={0} aria-label="Confusion matrix">
        <table class="matrix">
          <caption>Confusion matrix: rows kept aside, what they are and what the model said</caption>
          <thead>
            <tr>
              <th scope="col">is · said</th>
              {classes.map((name) => (
                <th scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {matrix.map((row, truth) => (
              <tr>
                <th scope="row">{classes[truth]}</th>
                {row.map((n, answer) => (
                  <td class={`number ${shade(n, sums[truth]!, truth === answer)}`}>{count(n)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function sentence(props: { target: string; name: string; matrix: ConfusionProps["matrix"]; k: number }) {
  const { target, name, matrix, k } = props;
  const hits = matrix[k]?.[k] ?? 0;
  const there = sum(matrix[k] ?? []);
  const said = sum(matrix.map((row) => row[k] ?? 0));
  if (there === 0)
    return (
      <>
        In no row kept aside {target} is {name}.
      </>
    );
  return (
    <>
      Of 100 rows where {target} is <b>{name}</b> it catches <b>{Math.round((100 * hits) / there)}</b>
      {said > 0 ? `; when it says so it is right in ${percent(hits / said)}.` : "; it never says so."}
    </>
  );
}

function shade(n: number, total: number, isRight: boolean): string {
  const level = total > 0 ? Math.ceil((SHADES * n) / total) : 0;
  return `${isRight ? "right" : "wrong"} shade-${level}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
