/** Draws a run's progress: its heading with the verdict and the buttons, its eight stages, and the list of runs. */
import type { Finding } from "../../core/csv/types.ts";
import type { PanelKey } from "../../core/events/panel-names.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import type { RunStage, RunView } from "../../core/training/run-view.ts";
import { type Links, url } from "../layout/page-context.ts";
import {
  capital,
  count,
  duration,
  figure,
  percent,
  plural,
  shortName,
  timeLeft,
  unbroken,
} from "../parts/format.ts";
import { Action, All, Bar, curlLine, Empty, LampDot, Time, VerdictWords } from "../parts/parts.tsx";
import { replayPath, runPath } from "../parts/paths.ts";
import { CompareForm, Pick } from "../parts/pick.tsx";
import {
  metricLabel,
  RUN_LAMPS,
  RUN_WORDS,
  STAGE_SENTENCES,
  STAGE_WORDS,
  stageSentence,
} from "../parts/words.ts";
import { stageResult } from "./stage-result.ts";

function modelUrl(run: Pick<RunView, "modelName" | "version">): string {
  return `/models/${encodeURIComponent(run.modelName)}?version=${run.version}`;
}

export function RunPanel({ data: run, links }: { data: RunView; links: Links }) {
  return (
    <div class={`run-head run-${run.status}`}>
      <p class="run-status">
        <LampDot lamp={RUN_LAMPS[run.status]} />
        <a class="plate" href={url(links, runPath(run))}>
          Run {run.number}
        </a>
        <strong>{RUN_WORDS[run.status]}</strong>
        <span class="run-whose">
          predicting <b title={run.target}>{shortName(run.target)}</b> from{" "}
          {run.datasetDeleted ? (
            `${shortName(run.datasetName)} (deleted)`
          ) : (
            <a href={url(links, `/datasets/${encodeURIComponent(run.datasetId)}`)}>
              {shortName(run.datasetName)}
            </a>
          )}
        </span>
      </p>
      <Headline run={run} />
      {run.status === "running" && <Pace run={run} />}
      <RunButtons run={run} links={links} />
    </div>
  );
}

/** The headline: the current step, the result, or why it ended. */
function Headline({ run }: { run: RunView }) {
  if (run.verdict)
    return (
      <p class="run-headline verdict">
        <VerdictWords of={run.verdict} />
      </p>
    );
  if (run.error && run.status !== "interrupted") return <RunError run={run} />;
  return (
    <div class="run-headline">
      <p class="current-step">{doing(run)}</p>
    </div>
  );
}

function doing(run: RunView): string {
  const stage = run.stages.find(({ status }) => status === "running");
  const last = run.stages.findLast(({ status }) => status === "failed" || status === "finished");
  const scored = `${plural(run.candidates.length, "scored candidate")}`;
  if (run.status === "queued") return "Waiting for the previous training to end.";
  if (run.status === "cancelled")
    return `Cancelled after ${duration(run.elapsedMs)}. No model was saved; the file and ${scored} are saved.`;
  if (run.status === "interrupted")
    return `The server stopped during ${last?.name ?? "this run"}. ${capital(scored)} are saved; resume to continue from there.`;
  if (!stage) return "Starting";
  return stage.note && stage.progress < 1 ? stage.note : stageSentence(stage.name);
}

/** One estimate for the bar and the time left; static/run.js continues it between two reports. */
function Pace({ run }: { run: RunView }) {
  const { progress, elapsedMs, etaSeconds } = run;
  const leftMs = etaSeconds === null ? null : etaSeconds * 1000;
  const left = leftMs === null ? "estimating time left" : timeLeft(leftMs);
  return (
    <div
      class="pace"
      data-elapsed-ms={Math.round(elapsedMs)}
      {...(leftMs === null ? {} : { "data-left-ms": Math.round(leftMs) })}
    >
      <progress
        aria-label={`Run ${run.number}`}
        max="100"
        value={Math.round(progress * 1000) / 10}
        aria-valuetext={`${percent(progress)}, ${left}`}
      />
      <p class="pace-words">
        <strong data-pace="share">{percent(progress)}</strong>
        <span data-pace="left">{left}</span>
        <span class="pace-elapsed" data-pace="elapsed">
          {duration(elapsedMs)} elapsed
        </span>
      </p>
    </div>
  );
}

function RunError({ run }: { run: RunView }) {
  const { message, fix, row, column } = run.error!;
  const stage = run.stages.find(({ status }) => status === "failed");
  const kept = run.candidates.length
    ? `${plural(run.candidates.length, "scored candidate")} and the file are saved.`
    : "The file is saved.";
  return (
    <div class="run-headline note note-danger">
      <p>
        <strong>Training failed{stage ? ` in ${stage.name}` : ""}.</strong> {ended(message)}
        {row !== undefined && ` Row ${count(row)}.`}
        {column !== undefined && !message.includes(column) && ` Column “${column}”.`}
      </p>
      <p>
        {fix && `${ended(fix)} `}
        {kept}
      </p>
    </div>
  );
}

const ended = (text: string) => (/[.!?…]$/.test(text) ? text : `${text}.`);

/** Errors that a user can fix are in the request or the data; other failures may not happen again. */
const MENDED_BY_READER = new Set(["invalid", "syntax", "missing", "conflict", "too_large"]);

function RunButtons({ run, links }: { run: RunView; links: Links }) {
  const path = runPath(run);
  const api = `/api${path}`;
  const describes = `run ${run.number}`;
  const canResume =
    run.status === "interrupted" || (run.status === "failed" && !MENDED_BY_READER.has(run.error?.code ?? ""));
  const trainsAgain = run.status === "cancelled" || (run.status === "failed" && !canResume);
  return (
    <div id={`actions-${run.id}`} class="actions run-actions">
      {trainsAgain && !run.datasetDeleted && (
        <a class="button primary" href={url(links, `/datasets/${encodeURIComponent(run.datasetId)}`)}>
          {run.status === "failed" ? "Change settings and train again" : "Train again"}
        </a>
      )}
      {canResume && (
        <Action
          links={links}
          path={`${path}/resume`}
          label="Resume run"
          tone="primary"
          curl={curlLine(links, { method: "POST", path: `${api}/resume` })}
          describes={describes}
        />
      )}
      {run.status === "running" && (
        <Action
          links={links}
          path={`${path}/stop`}
          label="Finish now and keep the best"
          curl={curlLine(links, { method: "POST", path: `${api}/stop` })}
          describes={describes}
        />
      )}
      {(run.status === "running" || run.status === "queued") && (
        <Action
          links={links}
          path={`${path}/cancel`}
          label="Cancel run"
          tone="danger"
          curl={curlLine(links, { method: "DELETE", path: api })}
          describes={describes}
        />
      )}
      {run.versionDeleted && (
        <p class="fine">
          {run.modelName} version {run.version} was deleted.
        </p>
      )}
      {run.version !== null && !run.versionDeleted && (
        <a class="button primary" data-lead href={url(links, modelUrl(run))}>
          Open {run.modelName} version {run.version}
        </a>
      )}
      {run.startedAt !== null && run.finishedAt !== null && (
        <a class="button" href={url(links, replayPath(run, 0))}>
          Replay this run
        </a>
      )}
      {run.version !== null && !run.versionDeleted && (
        <p class="lead-words fine" data-lead-words hidden>
          <span data-lead-text>Opening the model</span>{" "}
          <button type="button" class="quiet" data-lead-stay>
            Stay on this page
          </button>
        </p>
      )}
    </div>
  );
}

export function StagesPanel({ data: run, panelKey }: { data: RunView; panelKey: string }) {
  return (
    <ol class="stages">
      {run.stages.map((stage) => (
        <StageRow stage={stage} id={`${panelKey}-${stage.position}`} run={run} />
      ))}
    </ol>
  );
}

/** Before the first run: placeholders for its stages, with the same height. */
export function StagesAhead() {
  return (
    <ol class="stages">
      {Object.entries(STAGE_SENTENCES).map(([name, says]) => (
        <li class="stage stage-pending">
          <span class="stage-name">{name}</span>
          <Bar label={name} value={0} text={STAGE_WORDS.pending} />
          <span class="stage-note">{says}</span>
        </li>
      ))}
    </ol>
  );
}

function StageRow({ stage, id, run }: { stage: RunStage; id: string; run: RunView }) {
  const { name, status, progress, durationMs, findings } = stage;
  // What the server's end or a cancellation broke off has not failed.
  const isBrokenOff =
    run.status === "interrupted" ? status === "failed" : status === "skipped" && progress > 0;
  const words = status === "running" ? percent(progress) : isBrokenOff ? "stopped" : STAGE_WORDS[status];
  const time = durationMs === null ? "" : duration(durationMs);
  return (
    <li
      id={id}
      class={`stage stage-${isBrokenOff ? "skipped" : status}`}
      {...(status === "running" ? { "aria-current": "step" } : {})}
    >
      <span class="stage-name">{name}</span>
      <Bar
        label={name}
        value={progress}
        text={status === "finished" ? time : [words, time].filter(Boolean).join(", ")}
      />
      <span class="stage-note">{unbroken(stageNote(stage, run))}</span>
      {findings.length > 0 && <FindingsOf findings={findings} id={`${id}-findings`} />}
    </li>
  );
}

/** A finished stage shows its result, an active one what it does, a waiting one what it is for. */
function stageNote(stage: RunStage, run: RunView): string {
  if (stage.status === "pending" || stage.status === "skipped") return stageSentence(stage.name);
  return (stage.status === "finished" && stageResult(stage, run)) || stage.note || stageSentence(stage.name);
}

function FindingsOf({ findings, id }: { findings: readonly Finding[]; id: string }) {
  return (
    <details id={id} class="stage-findings">
      <summary>{plural(findings.length, "finding")}</summary>
      <ul>
        {findings.map((finding) => (
          <li class={`finding-${finding.severity}`}>{unbroken(finding.message)}</li>
        ))}
      </ul>
    </details>
  );
}

/** The list of runs on the dashboard or of a dataset; finished ones can be selected to compare them. */
export function RunsPanel(props: { data: PanelData["runs"]; links: Links; panelKey: PanelKey }) {
  const { data, links, panelKey } = props;
  if (!data.items.length)
    return panelKey.startsWith("runs:") ? (
      <Empty>No runs on this dataset yet. Select Train model to start one.</Empty>
    ) : (
      <Empty>
        No runs yet. Open <a href={url(links, "/datasets")}>a dataset</a> and select Train model.
      </Empty>
    );
  const form = `pick-${panelKey.replace(":", "-")}`;
  const canCompare = data.items.filter(({ status }) => status === "finished").length > 1;
  return (
    <>
      <ul class="rows">
        {data.items.map((run) => (
          <li class="row" id={`run-row-${run.id}`}>
            <LampDot lamp={RUN_LAMPS[run.status]} />
            <span class="row-name">
              {canCompare && run.status === "finished" && (
                <Pick form={form} value={run.id} label={`run ${run.number}`} />
              )}
              <a href={url(links, runPath(run))}>
                Run {run.number}: {shortName(run.target)}
              </a>
            </span>
            <span class="row-facts">
              {RUN_WORDS[run.status]}, {run.datasetName}
              {run.metric !== null &&
                run.score !== null &&
                `, ${metricLabel(run.metric)} ${figure(run.score)}`}
            </span>
            <span class="row-when">
              <Time at={run.queuedAt} form="age" />
            </span>
          </li>
        ))}
      </ul>
      {canCompare && <CompareForm form={form} links={links} label="runs" />}
      <All links={links} path="/runs" label="All runs" />
    </>
  );
}
