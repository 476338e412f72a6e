/** The fields of a source: where its rows are, and how it is reached. */
import type { SourceRow } from "../../../core/routes/data/automation-data.ts";
import { Field } from "../../dataset/fields.tsx";
import { EMPTY_FORM, errorAt, errorAttributes, type FormValues, inputValue } from "../form-values.ts";

const ADVANCED = [
  "headers",
  "accessKeyId",
  "secretAccessKey",
  "region",
  "endpoint",
  "rowLimit",
  "timeoutSeconds",
];

/** `source`: its values fill the fields, except secrets. */
export function SourceFields(props: { id: string; source?: SourceRow; form?: FormValues }) {
  const { id, source, form = EMPTY_FORM } = props;
  const field = (name: string) => `source-${id}-${name}`;
  const about = (name: string) => ({ id: field(name), error: errorAt(form, name) });
  const named = (name: string) => ({ id: field(name), name, ...inputValue(form, field(name), name) });
  const stays = source ? "Leave empty to keep the current one." : "";
  const isMasked = source?.url.includes("…") ?? false;
  return (
    <>
      <Field {...about("name")} label="Name" hint="Its dataset gets this name.">
        <input {...named("name")} required maxlength={100} value={form.typed.name ?? source?.name} />
      </Field>
      <Field
        {...about("url")}
        label="Address"
        hint="https://…, s3://bucket/key, postgres://user@host/database, mysql://… or sqlite:///folder/file.db"
      >
        <input
          {...named("url")}
          required={!source}
          autocomplete="off"
          aria-describedby={`${field("url")}-hint`}
          {...(isMasked ? { placeholder: source?.url } : { value: form.typed.url ?? source?.url })}
        />
      </Field>
      <Field {...about("query")} label="Query" hint="Databases only: one SELECT statement.">
        <textarea
          id={field("query")}
          name="query"
          rows={3}
          aria-describedby={`${field("query")}-hint`}
          {...errorAttributes(form, field("query"), "query")}
        >
          {form.typed.query ?? source?.query ?? ""}
        </textarea>
      </Field>
      <Field {...about("password")} label="Password" hint={`Databases only. ${stays}`.trim()}>
        <Secret id={field("password")} name="password" />
      </Field>
      <details class="expert" open={ADVANCED.some((name) => form.typed[name] || errorAt(form, name))}>
        <summary>Advanced options</summary>
        <Field
          {...about("headers")}
          label="Headers"
          hint={`URLs only, for example Authorization: Bearer …, one per line. ${stays}`.trim()}
        >
          <textarea
            id={field("headers")}
            name="headers"
            rows={2}
            aria-describedby={`${field("headers")}-hint`}
          />
        </Field>
        <Field {...about("accessKeyId")} label="S3 access key ID" hint={stays}>
          <Secret id={field("accessKeyId")} name="accessKeyId" />
        </Field>
        <Field {...about("secretAccessKey")} label="S3 secret access key" hint={stays}>
          <Secret id={field("secretAccessKey")} name="secretAccessKey" />
        </Field>
        <Field {...about("region")} label="S3 region" hint="us-east-1 if empty.">
          <input {...named("region")} autocomplete="off" />
        </Field>
        <Field
          {...about("endpoint")}
          label="S3 server"
          hint="If it is not Amazon's, for example https://minio.example.com."
        >
          <input {...named("endpoint")} autocomplete="off" />
        </Field>
        <Field {...about("rowLimit")} label="Row limit" hint="Databases only. 1,000,000 if empty.">
          <input
            {...named("rowLimit")}
            type="number"
            min="1"
            value={form.typed.rowLimit ?? source?.rowLimit ?? undefined}
          />
        </Field>
        <Field {...about("timeoutSeconds")} label="Time limit (seconds)" hint="300 if empty.">
          <input
            {...named("timeoutSeconds")}
            type="number"
            min="1"
            max="3600"
            value={form.typed.timeoutSeconds ?? source?.timeoutSeconds}
          />
        </Field>
      </details>
    </>
  );
}

function Secret({ id, name }: { id: string; name: string }) {
  return (
    <input id={id} name={name} type="password" autocomplete="new-password" aria-describedby={`${id}-hint`} />
  );
}
