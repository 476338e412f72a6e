/** Names the panels that show a run, a dataset or a model: those that an event about it makes stale. */
import type { PanelKey } from "./panel-names.ts";

export const ofRun = (
  runId: string,
  ...panels: ("run" | "stages" | "curve" | "leaderboard" | "report")[]
): PanelKey[] => panels.flatMap((panel): PanelKey[] => [panel, `${panel}:${runId}`]);
export const allOfRun = ({ runId, datasetId }: { runId: string; datasetId: string }): PanelKey[] => [
  ...ofRun(runId, "run", "stages", "curve", "leaderboard", "report"),
  "runs",
  `runs:${datasetId}`,
  "activity",
  "attention",
  "health",
];
export const ofReading = ({ datasetId }: { datasetId: string }): PanelKey[] => [
  "reading",
  `reading:${datasetId}`,
];
export const ofDataset = (data: { datasetId: string }): PanelKey[] => [
  "datasets",
  ...ofReading(data),
  "activity",
  "attention",
];
export const ofModel = (data: { model: string }): PanelKey[] => [
  "models",
  "model",
  `model:${data.model}`,
  "watch",
  `watch:${data.model}`,
  `history:${data.model}`,
  "activity",
  "attention",
  "health",
];
