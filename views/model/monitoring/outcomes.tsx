/** Draws the forms that report outcomes: of one prediction by its ID, or of many by a CSV. */
import type { OutcomeNote } from "../../../core/routes/pages/outcome-forms.ts";
import { Field } from "../../dataset/fields.tsx";
import { type Links, url } from "../../layout/page-context.ts";
import { count } from "../../parts/format.ts";
import { Command, curlLine } from "../../parts/parts.tsx";
import { modelPath } from "../../parts/paths.ts";

export function OutcomeForms({ name, links }: { name: string; links: Links }) {
  const path = `${modelPath(name)}/outcomes`;
  return (
    <div class="outcomes" data-needs="predict">
      <p class="fine">
        Every prediction has an ID. Report the actual outcome by prediction ID, one at a time or as a CSV.
      </p>
      <div class="outcome-forms">
        <form id="outcome-one" class="form" method="post" action={url(links, path)}>
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
          method="post"
          enctype="multipart/form-data"
          action={url(links, `${path}-csv`)}
        >
          <Field id="outcome-file" label="Outcomes as CSV" hint="With the columns id and actual.">
            <input id="outcome-file" type="file" name="file" required accept=".csv,text/csv" />
          </Field>
          <p class="actions">
            <button type="submit">Report outcomes</button>
          </p>
        </form>
      </div>
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
    <div class={rejected > 0 ? "note note-caution" : "note"} role="status">
      <p>
        <strong>Outcomes:</strong> {parts.join(", ")}.
      </p>
      {reason && <p>{reason}</p>}
    </div>
  );
}
