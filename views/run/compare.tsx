/** Compares runs side by side: which is better and by how much, which settings differ, and where they disagree. */

import { EXPERT_NAMES, EXPERT_SETTINGS } from "../../core/training/options/expert.ts";
import type { PairedTest, RunComparison } from "../../core/training/results/compare-runs.ts";
import { Figure, Legend, LineChart, SERIES_KINDS, type Series } from "../charts/chart.tsx";
import { Layout } from "../layout/layout.tsx";
import { type Links, type PageContext, url } from "../layout/page-context.ts";
import { MetricHead } from "../model/results/metric-table.tsx";
import { count, figures, percent, plural } from "../parts/format.ts";
import { Command, curlLine } from "../parts/parts.tsx";

export type ComparePageProps = RunComparison & { context: PageContext };

export function ComparePage({ context, ...comparison }: ComparePageProps) {
  const { links } = context;
  const names = comparison.runs.map(nameOf);
  const query = comparison.runs.map(({ id }) => encodeURIComponent(id)).join(",");
  return (
    <Layout context={context} title={`Compare ${names.join(" and ")}`} current="runs" panels={[]}>
      <header class="page-head">
        <p class="crumbs">
          <a href={url(links, "/")}>Dashboard</a> / <a href={url(links, "/runs")}>Runs</a>
        </p>
        <h1>Compare runs</h1>
        <p class="facts">{comparison.runs.map(({ number }) => `Run ${number}`).join(", ")}</p>
      </header>
      <PairedTests comparison={comparison} names={names} />
      <Metrics comparison={comparison} names={names} links={links} />
      <Settings comparison={comparison} names={names} />
      <Curves comparison={comparison} names={names} />
      <ImportanceTable comparison={comparison} names={names} />
      <Disagreements comparison={comparison} names={names} />
      <Command
        label="This comparison as JSON"
        code={curlLine(links, { method: "GET", path: `/api/compare?runs=${query}` })}
      />
    </Layout>
  );
}

type Compared = { comparison: RunComparison; names: readonly string[] };

function nameOf({ modelName, version, number }: RunComparison["runs"][number]): string {
  return version === null ? `run ${number}` : `${modelName} version ${version}`;
}

function PairedTests({ comparison: { paired }, names }: Compared) {
  return (
    <section class="panel" aria-labelledby="paired-heading">
      <h2 id="paired-heading">Which is better</h2>
      {paired.map((test) => (
        <p class="lead">{pairedSentence(test, names)}</p>
      ))}
      <p class="facts">
        Measured on the test rows that both runs have in common; the interval contains the true difference 95
        % of the time.
      </p>
    </section>
  );
}

function pairedSentence(
  { run, rows, reason, difference, interval, verdict }: PairedTest,
  names: readonly string[],
) {
  const [first, other] = [names[0]!, names[run]!];
  if (difference === null || interval === null)
    return `${other} cannot be tested against ${first}. ${reason}`;
  const [shown, low, high] = figures([difference, interval[0], interval[1]]);
  const about = `mean loss ${shown} (95 % interval ${low} to ${high}, ${plural(rows, "row")})`;
  if (verdict === "level") return `${other} and ${first} are level: ${about}.`;
  return `${other} is ${verdict} than ${first}: ${about}.`;
}

function HeadRow({ label, names }: { label: string; names: readonly string[] }) {
  return (
    <thead>
      <tr>
        <th scope="col">{label}</th>
        {names.map((name) => (
          <th scope="col" class="number">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Metrics({ comparison: { metrics, runs }, names, links }: Compared & { links: Links }) {
  return (
    <section class="panel" aria-labelledby="figures-heading">
      <h2 id="figures-heading">Test results</h2>
      <section class="scroll" tabindex={0} aria-label="Table of test results">
        <table class="metrics">
          <HeadRow label="Metric" names={names} />
          <tbody>
            {metrics.map(({ name, values, best }) => {
              const texts = textsOf(
                values.flatMap((value) => [value?.value ?? null, value?.low ?? null, value?.high ?? null]),
              );
              return (
                <tr>
                  <MetricHead name={name} />
                  {values.map((_, index) => (
                    <td class={index === best ? "number best" : "number"} data-of={names[index]}>
                      {index === best && <span class="tag">best</span>}{" "}
                      <MetricCell texts={texts.slice(3 * index, 3 * index + 3)} />
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Page</th>
              {runs.map(({ id, number }, index) => (
                <td class="number" data-of={names[index]}>
                  <a href={url(links, `/runs/${id}`)}>Run {number}</a>
                </td>
              ))}
            </tr>
          </tfoot>
        </table>
      </section>
    </section>
  );
}

/** The figure, and below it its interval. */
function MetricCell({ texts: [value, low, high] }: { texts: (string | null)[] }) {
  if (!value) return <>–</>;
  return (
    <>
      {value}
      {low && (
        <span class="says">
          {low} to {high}
        </span>
      )}
    </>
  );
}

/** Figures that are read together, with the same decimals; null stays. */
function textsOf(values: readonly (number | null)[]): (string | null)[] {
  const shown = figures(values.filter((value) => value !== null));
  return values.map((value, index) =>
    value === null ? null : shown[values.slice(0, index).filter((before) => before !== null).length]!,
  );
}

function Settings({ comparison: { settings }, names }: Compared) {
  const [different, same] = [settings.filter((row) => row.differs), settings.filter((row) => !row.differs)];
  return (
    <section class="panel" aria-labelledby="settings-heading">
      <h2 id="settings-heading">Settings</h2>
      {different.length === 0 && <p class="lead">All runs used the same settings.</p>}
      {different.length > 0 && <SettingsTable rows={different} names={names} label="Settings that differ" />}
      {same.length > 0 && (
        <details>
          <summary>{plural(same.length, "setting")} in common</summary>
          <SettingsTable rows={same} names={names} label="Settings in common" />
        </details>
      )}
    </section>
  );
}

function SettingsTable(props: { rows: RunComparison["settings"]; names: readonly string[]; label: string }) {
  return (
    <section class="scroll" tabindex={0} aria-label={props.label}>
      <table>
        <HeadRow label="Setting" names={props.names} />
        <tbody>
          {props.rows.map(({ name, values }) => (
            <tr>
              <th scope="row">{settingLabel(name)}</th>
              {values.map((value) => (
                <td class="number">{value ?? "automatic"}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** As forms name it; "budgetSeconds" -> "Budget seconds". */
function settingLabel(name: string): string {
  const expert = EXPERT_NAMES.find((known) => known === name);
  if (expert) return EXPERT_SETTINGS[expert].label;
  const words = name.replace(/([A-Z])/g, " $1").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const CURVE_WORDS = {
  roc: { heading: "ROC curve", x: "false positive rate", y: "true positive rate" },
  precisionRecall: { heading: "Precision-recall curve", x: "recall", y: "precision" },
} as const;

function Curves({ comparison: { curves }, names }: Compared) {
  return (
    <div class="pair">
      {curves.map(({ kind, lines }) => {
        const { heading, x, y } = CURVE_WORDS[kind];
        const series = lines.map(
          ({ run, points }): Series => ({ name: names[run]!, kind: SERIES_KINDS[run] ?? "faint", points }),
        );
        return (
          <section class="panel" aria-labelledby={`${kind}-heading`}>
            <h2 id={`${kind}-heading`}>{heading}</h2>
            <Figure
              id={kind}
              sentence={`${heading} of each run; the class is ${lines[0]!.class}.`}
              columns={["Run", x, y]}
              rows={lines.flatMap(({ run, points }) =>
                points.map(([at, value]) => ({ head: names[run]!, cells: [percent(at), percent(value)] })),
              )}
            >
              <LineChart
                label={heading}
                series={series}
                xLabel={x}
                yLabel={y}
                xDomain={[0, 1]}
                yDomain={[0, 1]}
              />
              <Legend series={series} />
            </Figure>
          </section>
        );
      })}
    </div>
  );
}

function ImportanceTable({ comparison: { importance }, names }: Compared) {
  if (importance.length === 0) return null;
  const texts = textsOf(importance.flatMap(({ values }) => values));
  return (
    <section class="panel" aria-labelledby="importance-heading">
      <h2 id="importance-heading">Feature importance</h2>
      <section class="scroll" tabindex={0} aria-label="Table of feature importance">
        <table>
          <HeadRow label="Column" names={names} />
          <tbody>
            {importance.map(({ column }, row) => {
              const shown = texts.slice(row * names.length, (row + 1) * names.length);
              return (
                <tr>
                  <th scope="row">{column}</th>
                  {shown.map((text) => (
                    <td class="number">{text ?? "not used"}</td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Disagreements({ comparison: { disagreements }, names }: Compared) {
  if (disagreements.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="disagreements-heading">
      <h2 id="disagreements-heading">Rows they disagree on most</h2>
      <section class="scroll" tabindex={0} aria-label="Table of rows they disagree on">
        <table>
          <thead>
            <tr>
              <th scope="col" class="number">
                Row
              </th>
              <th scope="col">Actual</th>
              {names.map((name) => (
                <th scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {disagreements.map(({ row, truth, answers }) => (
              <tr>
                <th scope="row" class="number">
                  {count(row)}
                </th>
                <td>{truth}</td>
                {answers.map((answer) => (
                  <td>{answer}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
