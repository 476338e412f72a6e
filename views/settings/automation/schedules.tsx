/** Draws the schedules: what runs when, with its last result, and a form to add one. */
import type { SchedulesPageData } from "../../../core/routes/pages/schedules-page.ts";
import { METRICS } from "../../../core/trainer/metrics/index.ts";
import { Field } from "../../dataset/fields.tsx";
import { Layout } from "../../layout/layout.tsx";
import { type Links, type PageContext, url } from "../../layout/page-context.ts";
import { PanelView } from "../../panels.tsx";
import { posted } from "../../parts/form.tsx";
import { capital } from "../../parts/format.ts";
import { Command, curlLine } from "../../parts/parts.tsx";
import { errorAt, type FormValues, inputValue } from "../form-values.ts";
import { Refused } from "../refused.tsx";
import { ACTION_WORDS, RULE_WORDS, SchedulesPanel, TimeList, TRIGGER_WORDS } from "./schedule-list.tsx";

export function SchedulesPage({ context, ...data }: SchedulesPageData & { context: PageContext }) {
  const { links } = context;
  const { schedules, sources, datasets, models, times, refusal, typed } = data;
  return (
    <Layout context={context} title="Schedules" panels={["schedules"]} current="schedules">
      <header class="page-head">
        <h1>Schedules</h1>
        <p class="lead">
          Refresh a source, retrain a model or score rows: at set times, or when something happens. Runs
          missed while the server was down are made up for by one run.
        </p>
      </header>
      <Refused refusal={refusal} />
      <div class="beside">
        <PanelView
          panelKey="schedules"
          panel="schedules"
          content={SchedulesPanel}
          data={{ items: schedules }}
          links={links}
        />
        <NewSchedule
          links={links}
          sources={sources}
          datasets={datasets}
          models={models}
          times={times}
          form={{ typed, refusal }}
        />
      </div>
    </Layout>
  );
}

function NewSchedule(
  props: { links: Links; form: FormValues } & Pick<
    SchedulesPageData,
    "sources" | "datasets" | "models" | "times"
  >,
) {
  const { links, sources, datasets, models, times, form } = props;
  const body = { name: "nightly", action: "retrain", model: models[0] ?? "NAME", cron: "0 3 * * *" };
  return (
    <section class="panel" aria-labelledby="add-schedule-heading" data-needs="sources">
      <h2 id="add-schedule-heading">Add a schedule</h2>
      <form class="form" {...posted(url(links, "/schedules"))}>
        <Input form={form} name="name" label="Name" required maxlength={100} placeholder="nightly" />
        <Choice form={form} id="action" label="What to do" options={Object.entries(ACTION_WORDS)} />
        <Choice
          form={form}
          id="sourceId"
          label="Source"
          options={[["", "None"], ...sources.map(({ id, name }) => [id, name] as const)]}
          hint="Refreshed first. To use a dataset as it is, choose None."
        />
        <Choice
          form={form}
          id="datasetId"
          label="Dataset"
          options={[["", "None"], ...datasets.map(({ id, name }) => [id, name] as const)]}
          hint="Instead of a source: rows to train on or to score, as they are when the schedule runs."
        />
        <Choice
          form={form}
          id="model"
          label="Model"
          options={[["", "None"], ...models.map((name) => [name, name] as const)]}
          hint="To retrain or to score with."
        />
        <Input
          form={form}
          name="version"
          label="Version"
          hint="To score with. If empty, the version that is live when the schedule runs."
          type="number"
          min="1"
        />
        <Choice
          form={form}
          id="when"
          label="When"
          options={[
            ["cron", "At set times"],
            ...Object.entries(TRIGGER_WORDS).map(([on, words]) => [on, capital(words)] as const),
          ]}
        />
        <Input
          form={form}
          name="cron"
          label="Times"
          hint="Minute, hour, day, month, weekday: 0 3 * * * is every day at 3:00. A time that a clock change skips comes at the end of the gap; one that occurs twice comes once."
          placeholder="0 3 * * *"
          autocomplete="off"
        />
        <Input
          form={form}
          id="zone"
          name="timeZone"
          label="Time zone"
          hint="For example Europe/Berlin. UTC if empty."
          autocomplete="off"
        />
        <Times links={links} times={times} />
        <Choice
          form={form}
          id="rule"
          label="After retraining"
          options={Object.entries(RULE_WORDS)}
          hint="The new version is compared with the live one on rows that neither learned from and on reported outcomes. A version with an error among its findings is never deployed."
        />
        <details class="expert" open={form.typed.when === "accuracy"}>
          <summary>Accuracy limit</summary>
          <Choice
            form={form}
            id="metric"
            label="Metric"
            options={Object.entries(METRICS).map(([name, { label }]) => [name, label] as const)}
          />
          <Input form={form} name="below" label="Worse than" type="number" step="any" />
        </details>
        <details class="expert" open={form.typed.action === "score"}>
          <summary>Destination of scored rows</summary>
          <Input
            form={form}
            name="url"
            label="Address"
            hint="s3://bucket/key, a database such as postgres://user@host/database, or an https address that gets a link."
            autocomplete="off"
          />
          <Input form={form} name="table" label="Table" hint="Databases only." autocomplete="off" />
          <Choice
            form={form}
            id="mode"
            label="Rows already in the table"
            options={[
              ["append", "Keep them"],
              ["replace", "Replace them"],
            ]}
          />
          <Choice
            form={form}
            id="format"
            label="File format"
            options={[
              ["csv", "CSV"],
              ["parquet", "Parquet"],
            ]}
          />
          <Input
            form={form}
            name="password"
            label="Password"
            hint="Databases only. Never shown again."
            {...SECRET}
          />
          <Input form={form} id="access" name="accessKeyId" label="S3 access key ID" {...SECRET} />
          <Input form={form} id="secret" name="secretAccessKey" label="S3 secret access key" {...SECRET} />
          <Input form={form} name="region" label="S3 region" hint="us-east-1 if empty." autocomplete="off" />
          <Input
            form={form}
            name="endpoint"
            label="S3 server"
            hint="If it is not Amazon's."
            autocomplete="off"
          />
        </details>
        <p class="actions">
          <button type="submit" class="primary">
            Add schedule
          </button>
        </p>
        <Command code={curlLine(links, { method: "POST", path: "/api/schedules", body })} />
      </form>
    </section>
  );
}

const SECRET = { type: "password", autocomplete: "new-password" };

/** A labelled input; what it is given besides goes to the input. */
function Input(
  props: { form: FormValues; id?: string; name: string; label: string; hint?: string } & Record<
    string,
    unknown
  >,
) {
  const { form, name, id = name, label, hint, ...input } = props;
  const fieldId = `schedule-${id}`;
  return (
    <Field id={fieldId} error={errorAt(form, name)} label={label} {...(hint && { hint })}>
      <input id={fieldId} name={name} {...input} {...inputValue(form, fieldId, name)} />
    </Field>
  );
}

/** When a schedule with these times would run; follows the fields while you type. */
function Times({ links, times }: { links: Links; times: SchedulesPageData["times"] }) {
  return (
    <div
      hx-get={url(links, "/schedules")}
      hx-trigger="change from:#schedule-cron, change from:#schedule-zone"
      hx-include="#schedule-cron, #schedule-zone"
      hx-target="#schedule-times"
      hx-select="#schedule-times"
      hx-swap="outerMorph"
      hx-sync="this:replace"
    >
      <div id="schedule-times" role="status" class="hint">
        {times?.problem}
        {times && times.at.length > 0 && (
          <>
            Next times in {times.timeZone}:
            <TimeList at={times.at} timeZone={times.timeZone} />
          </>
        )}
      </div>
    </div>
  );
}

function Choice(props: {
  id: string;
  label: string;
  options: readonly (readonly [string, string])[];
  hint?: string;
  form: FormValues;
}) {
  const { id, label, options, hint, form } = props;
  return (
    <Field id={`schedule-${id}`} label={label} error={errorAt(form, id)} {...(hint && { hint })}>
      <select id={`schedule-${id}`} name={id} {...(hint && { "aria-describedby": `schedule-${id}-hint` })}>
        {options.map(([value, words]) => (
          <option value={value} selected={form.typed[id] === value}>
            {words}
          </option>
        ))}
      </select>
    </Field>
  );
}
