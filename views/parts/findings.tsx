/** Draws the issues found in a file. A finding with a fix has one button. */
import type { Finding } from "../../core/csv/types.ts";
import type { ReadyDataset } from "../dataset/data.ts";
import type { Links } from "../layout/page-context.ts";
import { count, unbroken } from "./format.ts";
import { Action, curlLine, LampDot } from "./parts.tsx";
import { type Lamp, TYPE_PHRASES } from "./words.ts";

const SHOWN = 100;
const LAMPS: Record<Finding["severity"], Lamp> = { info: "dark", warning: "caution", error: "danger" };

/** What may give the answer away, which is another fault than saying little. */
const LEAKS: ReadonlySet<string> = new Set(["target_leak", "after_the_fact", "target_sum"]);

export function FindingList({ links, dataset }: { links: Links; dataset: ReadyDataset }) {
  const { findings } = dataset.profile;
  if (!findings.length) {
    return (
      <p class="verdict-line">
        <LampDot lamp="clear" />
        No issues found.
      </p>
    );
  }
  const leaks = excludedBy(findings.filter(({ code }) => LEAKS.has(code)));
  const useless = excludedBy(
    findings.filter(({ code, severity }) => severity !== "info" && !LEAKS.has(code)),
  );
  return (
    <ul class="findings">
      {leaks.length > 0 && <TrainWithout links={links} dataset={dataset} columns={leaks} />}
      {useless.length > 1 && <DropAll links={links} dataset={dataset} columns={useless} />}
      {findings.slice(0, SHOWN).map((finding) => (
        <li class={`finding finding-${finding.severity}`}>
          <LampDot lamp={LAMPS[finding.severity]} />
          <span class="finding-words">
            {unbroken(finding.message)}
            {finding.row !== undefined && <span class="fine"> Row {count(finding.row)}.</span>}
          </span>
          {finding.fix && <FixButton links={links} dataset={dataset} finding={finding} />}
        </li>
      ))}
      {findings.length > SHOWN && (
        <li class="finding fine">
          {count(findings.length - SHOWN)} more. The dataset’s JSON lists all of them.
        </li>
      )}
    </ul>
  );
}

/** The columns that they propose to exclude, each once. */
function excludedBy(findings: readonly Finding[]): string[] {
  return [...new Set(findings.flatMap(({ fix }) => fix?.exclude ?? []))];
}

/** A column that may give the answer away is excluded from the training, and stays in the file. */
function TrainWithout(props: { links: Links; dataset: ReadyDataset; columns: string[] }) {
  const { links, dataset, columns } = props;
  const target = dataset.profile.target;
  const asked = { ...(target !== null && { target }), exclude: columns };
  const named = columns.map((name) => `“${name}”`).join(", ");
  const message = `${named} may give the answer away: a score reached with ${columns.length === 1 ? "it" : "them"} says little.`;
  return (
    <li class="finding finding-error">
      <LampDot lamp="danger" />
      <span class="finding-words">{unbroken(message)}</span>
      <Action
        links={links}
        path={`/datasets/${encodeURIComponent(dataset.id)}/train`}
        label={columns.length === 1 ? "Train without this column" : "Train without these columns"}
        describes={named}
        then="go"
        fields={[
          ...(target === null ? [] : [{ name: "target", value: target }]),
          ...columns.map((value) => ({ name: "exclude", value })),
        ]}
        curl={curlLine(links, {
          method: "POST",
          path: "/api/train",
          body: { datasetId: dataset.id, ...asked },
        })}
      />
    </li>
  );
}

/** One button that excludes all columns that say little. */
function DropAll(props: { links: Links; dataset: ReadyDataset; columns: string[] }) {
  const { links, dataset, columns } = props;
  const message = `${count(columns.length)} columns carry little information.`;
  return (
    <li class="finding finding-warning">
      <LampDot lamp="caution" />
      <span class="finding-words">{unbroken(message)}</span>
      <FixButton
        links={links}
        dataset={dataset}
        finding={{ code: "drop_all", severity: "warning", column: null, message, fix: { exclude: columns } }}
      />
    </li>
  );
}

function FixButton({ links, dataset, finding }: { links: Links; dataset: ReadyDataset; finding: Finding }) {
  const path = `/datasets/${encodeURIComponent(dataset.id)}`;
  const { split, splitColumn } = finding.fix ?? {};
  if (split && splitColumn) return <SplitButton {...{ links, dataset, finding, split, splitColumn }} />;
  return (
    <Action
      links={links}
      path={`${path}/reading`}
      label={fixLabel(finding.fix!)}
      describes={finding.message}
      then="go"
      fields={fixFields(finding.fix!, dataset)}
      curl={curlLine(links, { method: "PATCH", path: `/api${path}`, body: finding.fix })}
    />
  );
}

/** Trains with the split that the finding proposes. */
function SplitButton(props: {
  links: Links;
  dataset: ReadyDataset;
  finding: Finding;
  split: "time" | "group";
  splitColumn: string;
}) {
  const { links, dataset, finding, split, splitColumn } = props;
  const target = dataset.profile.target;
  const asked = { ...(target !== null && { target }), split, splitColumn };
  return (
    <Action
      links={links}
      path={`/datasets/${encodeURIComponent(dataset.id)}/train`}
      label={`Train with a split by ${splitColumn}`}
      describes={finding.message}
      then="go"
      fields={Object.entries(asked).map(([name, value]) => ({ name, value }))}
      curl={curlLine(links, {
        method: "POST",
        path: "/api/train",
        body: { datasetId: dataset.id, ...asked },
      })}
    />
  );
}

type Fix = NonNullable<Finding["fix"]>;

function fixLabel(fix: Fix): string {
  if (fix.exclude)
    return fix.exclude.length === 1 ? "Exclude column" : `Exclude ${fix.exclude.length} columns`;
  if (fix.target !== undefined) return `Predict ${fix.target}`;
  if (fix.task !== undefined) return fix.task === "regression" ? "Predict a number" : "Predict classes";
  if (fix.header !== undefined) return fix.header ? "Use first row as names" : "First row is data";
  if (fix.missing) return Object.values(fix.missing)[0]?.length ? "Treat as missing" : "Keep as a value";
  const [type] = Object.values(fix.types ?? {});
  return type ? `Treat as ${TYPE_PHRASES[type]}` : "Apply";
}

/** Sends earlier choices too: a form states everything that it sets. */
function fixFields(fix: Fix, dataset: ReadyDataset): { name: string; value: string }[] {
  const { choices } = dataset;
  const drop = fix.exclude ? [...(choices.drop ?? []), ...fix.exclude] : [];
  const types = fix.types ? { ...choices.types, ...fix.types } : {};
  return [
    ...drop.map((value) => ({ name: "drop", value })),
    ...Object.entries(types).map(([column, value]) => ({ name: `type.${column}`, value })),
    ...Object.entries({ ...choices.missing, ...fix.missing }).map(([column, words]) => ({
      name: `missing.${column}`,
      value: words.join(", "),
    })),
    ...(fix.target === undefined ? [] : [{ name: "target", value: fix.target }]),
    ...(fix.task === undefined ? [] : [{ name: "task", value: fix.task }]),
    ...(fix.header === undefined ? [] : [{ name: "header", value: String(fix.header) }]),
  ];
}
