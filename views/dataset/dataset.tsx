/** Draws a dataset's page: the form to train a model, data issues, and the table of columns and rows. */
import type { ReadingPreview } from "../../core/csv/types.ts";
import type { PanelKey } from "../../core/events/panel-names.ts";
import type { Problem } from "../../core/http/problem.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { LEAST_ROWS } from "../../core/trainer/contract.ts";
import { ReadingPanel } from "../dashboard/datasets.tsx";
import { ProblemNote } from "../layout/error.tsx";
import { Layout } from "../layout/layout.tsx";
import { type PageContext, url } from "../layout/page-context.ts";
import { PanelView } from "../panels.tsx";
import { FindingList } from "../parts/findings.tsx";
import { Organise } from "../parts/organise.tsx";
import { Action, Command, curlLine } from "../parts/parts.tsx";
import { datasetPath } from "../parts/paths.ts";
import { RunsPanel } from "../run/pipeline.tsx";
import { Changes } from "./changes.tsx";
import type { ReadyDataset } from "./data.ts";
import { ReadingForm } from "./reading.tsx";
import { DatasetTable, type TablePage, withinPage } from "./table.tsx";
import { type TargetChoice, TrainForm } from "./train.tsx";

export interface DatasetPageProps {
  context: PageContext;
  dataset: ReadyDataset;
  page: TablePage;
  /** Every column, in file order. */
  targets: readonly TargetChoice[];
  /** Other datasets, whose rows may be a test set. */
  others: readonly { id: string; name: string }[];
  reading: PanelData["reading"];
  runs: PanelData["runs"] | null;
  /** How other choices would read it, if requested. */
  preview?: ReadingPreview | undefined;
  /** Why the last form was refused. */
  problem?: Problem;
}

export function DatasetPage(props: DatasetPageProps) {
  const { context, dataset, page, targets, others, reading, runs, preview, problem } = props;
  const { links } = context;
  const { profile, name } = dataset;
  const path = datasetPath(dataset);
  const key = (panel: "reading" | "runs"): PanelKey => `${panel}:${dataset.id}`;
  const shown = withinPage(profile.columns, page.column).map(({ name }) => name);
  return (
    <Layout context={context} title={name} panels={[key("reading"), key("runs")]} current="datasets">
      <header class="page-head file-head">
        <p class="crumbs">
          <a href={url(links, "/datasets")}>Datasets</a>
        </p>
        <h1>{name}</h1>
        <PanelView
          panelKey={key("reading")}
          panel="reading"
          content={ReadingPanel}
          data={reading}
          links={links}
        />
      </header>
      {problem && <ProblemNote problem={problem} />}
      <div class="dataset-page">
        <TrainForm links={links} dataset={dataset} targets={targets} shown={shown} others={others} />
        {dataset.changes && <Changes changes={dataset.changes} />}
        <section class="panel" aria-labelledby="findings-heading">
          <h2 id="findings-heading">Data issues</h2>
          <FindingList links={links} dataset={dataset} />
        </section>
        <section class="panel" aria-labelledby="table-heading">
          <h2 id="table-heading">Data</h2>
          <DatasetTable links={links} dataset={dataset} page={page} />
        </section>
        <section class="panel" aria-labelledby="reading-heading">
          <h2 id="reading-heading">Import settings</h2>
          <ReadingForm links={links} dataset={dataset} preview={preview} shown={shown} />
        </section>
        {(profile.rows >= LEAST_ROWS || (runs?.items.length ?? 0) > 0) && (
          <PanelView panelKey={key("runs")} panel="runs" content={RunsPanel} data={runs} links={links} />
        )}
        <Organise
          links={links}
          path={path}
          what="dataset"
          name={name}
          tags={dataset.tags}
          note={dataset.note}
          archived={dataset.archivedAt !== null}
          viewer={context.viewer}
          owner={dataset.ownerName || null}
          visibility={dataset.effectiveVisibility}
        />
        <section class="panel panel-quiet" aria-labelledby="more-heading">
          <h2 id="more-heading">Download or delete</h2>
          <Command
            label="Get this dataset with curl"
            code={curlLine(links, { method: "GET", path: `/api${path}` })}
          />
          <details class="expert">
            <summary>Delete this dataset</summary>
            <p class="fine">
              Deletes all rows, from the disk too; you can undo it for a minute. Runs and models trained on
              this dataset stay. They keep what they need to predict: column names, category labels, words
              from texts, number ranges, and one example value per column.
            </p>
            <Action
              links={links}
              path={`${path}/delete`}
              label="Delete dataset"
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
