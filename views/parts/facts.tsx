/** Draws what a stage found: its facts as pairs, lists of things as small tables. */
import { bytes, capital, count, figure } from "./format.ts";
import { FACT_WORDS, metricLabel, RACE_ENDS, taskLabel } from "./words.ts";

/** Shown in full elsewhere on the page. */
const SAID_ELSEWHERE = new Set(["verdict", "beatsBaseline", "metrics"]);

/** The facts worth showing. */
export function shownFacts(facts: Record<string, unknown>): [string, unknown][] {
  return Object.entries(facts).filter(([name, value]) => !SAID_ELSEWHERE.has(name) && !isNothing(value));
}

export function Facts({ facts }: { facts: Record<string, unknown> }) {
  const told = shownFacts(facts);
  const tables = told.filter((entry): entry is [string, Record<string, unknown>[]] => isTable(entry[1]));
  const pairs = told.filter(([, value]) => !isTable(value));
  return (
    <>
      <Pairs entries={pairs} />
      {tables.map(([name, rows]) => (
        <FactTable name={words(name)} rows={rows} />
      ))}
    </>
  );
}

export function Pairs({ entries }: { entries: readonly (readonly [string, unknown])[] }) {
  if (!entries.length) return null;
  return (
    <dl class="pairs">
      {entries.map(([name, value]) => (
        <div>
          <dt>{words(name)}</dt>
          <dd>{shown(name, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function FactTable({ name, rows }: { name: string; rows: readonly Record<string, unknown>[] }) {
  const columns = Object.keys(rows[0]!);
  return (
    <details class="as-table" open={rows.length <= 12}>
      <summary>
        {name} ({count(rows.length)})
      </summary>
      <section class="scroll" tabindex={0} aria-label={name}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th scope="col">{words(column)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr>
                {columns.map((column) => (
                  <td>{shown(column, row[column])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}

function isNothing(value: unknown): boolean {
  return (
    value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

function isTable(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((row) => typeof row === "object" && row !== null && !Array.isArray(row))
  );
}

/** rowsTrain -> "Rows train"; l2Regularization -> "L2 regularization". */
function words(name: string): string {
  if (Object.hasOwn(FACT_WORDS, name)) return FACT_WORDS[name]!;
  return capital(
    name
      .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
      .replaceAll("_", " ")
      .toLowerCase(),
  );
}

/** Terms of the trainer that readers may not know. */
const SHOWN_AS: Record<string, (value: string) => string> = {
  metric: metricLabel,
  task: taskLabel,
  better: (value) => (value === "greater" ? "higher" : "lower"),
  split: (value) => (value === "random" ? "at random" : `by ${value}`),
  ended: (value) => RACE_ENDS[value] ?? value,
};

function shown(name: string, value: unknown): string {
  if (typeof value === "number") {
    if (/bytes$/i.test(name)) return bytes(value);
    return Number.isInteger(value) ? count(value) : figure(value);
  }
  if (typeof value === "string") return SHOWN_AS[name]?.(value) ?? value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === null || value === undefined) return "none";
  if (Array.isArray(value)) return value.map((entry) => shown("", entry)).join(", ");
  return Object.entries(value as Record<string, unknown>)
    .map(([own, entry]) => `${words(own)} ${shown(own, entry)}`)
    .join(", ");
}
