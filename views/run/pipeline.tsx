/** Where does a run stand? Its head with the verdict and the buttons, its eight stages, and the list of runs. */
import type { Finding } from "../../core/csv/types.ts";
import type { PanelKey } from "../../core/events/panel-names.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import type { RunStage, RunView } from "../../core/training/run-view.ts";
import { type Links, url } from "../layout/frame.ts";
import { count, duration, firstSentence, percent, plural, unbroken } from "../parts/format.ts";
import { Action, Bar, curlLine, Empty, LampDot, Older, Time } from "../parts/parts.tsx";
import { rewindPath, runPath } from "../parts/paths.ts";
import { RUN_LAMPS, RUN_WORDS, STAGE_SAYS, STAGE_WORDS, stageSays } from "../parts/words.ts";

function modelUrl(run: Pick<RunView, "modelName" | "version">): string {
  return `/models/${encodeURIComponent(run.modelName)}?version=${run.version}`;
}

export function RunPanel({ data: run, links }: { data: RunView; links: Links }) {
  return (
    <div class="run-head">
      <p class="run-status">
        <LampDot lamp={RUN_LAMPS[run.status]} />
        <a class="plate" href={url(links, runPath(run))}>
          Run {run.number}
        </a>
        <strong>{RUN_WORDS[run.status]}</strong>
        <span>
          predicting <b>{run.target}</b> from{" "}
          <a href={url(links, `/datasets/${encodeURIComponent(run.datasetId)}`)}>{run.datasetName}</a>
        </span>
      </p>
      {run.verdict ? <p class="verdict">{unbroken(run.verdict)}</p> : <Doing run={run} />}
      {run.status === "running" && <Bar label={`Run ${run.number}`} value={run.progress} text={pace(run)} />}
      {run.error && <RunError run={run} />}
      <RunButtons run={run} links={links} />
    </div>
  );
}

/** Stands where the verdict will be, so that nothing moves when that comes. */
function Doing({ run }: { run: RunView }) {
  if (run.status === "cancelled")
    return (
      <p class="doing">It left no model; the file is still there. What was tried until then stands below.</p>
    );
  if (run.status !== "running" && run.status !== "queued") return null;
  const stage = run.stages.find(({ status }) => status === "running");
  return (
    <p class="doing">
      {stage && <b>{stage.name}.</b>} {stage ? stageSays(stage.name) : "It waits for its turn."}
    </p>
  );
}

function pace(run: RunView): string {
  const eta =
    run.etaSeconds === null
      ? "time to go not known yet"
      : run.etaSeconds < 1
        ? "nearly there"
        : `about ${duration(run.etaSeconds * 1000)} to go`;
  return `${percent(run.progress)} after ${duration(run.elapsedMs)}, ${eta}`;
}

function RunError({ run }: { run: RunView }) {
  const { message, fix, row, column } = run.error!;
  const stage = run.stages.find(({ status }) => status === "failed");
  return (
    <div class="note note-danger">
      <p>
        <strong>It stopped{stage ? ` in ${stage.name}` : ""}.</strong> {message}
        {row !== undefined && ` (row ${count(row)})`}
        {column !== undefined && ` (column ${column})`}
      </p>
      {fix && <p>{fix}</p>}
    </div>
  );
}

function RunButtons({ run, links }: { run: RunView; links: Links }) {
  const path = runPath(run);
  const api = `/api${path}`;
  const describes = `run ${run.number}`;
  const stop = curlLine(links, { method: "POST", path: `${api}/stop` });
  const cancel = curlLine(links, { method: "DELETE", path: api });
  const resume = curlLine(links, { method: "POST", path: `${api}/resume` });
  const ended = run.status === "failed" || run.status === "cancelled";
  return (
    <div class="actions">
      {ended && (
        <a class="button primary" href={url(links, `/datasets/${encodeURIComponent(run.datasetId)}`)}>
          Train anew from {run.datasetName}
        </a>
      )}
      {run.status === "running" && (
        <Action
          links={links}
          path={`${path}/stop`}
          label="Stop and keep the best"
          curl={stop}
          describes={describes}
        />
      )}
      {(run.status === "running" || run.status === "queued") && (
        <Action
          links={links}
          path={`${path}/cancel`}
          label="Cancel"
          tone="danger"
          curl={cancel}
          describes={describes}
        />
      )}
      {run.status === "interrupted" && (
        <Action
          links={links}
          path={`${path}/resume`}
          label="Resume"
          tone="primary"
          curl={resume}
          describes={describes}
        />
      )}
      {run.version !== null && (
        <a class="button primary" href={url(links, modelUrl(run))}>
          Look at {run.modelName} version {run.version}
        </a>
      )}
      {run.startedAt !== null && run.finishedAt !== null && (
        <a class="button" href={url(links, rewindPath(run, 0))}>
          Replay this run
        </a>
      )}
    </div>
  );
}

export function StagesPanel({ data: run, panelKey }: { data: RunView; panelKey: string }) {
  return (
    <ol class="stages">
      {run.stages.map((stage) => (
        <StageRow stage={stage} id={`${panelKey}-${stage.position}`} verdict={run.verdict} />
      ))}
    </ol>
  );
}

/** Before the first run: where its stages will light up, as high as they will be. */
export function StagesAhead() {
  return (
    <ol class="stages">
      {Object.entries(STAGE_SAYS).map(([name, says]) => (
        <li class="stage stage-pending">
          <span class="stage-name">{name}</span>
          <Bar label={name} value={0} text={STAGE_WORDS.pending} />
          <span class="stage-note">{says}</span>
        </li>
      ))}
    </ol>
  );
}

function StageRow({ stage, id, verdict }: { stage: RunStage; id: string; verdict: string | null }) {
  const { name, status, progress, durationMs, findings } = stage;
  const isBrokenOff = status === "skipped" && progress > 0;
  const words = status === "running" ? percent(progress) : isBrokenOff ? "broken off" : STAGE_WORDS[status];
  const time = durationMs === null ? "" : duration(durationMs);
  return (
    <li id={id} class={`stage stage-${status}`} {...(status === "running" ? { "aria-current": "step" } : {})}>
      <span class="stage-name">{name}</span>
      <Bar label={name} value={progress} text={[words, time].filter(Boolean).join(", ")} />
      <span class="stage-note">{stageNote(stage, verdict)}</span>
      {findings.length > 0 && <FindingsOf findings={findings} id={`${id}-findings`} />}
    </li>
  );
}

/** The verdict stands above the stages; it is not said again below them. */
function stageNote({ name, note, facts }: RunStage, verdict: string | null): string {
  return note && note !== verdict && note !== facts.verdict ? note : stageSays(name);
}

function FindingsOf({ findings, id }: { findings: readonly Finding[]; id: string }) {
  return (
    <details id={id} class="stage-findings">
      <summary>{plural(findings.length, "finding")}</summary>
      <ul>
        {findings.map((finding) => (
          <li class={`finding-${finding.severity}`}>{finding.message}</li>
        ))}
      </ul>
    </details>
  );
}

export function RunsPanel(props: { data: PanelData["runs"]; links: Links; panelKey: PanelKey }) {
  const { data, links, panelKey } = props;
  if (!data.items.length)
    return panelKey.startsWith("runs:") ? (
      <Empty>No training from this file yet. Press Train above, or send one with curl.</Empty>
    ) : (
      <Empty>
        No training yet. It starts from <a href={url(links, "/datasets")}>a file's page</a>, or with one curl
        line.
      </Empty>
    );
  return (
    <>
      <ul class="rows">
        {data.items.map((run) => (
          <li class="row" id={`run-row-${run.id}`}>
            <LampDot lamp={RUN_LAMPS[run.status]} />
            <a class="row-name" href={url(links, runPath(run))}>
              Run {run.number}: {run.target} from {run.datasetName}
            </a>
            <span class="row-facts">
              {RUN_WORDS[run.status]}
              {run.verdict && `. ${unbroken(firstSentence(run.verdict))}`}
            </span>
            <span class="row-when">
              <Time at={run.queuedAt} />
            </span>
            {run.version !== null && (
              <a class="row-facts" href={url(links, modelUrl(run))}>
                {run.modelName} version {run.version}
              </a>
            )}
          </li>
        ))}
      </ul>
      <Older links={links} path="/runs" next={data.next} label="Older runs" />
    </>
  );
}
