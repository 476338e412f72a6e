/**
 * Chooses the events for the process's log, and their text: what an operator looks for when something failed or took
 * long. One record; it holds no cell of data and no secret.
 */
import type { EventLog } from "../events/event-log.ts";
import type { EventData, EventName } from "../events/events.ts";
import type { Logger, LogLevel } from "../platform/logger.ts";

interface Line<N extends EventName> {
  level: Exclude<LogLevel, "silent">;
  msg: string;
  fields: (data: EventData<N>) => Record<string, unknown>;
}

type Lines = { [N in EventName]?: Line<N> };

const ofRun = (data: { runId: string; runNumber: number; datasetId: string }) => {
  const { runId, runNumber, datasetId } = data;
  return { runId, runNumber, datasetId };
};
const ofVersion = ({ model, version }: { model: string; version: number | null }) => ({ model, version });

const LINES: Lines = {
  "dataset.uploaded": {
    level: "info",
    msg: "upload read",
    fields: ({ datasetId, version, rows, columns }) => ({ datasetId, version, rows, columns }),
  },
  "dataset.rejected": {
    level: "warn",
    msg: "upload refused",
    // Its reason may quote the file.
    fields: ({ datasetId }) => ({ datasetId }),
  },
  "dataset.deleted": {
    level: "info",
    msg: "dataset deleted",
    fields: ({ datasetId }) => ({ datasetId }),
  },
  "run.deleted": { level: "info", msg: "run deleted", fields: ofRun },
  "run.started": { level: "info", msg: "run started", fields: ofRun },
  "run.resumed": { level: "info", msg: "run resumed", fields: ofRun },
  "run.finished": {
    level: "info",
    msg: "run finished",
    fields: (data) => ({ ...ofRun(data), ...ofVersion(data) }),
  },
  "run.failed": {
    level: "error",
    msg: "run failed",
    fields: (data) => ({ ...ofRun(data), code: data.code }),
  },
  "run.cancelled": { level: "info", msg: "run cancelled", fields: ofRun },
  "run.interrupted": {
    level: "warn",
    msg: "run interrupted",
    fields: (data) => ({ ...ofRun(data), reason: data.reason }),
  },
  "model.deployed": { level: "info", msg: "model deployed", fields: ofVersion },
  "model.rolledback": { level: "info", msg: "model rolled back", fields: ofVersion },
  "model.deleted": { level: "info", msg: "model version deleted", fields: ofVersion },
};

const ENDS: ReadonlySet<EventName> = new Set([
  "run.finished",
  "run.failed",
  "run.cancelled",
  "run.interrupted",
]);

/** Logs what happens from now on; the returned function ends that. */
export function logEvents(log: EventLog, { logger, now }: { logger: Logger; now: () => number }): () => void {
  /** When each active run began. */
  const begun = new Map<string, number>();
  return log.observe((type, data) => {
    const line = LINES[type] as Line<EventName> | undefined;
    if (!line) return;
    const { runId } = data as { runId?: string };
    if (type === "run.started") begun.set(runId!, now());
    const since = ENDS.has(type) ? begun.get(runId!) : undefined;
    if (ENDS.has(type)) begun.delete(runId!);
    logger[line.level](
      { ...line.fields(data as never), ...(since !== undefined && { durationMs: now() - since }) },
      line.msg,
    );
  });
}
