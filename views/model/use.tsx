/** Draws how to call the model: a file on the page, and commands that work when pasted. */
import type { Problem } from "../../core/http/problem.ts";
import type { ModelView } from "../../core/routes/data/panel-data.ts";
import { Field } from "../dataset/fields.tsx";
import { ProblemNote } from "../layout/error.tsx";
import { type Links, url } from "../layout/page-context.ts";
import { apiUrl, CodeBlock, curlLine } from "../parts/parts.tsx";

export interface UseProps {
  links: Links;
  name: string;
  version: ModelView["versions"][number];
  /** Why the last file was not predicted. */
  problem?: Problem;
}

export function UseFromCode({ links, name, version, problem }: UseProps) {
  const path = `/api/models/${encodeURIComponent(name)}/predict?version=${version.version}`;
  const row = Object.fromEntries(
    version.result.schema.features.map((feature) => [feature.name, feature.example]),
  );
  const address = apiUrl(links, path);
  const json = JSON.stringify({ rows: [row] });
  const script = `const answer = await fetch(${JSON.stringify(address)}, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(${json}),
});
console.log(await answer.json());`;
  const python = `import json, urllib.request
request = urllib.request.Request(
    ${JSON.stringify(address)},
    data=json.dumps(json.loads(${JSON.stringify(json)})).encode(),
    headers={"Content-Type": "application/json"},
)
print(json.load(urllib.request.urlopen(request)))`;
  // The reader has seen which columns the file lacks: the same file is taken now.
  const isWarned = problem?.status === 409;
  return (
    <div class="use-columns">
      <div class="use-part">
        <h3>Predict a file</h3>
        <form
          id="batch"
          class="form"
          data-needs="predict"
          data-columns={JSON.stringify(version.result.schema.features.map((feature) => feature.name))}
          method="post"
          enctype="multipart/form-data"
          action={`${url(links, `/models/${encodeURIComponent(name)}/predict-csv`)}?${new URLSearchParams({
            version: String(version.version),
            complete: isWarned ? "0" : "1",
          })}#batch`}
        >
          <Field
            id="rows"
            label="Predict every row of a CSV"
            hint="Include a header row. Blank cells are allowed. You get the file back with prediction columns added."
          >
            <input
              id="rows"
              type="file"
              name="file"
              required
              accept=".csv,.tsv,.txt,.xlsx,.parquet,.json,.jsonl,.ndjson,.gz,.zst,.zip,text/csv"
            />
          </Field>
          <div class="batch-note" role="status">
            {problem && <ProblemNote problem={problem} />}
            {isWarned && (
              <p>To predict it anyway, choose the file again: the missing columns are left blank.</p>
            )}
          </div>
          <p class="actions">
            <button type="submit">Predict file</button>
          </p>
        </form>
      </div>
      <div class="use-part code-tabs">
        <h3>Code</h3>
        <CodeBlock
          label="Predict a CSV with curl"
          code={`${links.curl} --fail-with-body -H 'Content-Type: text/csv' --data-binary @rows.csv '${address}'`}
        />
        <CodeBlock
          label="Predict with curl"
          code={curlLine(links, { method: "POST", path, body: { rows: [row] } })}
        />
        <details>
          <summary>JavaScript</summary>
          <CodeBlock label="Predict with JavaScript" code={script} />
        </details>
        <details>
          <summary>Python</summary>
          <CodeBlock label="Predict with Python" code={python} />
        </details>
      </div>
    </div>
  );
}
