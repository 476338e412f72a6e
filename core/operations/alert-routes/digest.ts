/** Writes the digest: the figures that changed since the last one, and what happened in between. */
import { count, figure, plural } from "../../platform/figures.ts";

export interface DigestFigures {
  models: {
    name: string;
    liveVersion: number | null;
    predictions: number;
    outcomes: number;
    /** On reported outcomes; null: too few. */
    metric: string | null;
    value: number | null;
  }[];
  datasets: { name: string; version: number; rows: number }[];
  /** Active alerts, as sentences. */
  alerts: string[];
}

/** Sentences; empty if nothing changed. */
export function digestLines(
  before: DigestFigures | null,
  now: DigestFigures,
  happened: Readonly<Record<string, number>>,
): string[] {
  const events = Object.entries(HAPPENED).flatMap(([type, noun]) =>
    happened[type] ? [`${plural(happened[type], noun)}.`] : [],
  );
  return [
    ...now.models.flatMap((model) =>
      modelLine(
        before?.models.find(({ name }) => name === model.name),
        model,
      ),
    ),
    ...now.datasets.flatMap((dataset) => {
      const was = before?.datasets.find(({ name }) => name === dataset.name);
      if (!was || was.version === dataset.version) return [];
      return [`${dataset.name}: ${count(dataset.rows)} rows (${count(was.rows)} before).`];
    }),
    ...events,
    ...(now.alerts.length > 0 ? ["Needs attention:", ...now.alerts] : []),
  ];
}

const HAPPENED = {
  "run.finished": "finished training run",
  "run.failed": "failed training run",
  "dataset.uploaded": "new dataset version",
  "schedule.failed": "failed scheduled run",
} as const;
export const COUNTED_EVENTS = Object.keys(HAPPENED);

type ModelFigures = DigestFigures["models"][number];

function modelLine(before: ModelFigures | undefined, now: ModelFigures): string[] {
  const predictions = now.predictions - (before?.predictions ?? 0);
  const outcomes = now.outcomes - (before?.outcomes ?? 0);
  const hasMoved = before !== undefined && before.liveVersion !== now.liveVersion;
  const isOther = now.value !== null && (before?.value !== now.value || before?.metric !== now.metric);
  if (predictions <= 0 && outcomes <= 0 && !hasMoved && !isOther) return [];
  const parts = [
    hasMoved && (now.liveVersion === null ? "no version is live" : `version ${now.liveVersion} is live`),
    predictions > 0 && plural(predictions, "prediction"),
    outcomes > 0 && plural(outcomes, "reported outcome"),
    isOther &&
      `${now.metric} ${figure(now.value!)}${before?.value != null ? ` (${figure(before.value)} before)` : ""}`,
  ].filter((part) => part !== false);
  return [`${now.name}: ${parts.join(", ")}.`];
}
