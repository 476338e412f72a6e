/** What does `curl -T data.csv host/api/train/` print? One line a step, the verdict, and a predict command to paste. */

import type { LoggedEvent } from "../../events/event-log.ts";
import { EVENTS, type EventName } from "../../events/events.ts";
import { follow } from "../../events/follow.ts";
import { AppError } from "../../platform/errors.ts";
import type { Lease } from "../../platform/leases.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import type { StoredRun } from "../../store/runs.ts";
import { type RunSummary, STAGE_NAMES } from "../../trainer/contract.ts";

export interface TrainStreamOptions {
  runId: string;
  /** Log position before the run was queued. */
  since: number;
  format: "text" | "ndjson";
  /** Origin and base path, for the URLs that are printed. */
  home: string;
  /** How the commands that are printed begin. */
  curl: string;
  signal: AbortSignal;
  hold: Lease;
}

type Place = Pick<TrainStreamOptions, "home" | "curl">;

/** Throws AppError where the run does not finish: the stream then breaks. */
export async function* trainStream(
  signalbox: Signalbox,
  options: TrainStreamOptions,
): AsyncGenerator<string> {
  const { since, signal, hold } = options;
  following: for await (const entries of follow(signalbox.log, { since, isEndless: true, signal, hold })) {
    if (!entries.length) yield "\n";
    for (const { type, json } of entries) {
      const event = JSON.parse(json) as LoggedEvent;
      if (event.data.runId !== options.runId) continue;
      const line = options.format === "ndjson" ? `${json}\n` : textLine(event);
      if (line) yield line;
      if (isEnd(type)) break following;
    }
  }
  const run = await signalbox.runs.ended(options.runId);
  const result = finishedRun(run);
  yield options.format === "ndjson"
    ? `${JSON.stringify({ type: "result", ...outcome(run, result, options) })}\n`
    : verdictText(run, result, options);
}

/** What a run came to. Throws AppError where it did not finish. */
export function finishedRun(run: StoredRun): RunSummary {
  if (run.status === "finished" && run.result) return run.result;
  const { message = `Run ${run.number} was ${run.status}`, column, fix } = run.error ?? {};
  throw new AppError("invalid", message, { column, fix });
}

function isEnd(type: EventName): boolean {
  return (
    type === "run.finished" || type === "run.failed" || type === "run.cancelled" || type === "run.interrupted"
  );
}

/** Lines that tell a step; progress and rounds would be noise in a terminal. */
function textLine({ type, data }: LoggedEvent): string {
  const { position, stage, note, candidate, score, metric } = data as Record<string, string & number>;
  const place = `[${Number(position) + 1}/${STAGE_NAMES.length}]`;
  if (type === "stage.started") return `${place} ${stage} …\n`;
  if (type === "stage.finished") return `${place} ${stage} ✓ ${note}\n`;
  if (type === "candidate.scored") return `      ${candidate}: ${Number(score).toPrecision(4)} ${metric}\n`;
  if (type === "run.queued" || type === "run.started") {
    return `${(EVENTS[type].sentence as (data: unknown) => string)(data)}\n`;
  }
  return "";
}

function verdictText(run: StoredRun, result: RunSummary, place: Place): string {
  const { model, predict, deploy } = outcome(run, result, place);
  const metrics = Object.entries(result.metrics)
    .slice(0, 5)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(" · ");
  return `\n${result.verdict}\n${metrics}\n\nModel:   ${model}\nPredict: ${predict}\nDeploy:  ${deploy}\n`;
}

/** The commands work when they are pasted: the version is named, so nothing needs to be live. */
export function outcome(run: StoredRun, result: RunSummary, { home, curl }: Place) {
  const api = `${home}/api/models/${run.modelName}`;
  const row = Object.fromEntries(result.schema.features.map(({ name, example }) => [name, example]));
  const body = shellQuote(JSON.stringify({ rows: [row] }));
  const json = `${curl} --fail-with-body -H 'content-type: application/json'`;
  return {
    runId: run.id,
    verdict: result.verdict,
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
