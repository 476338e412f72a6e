/** Draws the datasets that are ready, uploading or refused. */

import type { UploadInProgress } from "../../core/datasets/uploads.ts";
import type { DatasetSummary } from "../../core/routes/data/list-data.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import type { Rejection } from "../../core/store/rejections.ts";
import { ColumnHead } from "../dataset/table.tsx";
import { NearText } from "../layout/error.tsx";
import { type Links, url } from "../layout/page-context.ts";
import { bytes, count, plural, sentence } from "../parts/format.ts";
import { All, Bar, Empty, Time } from "../parts/parts.tsx";
import { datasetPath } from "../parts/paths.ts";

export function DatasetsPanel({ data, links }: { data: PanelData["datasets"]; links: Links }) {
  return (
    <>
      {data.rejection && <RejectionNote rejection={data.rejection} />}
      {data.arrivals.length > 0 && (
        <ul class="arrivals">
          {data.arrivals.map((arrival) => (
            <li id={`arrival-${arrival.id}`} class="arrival">
              <strong>{arrival.name}</strong>
              <ArrivalNote arrival={arrival} />
            </li>
          ))}
        </ul>
      )}
      {data.items.length > 0 ? (
        <ul class="rows">
          {data.items.map((item) => (
            <DatasetRow item={item} links={links} />
          ))}
        </ul>
      ) : (
        <Empty>No datasets yet. Drop a CSV anywhere on this page, paste rows, or select Upload.</Empty>
      )}
      {data.items.length > 0 && <All links={links} path="/datasets" label="All datasets" />}
    </>
  );
}

function DatasetRow({ item, links }: { item: DatasetSummary; links: Links }) {
  const { name, status, rows, columns, sizeBytes, createdAt } = item;
  return (
    <li class="row" id={`dataset-${item.id}`}>
      <a class="row-name" href={url(links, datasetPath(item))}>
        {name}
      </a>
      <span class="row-facts">
        {status === "reading"
          ? "Reading…"
          : `${plural(rows, "row")}, ${plural(columns, "column")}, ${bytes(sizeBytes)}`}
      </span>
      <span class="row-when">
        <Time at={createdAt} form="age" />
      </span>
    </li>
  );
}

function ArrivalNote({ arrival }: { arrival: UploadInProgress }) {
  const { name, bytes: received, bytesTotal, rows, columns } = arrival;
  const isReading = rows !== null;
  const share = bytesTotal ? Math.min(1, received / bytesTotal) : null;
  const of = bytesTotal ? ` of ${bytes(bytesTotal)}` : "";
  const text = isReading
    ? `${plural(rows, "row")} read, ${bytes(received)}${of}`
    : `${bytes(received)}${of} received`;
  return (
    <>
      <Bar label={`${isReading ? "Reading" : "Receiving"} ${name}`} value={share} text={text} />
      {columns.length > 0 && <ArrivedColumns name={name} columns={columns} />}
    </>
  );
}

/** The headers of the table, filled while its rows are read. */
function ArrivedColumns({ name, columns }: { name: string; columns: UploadInProgress["columns"] }) {
  return (
    <section class="scroll" tabindex={0} aria-label={`Columns of ${name} so far`}>
      <table class="data">
        <thead>
          <tr>
            {columns.map((column) => (
              <ColumnHead column={column} rows={column.count} target={null} />
            ))}
          </tr>
        </thead>
      </table>
    </section>
  );
}

function RejectionNote({ rejection }: { rejection: Rejection }) {
  const { name, error } = rejection;
  const place = [
    error.row !== undefined ? `row ${count(error.row)}` : "",
    error.column !== undefined ? `column ${error.column}` : "",
  ].filter(Boolean);
  return (
    <div class="note note-danger">
      <p>
        <strong>{name} cannot be used.</strong> {sentence(error.message)}
        {place.length > 0 && ` See ${place.join(", ")}.`}
      </p>
      {error.near !== undefined && <NearText text={error.near} />}
      {error.fix && <p>{sentence(error.fix)}</p>}
    </div>
  );
}

/** While the file is read, its progress; if it was refused, the reason; then its contents. */
export function ReadingPanel({ data, links }: { data: NonNullable<PanelData["reading"]>; links: Links }) {
  if (data.rejection) return <Refused rejection={data.rejection} links={links} />;
  if (data.file) {
    const { rows, columns, sizeBytes, createdAt, version } = data.file;
    return (
      <p class="facts">
        <span class="whose">
          <a href={url(links, datasetPath(data))}>{data.name}</a>:{" "}
        </span>
        {plural(rows, "row")}, {plural(columns, "column")}, {bytes(sizeBytes)}, uploaded{" "}
        <Time at={createdAt} />
        {version > 1 && `, version ${version}`}
      </p>
    );
  }
  return (
    <div class="hero">
      <p class="hero-words">Reading the file…</p>
      {data.arrival ? (
        <ArrivalNote arrival={data.arrival} />
      ) : (
        <Bar
          label={`Reading ${data.name}`}
          value={null}
          text="Starting. Columns appear here as they are found."
        />
      )}
    </div>
  );
}

function Refused({ rejection, links }: { rejection: Rejection; links: Links }) {
  return (
    <div class="hero hero-refused">
      <RejectionNote rejection={rejection} />
      <p class="actions">
        <a class="button primary" href={url(links, "/#new")} data-pick="">
          Choose another file
        </a>
        <a class="button" href={url(links, "/datasets")}>
          Show all datasets
        </a>
      </p>
    </div>
  );
}
