/** What is in this file, how was it read, and what can be learned from it? The table, its findings, the train form. */
import type { ReadingPreview } from "../../core/csv/types.ts";
import type { PanelKey } from "../../core/events/panel-names.ts";
import type { Problem } from "../../core/http/problem.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { ProblemNote } from "../layout/error.tsx";
import { type Frame, url } from "../layout/frame.ts";
import { Layout } from "../layout/layout.tsx";
import { PanelView } from "../panels.tsx";
import { FindingList } from "../parts/findings.tsx";
import { Action, Command, curlLine } from "../parts/parts.tsx";
import { datasetPath } from "../parts/paths.ts";
import type { ReadyDataset } from "./data.ts";
import { ReadingForm } from "./reading.tsx";
import { DatasetTable, type TablePage, withinPage } from "./table.tsx";
import { TrainForm } from "./train.tsx";

export interface DatasetPageProps {
  frame: Frame;
  dataset: ReadyDataset;
  page: TablePage;
  reading: PanelData["reading"];
  runs: PanelData["runs"] | null;
  /** How other choices would read it, where that was asked. */
  preview?: ReadingPreview | undefined;
  /** What the last form was refused for. */
  problem?: Problem;
}

export function DatasetPage({ frame, dataset, page, reading, runs, preview, problem }: DatasetPageProps) {
  const { links } = frame;
  const { profile, name } = dataset;
  const path = datasetPath(dataset);
  const key = (panel: "reading" | "runs"): PanelKey => `${panel}:${dataset.id}`;
  const shown = withinPage(profile.columns, page.column).map(({ name }) => name);
  return (
    <Layout frame={frame} title={name} panels={[key("reading"), key("runs")]} current="datasets">
      <header class="page-head">
        <p class="crumbs">
          <a href={url(links, "/")}>Dashboard</a> / <a href={url(links, "/datasets")}>Files</a>
        </p>
        <h1>{name}</h1>
        <PanelView panelKey={key("reading")} panel="reading" data={reading} links={links} />
      </header>
      {problem && <ProblemNote problem={problem} />}
      <div class="dataset-page">
        <div class="pair">
          <section class="panel" aria-labelledby="train-heading">
            <h2 id="train-heading">Train a model</h2>
            <TrainForm links={links} dataset={dataset} shown={shown} />
          </section>
          <section class="panel" aria-labelledby="findings-heading">
            <h2 id="findings-heading">What stands out</h2>
            <FindingList links={links} dataset={dataset} />
          </section>
        </div>
        <section class="panel" aria-labelledby="table-heading">
          <h2 id="table-heading">The table</h2>
          <DatasetTable links={links} dataset={dataset} page={page} />
        </section>
        <section class="panel" aria-labelledby="reading-heading">
          <h2 id="reading-heading">How it was read</h2>
          <ReadingForm links={links} dataset={dataset} preview={preview} shown={shown} />
        </section>
        <PanelView panelKey={key("runs")} panel="runs" data={runs} links={links} />
        <section class="panel panel-quiet" aria-labelledby="more-heading">
          <h2 id="more-heading">Take or remove</h2>
          <Command label="This file as JSON" code={curlLine(links, { method: "GET", path: `/api${path}` })} />
          <details class="expert">
            <summary>Delete this file</summary>
            <p class="fine">
              Its rows are gone for good, from the disk too. Runs and models that learned from it stay, and
              keep what they need to answer: names of columns, labels of categories, words of texts, ranges of
              numbers, and one example of each column.
            </p>
            <Action
              links={links}
              path={`${path}/delete`}
              label="Delete for good"
              describes={name}
              tone="danger"
              then="go"
              curl={curlLine(links, { method: "DELETE", path: `/api${path}` })}
            />
          </details>
        </section>
      </div>
    </Layout>
  );
}
