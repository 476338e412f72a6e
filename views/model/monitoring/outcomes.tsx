/** Draws the forms that report outcomes: of one prediction by its ID, or of many by a CSV. */
import type { OutcomeNote } from "../../../core/routes/pages/outcome-forms.ts";
import { Field } from "../../dataset/fields.tsx";
import { type Links, url } from "../../layout/page-context.ts";
import { posted } from "../../parts/form.tsx";
import { count } from "../../parts/format.ts";
import { Command, curlLine } from "../../parts/parts.tsx";
import { modelPath } from "../../parts/paths.ts";

/** Beside the forms, of the page that answers them. */
const NOTED = { "hx-target": "#outcome-note", "hx-select": ".outcome-told", "hx-swap": "innerHTML" } as const;

export function OutcomeForms({ name, links }: { name: string; links: Links }) {
  const path = `${modelPath(name)}/outcomes`;
  return (
    <div class="outcomes" data-needs="predict">
      <p class="fine">
        Every prediction has an ID. Report the actual outcome by prediction ID, one at a time or as a CSV.
      </p>
      <div class="outcome-forms">
        <form id="outcome-one" class="form" {...posted(url(links, path))} {...NOTED}>
          <Field id="outcome-id" label="Prediction ID">
            <input id="outcome-id" name="id" required autocomplete="off" />
          </Field>
          <Field id="outcome-actual" label="Actual outcome">
            <input id="outcome-actual" name="actual" required autocomplete="off" />
          </Field>
          <p class="actions">
            <button type="submit">Report outcome</button>
          </p>
        </form>
        <form
          id="outcome-many"
          class="form"
          enctype="multipart/form-data"
          {...posted(url(links, `${path}-csv`))}
          {...NOTED}
        >
          <Field id="outcome-file" label="Outcomes as CSV" hint="With the columns id and actual.">
            <input id="outcome-file" type="file" name="file" required accept=".csv,text/csv" />
          </Field>
          <p class="actions">
            <button type="submit">Report outcomes</button>
          </p>
        </form>
      </div>
      {/* What was told stays when the panel around it is drawn again. */}
      <div id="outcome-note" hx-morph-skip="" />
      <Command
        label="as curl"
        code={`${curlLine(links, { method: "POST", path: "/api/predictions/ID/actual", body: { actual: "…" } })}\n\n${curlLine(links, { method: "POST", path: "/api/predictions/actuals" })} \\\n  -H 'Content-Type: text/csv' --data-binary @outcomes.csv`}
      />
    </div>
  );
}

/** The result of the last report. */
export function OutcomeSummary({ note }: { note: OutcomeNote }) {
  const { recorded, unchanged, changed, rejected, reason } = note;
  const counts = { recorded, changed, "already known": unchanged, rejected };
  const parts = Object.entries(counts).flatMap(([word, n]) => (n > 0 ? [`${count(n)} ${word}`] : []));
  return (
    <div class={`outcome-told note ${rejected > 0 ? "note-caution" : ""}`} role="status">
      <p>
        <strong>Outcomes:</strong> {parts.join(", ")}.
      </p>
      {reason && <p>{reason}</p>}
    </div>
  );
}
