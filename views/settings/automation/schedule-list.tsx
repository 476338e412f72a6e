/** Draws the schedules: what runs when, with its last result. */
import type { ScheduleRow } from "../../../core/routes/data/automation-data.ts";
import type { PanelData } from "../../../core/routes/data/panel-data.ts";
import { METRICS } from "../../../core/trainer/metrics/index.ts";
import { type Links, url } from "../../layout/page-context.ts";
import { zonedTime } from "../../parts/format.ts";
import { Action, curlLine, Empty, LampDot, Time } from "../../parts/parts.tsx";
import type { Lamp } from "../../parts/words.ts";

export const ACTION_WORDS: Record<ScheduleRow["action"], string> = {
  refresh: "Refresh a source",
  retrain: "Retrain a model",
  score: "Score rows and write the result",
};
export const TRIGGER_WORDS: Record<NonNullable<ScheduleRow["on"]>, string> = {
  "new-file": "when a new file arrives",
  drift: "when the incoming data drifts",
  accuracy: "when live accuracy falls",
};
export const RULE_WORDS: Record<NonNullable<ScheduleRow["rule"]>, string> = {
  tell: "Tell me",
  challenger: "Make it the challenger",
  deploy: "Deploy it if it is better by more than chance",
};
const STATES: Record<NonNullable<ScheduleRow["last"]>["status"], { lamp: Lamp; says: string }> = {
  running: { lamp: "moving", says: "Running" },
  done: { lamp: "clear", says: "Done" },
  failed: { lamp: "danger", says: "Failed" },
  stopped: { lamp: "dark", says: "Stopped" },
};

export function SchedulesPanel({ data, links }: { data: PanelData["schedules"]; links: Links }) {
  if (data.items.length === 0) return <Empty>No schedules yet. Add the first one with the form.</Empty>;
  return (
    <ul class="rows automation">
      {data.items.map((schedule) => (
        <Schedule links={links} schedule={schedule} />
      ))}
    </ul>
  );
}

function Schedule({ links, schedule }: { links: Links; schedule: ScheduleRow }) {
  const { id, name, last, enabled, nextAt, upcoming, runs, to } = schedule;
  const path = `/schedules/${encodeURIComponent(id)}`;
  const state = last ? STATES[last.status] : null;
  return (
    <li class="automation-item" id={id}>
      <div class="row">
        <LampDot lamp={enabled ? (state?.lamp ?? "dark") : "dark"} />
        <span class="row-name">{name}</span>
        <span class="row-facts">{enabled ? (state?.says ?? "Not run yet") : "Paused"}</span>
        <span class="row-when">
          {nextAt ? (
            <>
              next <Time at={nextAt} />
            </>
          ) : (
            enabled && "waiting"
          )}
        </span>
      </div>
      <p class="hint wrap">
        {sentenceOf(schedule)}
        {to && ` To ${to.url}${to.table ? `, table ${to.table}` : ""}.`}
      </p>
      {upcoming.length > 1 && (
        <details class="expert">
          <summary>Next {upcoming.length} times</summary>
          <TimeList at={upcoming} timeZone={schedule.timeZone ?? "UTC"} />
        </details>
      )}
      {runs.length > 0 && (
        <ul class="automation-runs">
          {runs.map((run) => (
            <li>
              <LampDot lamp={STATES[run.status].lamp} /> <Time at={run.startedAt} /> {STATES[run.status].says}
              {run.sentence && `: ${run.sentence}`}
              {run.status === "running" && (
                <Action
                  links={links}
                  path={`/schedules/runs/${run.id}/stop`}
                  label="Stop"
                  describes={name}
                  needs="sources"
                  curl={null}
                />
              )}
              {run.runId && (
                <>
                  {" "}
                  <a href={url(links, `/runs/${run.runId}`)}>Open run</a>
                </>
              )}
              {run.hasResult && (
                <>
                  {" "}
                  <a href={url(links, `/api/schedule-runs/${run.id}/result`)} download>
                    Download result
                  </a>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      <div class="actions">
        <Action
          links={links}
          path={`${path}/run`}
          label="Run now"
          describes={name}
          needs="sources"
          curl={curlLine(links, { method: "POST", path: `/api/schedules/${id}/run` })}
        />
        <Action
          links={links}
          path={`${path}/switch`}
          label={enabled ? "Pause" : "Resume"}
          describes={name}
          fields={[{ name: "enabled", value: enabled ? "0" : "1" }]}
          needs="sources"
          curl={curlLine(links, {
            method: "PATCH",
            path: `/api/schedules/${id}`,
            body: { enabled: !enabled },
          })}
        />
        <Action
          links={links}
          path={`${path}/delete`}
          label="Delete"
          describes={name}
          tone="danger"
          needs="sources"
          curl={curlLine(links, { method: "DELETE", path: `/api/schedules/${id}` })}
        />
      </div>
    </li>
  );
}

/** Times as the clocks of a zone show them. */
export function TimeList({ at, timeZone }: { at: readonly string[]; timeZone: string }) {
  return (
    <ol>
      {at.map((time) => (
        <li>{zonedTime(time, timeZone)}</li>
      ))}
    </ol>
  );
}

function sentenceOf(schedule: ScheduleRow): string {
  const {
    action,
    model,
    version,
    sourceName: source,
    datasetName,
    cron,
    timeZone,
    on,
    metric,
    below,
    rule,
  } = schedule;
  const dataset = datasetName ?? "the dataset";
  const what =
    action === "refresh"
      ? `Refresh ${source}`
      : action === "retrain"
        ? `Retrain ${model}${source ? ` after refreshing ${source}` : datasetName ? ` on ${dataset}` : ""}`
        : `Score ${source ?? dataset} with ${typeof version === "number" ? `version ${version} of ` : ""}${model}`;
  const when = cron ? `at ${cron} (${timeZone ?? "UTC"})` : TRIGGER_WORDS[on!];
  const line = on === "accuracy" && metric ? `: ${METRICS[metric].label} worse than ${below}` : "";
  const follows = action === "retrain" ? ` Then: ${RULE_WORDS[rule ?? "tell"]}.` : "";
  return `${what} ${when}${line}.${follows}`;
}
