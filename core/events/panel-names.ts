/**
 * Lists the live panels and names their fragments. A key is a panel's name, with its subject if it has one: it is the
 * DOM ID, topic, cache key and part of the ETag.
 */
import { AppError } from "../platform/errors.ts";

/**
 * name -> what its subject is; null: it has none. A subject is optional: without it the current one is used, or all.
 */
export const PANELS = {
  metrics: null,
  health: null,
  activity: null,
  datasets: null,
  predictions: null,
  connection: null,
  attention: null,
  run: "run",
  stages: "run",
  curve: "run",
  leaderboard: "run",
  report: "run",
  reading: "dataset",
  runs: "dataset",
  models: null,
  sources: null,
  schedules: null,
  model: "model",
  watch: "model",
  /** Without a subject it is the machine's. */
  history: "model",
} as const satisfies Record<string, "run" | "model" | "dataset" | null>;

export type Panel = keyof typeof PANELS;
export type PanelKey = Panel | `${Panel}:${string}`;

export const PANEL_NAMES = Object.keys(PANELS) as Panel[];

/** Reads "stages:RUNID" or "metrics"; null if no panel has that name or the subject does not fit. */
export function parsePanelKey(key: string): { panel: Panel; subject: string | null } | null {
  const colon = key.indexOf(":");
  const name = colon < 0 ? key : key.slice(0, colon);
  const subject = colon < 0 ? null : key.slice(colon + 1);
  if (!Object.hasOwn(PANELS, name)) return null;
  const panel = name as Panel;
  if (subject !== null && (PANELS[panel] === null || !/^[\w.-]{1,120}$/.test(subject))) return null;
  return { panel, subject };
}

/** From a path and its `?of=`. Throws AppError `missing`. */
export function findPanel(
  name: string,
  subject: string | undefined,
): { panel: Panel; subject: string | null } {
  const parsed = parsePanelKey(subject === undefined ? name : `${name}:${subject}`);
  if (!parsed) throw new AppError("missing", `The panel ${name} does not exist`);
  return parsed;
}

export function panelKey(panel: Panel, subject: string | null): PanelKey {
  return subject === null ? panel : `${panel}:${subject}`;
}
