/** Draws the window that opens while a file is dragged over a page, and while it is uploaded; and the dashboard's drop zone. */
import { apiUrl, CodeBlock } from "../parts/parts.tsx";
import { type Links, type PageContext, url, type Viewer } from "./page-context.ts";

const ACCEPTED =
  ".csv,.tsv,.tab,.txt,.dat,.xlsx,.parquet,.json,.jsonl,.ndjson,.html,.gz,.zst,.zip,text/csv,text/plain";

/** upload.js fills it; `app.js` opens it. */
export function UploadDialog({ context: { links, assets } }: { context: PageContext }) {
  return (
    <dialog
      id="upload"
      class="upload"
      aria-labelledby="upload-heading"
      data-upload={url(links, "/api/upload")}
      data-script={url(links, assets.upload)}
    >
      <div class="upload-over">
        <p class="upload-title">Drop to upload</p>
        <p>CSV, Excel, Parquet or JSON, also compressed. Several files at once become several datasets.</p>
      </div>
      <div class="upload-sending">
        <h2 id="upload-heading">Upload a file</h2>
        <ul class="upload-files" data-part="files" aria-live="polite" />
        <p class="actions">
          <label class="button primary upload-pick">
            <span>Choose another file</span>
            <input data-part="again" type="file" multiple accept={ACCEPTED} aria-label="Choose a file" />
          </label>
          <a class="button" data-part="all" href={url(links, "/datasets")} hidden>
            Show datasets
          </a>
          <button type="button" data-part="close" data-close="upload">
            Cancel
          </button>
        </p>
      </div>
      <template data-part="row">
        <li>
          <b />
          <progress max="100" value="0" aria-label="Sent" />
          <span data-says="" />
        </li>
      </template>
    </dialog>
  );
}

/** A file field of a form: for one file without script, for several with it. */
function FileField({ label }: { label: string }) {
  return (
    <label class="button primary upload-pick">
      <span>{label}</span>
      <input type="file" name="file" required multiple accept={ACCEPTED} />
    </label>
  );
}

/** Works as a plain form; upload.js sends the files and opens their page. */
export function DropZone(props: {
  links: Links;
  viewer: Viewer;
  /** True if there are no files yet. */
  isFirst: boolean;
}) {
  const { links, viewer, isFirst } = props;
  // Where nobody signs in, nobody owns anything.
  const mayHide = viewer.name !== "";
  return (
    <form
      id="new"
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
        <p class="dropzone-lead">
          Signalbox reads your table, finds what it can predict, and trains a model while you watch.
        </p>
        <p class="dropzone-how needs-js">Drop files anywhere on this page, or paste rows.</p>
      </div>
      <div class="actions">
        <FileField label="Choose a file" />
        <button type="submit" class="no-script">
          Upload
        </button>
        {mayHide && (
          <button type="submit" class="no-script" formaction={url(links, "/datasets?visibility=private")}>
            Upload privately
          </button>
        )}
      </div>
      {mayHide && (
        <label class="dropzone-private needs-js">
          <input type="checkbox" data-private /> Private: only you and admins see it
        </label>
      )}
      <details class="command" open={isFirst}>
        <summary>Upload and train with curl</summary>
        <CodeBlock
          code={`${links.curl} --fail-with-body -T your.csv '${apiUrl(links, "/api/train/your.csv?target=COLUMN")}'`}
          label="Upload and train with curl"
        />
      </details>
    </form>
  );
}
