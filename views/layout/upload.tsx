/** Draws the window that opens while a file is dragged over a page, and while it is uploaded. */
import { type PageContext, url } from "./page-context.ts";

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
export function FileField({ label }: { label: string }) {
  return (
    <label class="button primary upload-pick">
      <span>{label}</span>
      <input type="file" name="file" required multiple accept={ACCEPTED} />
    </label>
  );
}
