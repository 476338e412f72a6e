/** Which files are here, which are arriving, and what was refused? And the drop zone that takes new ones. */

import type { Rejection } from "../../core/datasets/rejections.ts";
import type { UploadInProgress } from "../../core/datasets/uploads.ts";
import type { DatasetSummary } from "../../core/routes/data/list-data.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { ColumnHead } from "../dataset/table.tsx";
import { NearText } from "../layout/error.tsx";
import { type Links, url } from "../layout/frame.ts";
import { bytes, count, plural } from "../parts/format.ts";
import { apiUrl, Bar, CodeBlock, Empty, Older, Time } from "../parts/parts.tsx";
import { datasetPath } from "../parts/paths.ts";
import { taskLabel } from "../parts/words.ts";

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
        <Empty>
          No file yet. Drop a CSV on <a href={url(links, "/")}>the dashboard</a>, open one of its samples, or
          send one with curl.
        </Empty>
      )}
      <Older links={links} path="/datasets" next={data.next} label="Older files" />
    </>
  );
}

function DatasetRow({ item, links }: { item: DatasetSummary; links: Links }) {
  const { id, name, status, rows, columns, sizeBytes, target, task, createdAt } = item;
  return (
    <li class="row" id={`dataset-${id}`}>
      <a class="row-name" href={url(links, `/datasets/${encodeURIComponent(id)}`)}>
        {name}
      </a>
      {status === "reading" ? (
        <span class="row-facts">being read</span>
      ) : (
        <span class="row-facts">
          {plural(rows, "row")}, {plural(columns, "column")}, {bytes(sizeBytes)}
          {target !== null && `; suggests predicting ${target} (${taskLabel(task).toLowerCase()})`}
        </span>
      )}
      <span class="row-when">
        <Time at={createdAt} />
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
    ? `${count(rows)} rows read, ${bytes(received)}${of}`
    : `${bytes(received)}${of} received`;
  return (
    <>
      <Bar label={`${isReading ? "Reading" : "Receiving"} ${name}`} value={share} text={text} />
      {columns.length > 0 && <ArrivedColumns name={name} columns={columns} />}
    </>
  );
}

/** The heads of the table, filling while its rows are read. */
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
        <strong>{name} was refused.</strong> {error.message}
        {place.length > 0 && ` (${place.join(", ")})`}
      </p>
      {error.near !== undefined && <NearText text={error.near} />}
      {error.fix && <p>{error.fix}</p>}
      {error.example && <pre>{error.example}</pre>}
    </div>
  );
}

/** While the file is read, how far; then what it holds. */
export function ReadingPanel({ data, links }: { data: NonNullable<PanelData["reading"]>; links: Links }) {
  if (data.rejection) {
    return (
      <>
        <RejectionNote rejection={data.rejection} />
        <p class="actions">
          <a class="button" href={url(links, "/")}>
            Upload another file
          </a>
        </p>
      </>
    );
  }
  if (data.file) {
    const { rows, columns, sizeBytes, createdAt, version } = data.file;
    return (
      <p class="facts">
        <span class="whose">
          <a href={url(links, datasetPath(data))}>{data.name}</a>:{" "}
        </span>
        {plural(rows, "row")}, {plural(columns, "column")}, {bytes(sizeBytes)}; uploaded{" "}
        <Time at={createdAt} />
        {version > 1 && `; reading ${version} of the same file`}
      </p>
    );
  }
  return data.arrival ? (
    <ArrivalNote arrival={data.arrival} />
  ) : (
    <Bar
      label={`Reading ${data.name}`}
      value={null}
      text="Reading begins. What is found shows here at once."
    />
  );
}

/** Works as a plain form; app.js sends the raw file and lets the server tell how far it is. */
export function DropZone({ links, isFirst }: { links: Links /** No file is here yet. */; isFirst: boolean }) {
  return (
    <form
      class="dropzone"
      data-needs="train"
      method="post"
      action={url(links, "/datasets")}
      enctype="multipart/form-data"
      data-upload={url(links, "/api/upload")}
      hx-ignore="true"
    >
      <div class="dropzone-words">
        <h2>A CSV in, a model out.</h2>
        <p>Drop a table here. Signalbox reads it, finds what can be predicted, and trains while you watch.</p>
      </div>
      <label class="dropzone-file">
        <span>Choose a CSV file</span>
        <input type="file" name="file" required accept=".csv,.tsv,.txt,.gz,.zip,text/csv" />
      </label>
      <button type="submit" class="primary">
        Upload
      </button>
      <p class="dropzone-note" data-upload-note />
      <details class="command" open={isFirst}>
        <summary>or with curl</summary>
        <CodeBlock
          code={`${links.curl} -T your.csv '${apiUrl(links, "/api/train/your.csv?target=COLUMN")}'`}
          label="Upload and train with curl"
        />
      </details>
    </form>
  );
}
