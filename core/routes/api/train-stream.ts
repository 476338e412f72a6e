/**
 * The lines that `curl -T data.csv host/api/train/` prints: how the file was read, each step with its findings, the
 * verdict, and commands to paste. If the run fails, the stream breaks after the reason and what to do.
 */

import type { Finding } from "../../csv/types.ts";
import type { LoggedEvent } from "../../events/event-log.ts";
import { EVENTS, type EventName } from "../../events/events.ts";
import { follow } from "../../events/follow.ts";
import { AppError } from "../../platform/errors.ts";
import { plural, score as scoreText } from "../../platform/figures.ts";
import type { Lease } from "../../platform/leases.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import { findDataset } from "../../store/datasets.ts";
import { runStages, type StoredRun } from "../../store/runs.ts";
import { bySeverity, errorsAmong } from "../../trainer/checks/severity.ts";
import { type RunSummary, STAGE_NAMES } from "../../trainer/contract.ts";
import { scoreWords } from "../../trainer/metrics/index.ts";

export interface TrainStreamOptions {
  runId: string;
  /** Log position before the run was queued. */
  since: number;
  format: "text" | "ndjson";
  /** Origin and base path, for the URLs that are printed. */
  home: string;
  /** The beginning of the printed commands. */
  curl: string;
  signal: AbortSignal;
  hold: Lease;
}

type Place = Pick<TrainStreamOptions, "home" | "curl">;

/** In text, further ones of the same step are only counted: the run's page shows all. */
const FINDINGS_SHOWN = 20;

/** Throws AppError if the run does not finish: the stream then breaks. */
export async function* trainStream(
  signalbox: Signalbox,
  options: TrainStreamOptions,
): AsyncGenerator<string> {
  const { runId, since, signal, hold, format } = options;
  yield await opening(signalbox, options);
  following: for await (const entries of follow(signalbox.log, { since, isEndless: true, signal, hold })) {
    if (!entries.length) yield "\n";
    for (const { type, json } of entries) {
      const event = JSON.parse(json) as LoggedEvent;
      if (event.data.runId !== runId) continue;
      const line = format === "ndjson" ? `${json}\n` : textLine(event);
      const findings = type === "stage.finished" ? await findingsOf(signalbox, event) : [];
      if (line) yield line + findingLines(findings, format, { runId, stage: event.data.stage });
      if (isEnd(type)) break following;
    }
  }
  const run = await signalbox.runs.ended(runId);
  const result = finishedRun(run, options);
  yield format === "ndjson"
    ? `${JSON.stringify({ type: "result", ...outcome(run, result, options), findings: await allFindings(signalbox, run) })}\n`
    : verdictText(run, result, options);
}

/** Which file, which run, and what Ctrl-C does. */
async function opening(signalbox: Signalbox, options: TrainStreamOptions): Promise<string> {
  const run = await signalbox.runs.find(options.runId);
  const commands = runCommands(run.id, options);
  const { rows, columns, findings } = await profileOf(signalbox, run);
  const note = signalbox.proxyNotice.sentence;
  if (options.format === "ndjson")
    return (
      `${JSON.stringify({ type: "accepted", runId: run.id, target: run.options.target, rows, columns, ...commands, ...(note && { note }) })}\n` +
      findingLines(findings, "ndjson", { runId: run.id, stage: null })
    );
  const { run: address, stop, cancel, attach } = commands;
  return (
    `${run.datasetName}: ${plural(rows, "row")}, ${plural(columns, "column")}. Target: ${run.options.target}\n` +
    findingLines(findings, "text", { runId: run.id, stage: null }) +
    `Run ${run.number}: ${address}\n` +
    noteOf(signalbox) +
    "Ctrl-C stops this output, not the training.\n" +
    `  Show the output again:     ${attach}\n` +
    `  Stop and keep the best:    ${stop}\n` +
    `  Cancel:                    ${cancel}\n\n`
  );
}

/** Why printed addresses may be wrong. */
function noteOf({ proxyNotice }: Signalbox): string {
  return proxyNotice.sentence ? `Note: ${proxyNotice.sentence}\n` : "";
}

/** Of the version that the run learns from. */
async function profileOf(signalbox: Signalbox, { datasetId, datasetVersion }: StoredRun) {
  const profile = (await findDataset(signalbox.store, datasetId, datasetVersion))?.profile;
  return {
    rows: profile?.rows ?? 0,
    columns: profile?.columns.length ?? 0,
    findings: profile?.findings ?? [],
  };
}

async function findingsOf({ store }: Signalbox, { data }: LoggedEvent): Promise<Finding[]> {
  return data.findings
    ? ((await runStages(store, String(data.runId)))[Number(data.position)]?.findings ?? [])
    : [];
}

/** Of the file and of every stage, the worst first. */
async function allFindings(signalbox: Signalbox, run: StoredRun): Promise<Finding[]> {
  const found = [await profileOf(signalbox, run), ...(await runStages(signalbox.store, run.id))].flatMap(
    ({ findings }) => findings,
  );
  return bySeverity(found);
}

/** "" if there are none. */
function findingLines(
  findings: readonly Finding[],
  format: "text" | "ndjson",
  about: Record<string, unknown> = {},
): string {
  const sorted = bySeverity(findings);
  if (format === "ndjson")
    return sorted.map((finding) => `${JSON.stringify({ type: "finding", ...about, ...finding })}\n`).join("");
  const rest = sorted.length - FINDINGS_SHOWN;
  const lines = sorted
    .slice(0, FINDINGS_SHOWN)
    .map(({ severity, message }) => `      ${severity}: ${message}\n`);
  return lines.join("") + (rest > 0 ? `      and ${rest} more\n` : "");
}

/** What can be done to a run, as commands to paste; `run` is its page. */
function runCommands(id: string, { home, curl }: Place) {
  const api = `${home}/api/runs/${id}`;
  return {
    run: `${home}/runs/${id}`,
    attach: `${curl} --fail-with-body -N -X POST -H 'accept: text/plain' '${api}/resume'`,
    stop: `${curl} --fail-with-body -X POST '${api}/stop'`,
    cancel: `${curl} --fail-with-body -X DELETE '${api}'`,
  };
}

/** The result of a run. Throws AppError if it did not finish, with the command to resume it if there is one. */
export function finishedRun(run: StoredRun, place: Place): RunSummary {
  if (run.status === "finished" && run.result) return run.result;
  const { message = `Run ${run.number} was ${run.status}`, column, fix } = run.error ?? {};
  // The same data would fail again: only an interrupted run has a command to resume it.
  if (run.status !== "interrupted") throw new AppError("invalid", message, { column, fix });
  const example = runCommands(run.id, place).attach;
  throw new AppError("unavailable", message, { column, fix, example });
}

function isEnd(type: EventName): boolean {
  return (
    type === "run.finished" || type === "run.failed" || type === "run.cancelled" || type === "run.interrupted"
  );
}

/** Events printed for a step; progress and rounds would be noise in a terminal. */
function textLine({ type, data }: LoggedEvent): string {
  const { position, stage, note } = data as Record<string, string & number>;
  const place = `[${Number(position) + 1}/${STAGE_NAMES.length}]`;
  if (type === "stage.started") return `${place} ${stage} …\n`;
  if (type === "stage.finished") return `${place} ${stage} ✓ ${note}\n`;
  if (type === "candidate.scored") {
    const { candidate, metric, score } = data as { candidate: string; metric: string; score: number };
    return `      ${candidate}: ${scoreWords(metric, score, scoreText(score))} ${metric}\n`;
  }
  if (type === "run.queued" || type === "run.started") {
    return `${(EVENTS[type].sentence as (data: unknown) => string)(data)}\n`;
  }
  return "";
}

function verdictText(run: StoredRun, result: RunSummary, place: Place): string {
  const { model, predict, deploy } = outcome(run, result, place);
  const metrics = Object.entries(result.metrics)
    .slice(0, 5)
    .map(([name, value]) => `${name} ${scoreWords(name, value, scoreText(value))}`)
    .join(" · ");
  const errors = errorsAmong(result.findings).map(({ message }) => `! ${message}\n`);
  const positive = result.positiveClass === null ? "" : `Positive class: ${result.positiveClass}\n`;
  const asks = errors.length > 0 ? `         It asks for "confirm":true because of the errors above.\n` : "";
  return `\n${errors.join("")}${result.verdict}\n${positive}${metrics}\n\nModel:   ${model}\nPredict: ${predict}\nDeploy:  ${deploy}\n${asks}`;
}

/** The commands work when pasted: the version is named, so nothing needs to be live. */
function outcome(run: StoredRun, result: RunSummary, { home, curl }: Place) {
  const api = `${home}/api/models/${run.modelName}`;
  const row = Object.fromEntries(result.schema.features.map(({ name, example }) => [name, example]));
  const body = shellQuote(JSON.stringify({ rows: [row] }));
  const json = `${curl} --fail-with-body -H 'content-type: application/json'`;
  return {
    runId: run.id,
    verdict: result.verdict,
    findings: result.findings,
    positiveClass: result.positiveClass,
    refit: result.refit,
    metrics: result.metrics,
    model: `${home}/models/${run.modelName}`,
    modelName: run.modelName,
    version: run.modelVersion,
    predict: `${json} -d ${body} '${api}/predict?version=${run.modelVersion}'`,
    deploy: `${json} -X PUT -d '{"version":${run.modelVersion}}' '${api}/live'`,
  };
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
