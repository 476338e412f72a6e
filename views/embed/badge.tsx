/**
 * Draws a panel as a badge: a label, a value and a status light, as an SVG for an <img> on any page. It needs no style
 * sheet: everything is in its attributes.
 */

import type { Panel } from "../../core/events/panel-names.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import type { RunView } from "../../core/training/run-view.ts";
import { count, duration, figure, percent, plural, reading, short } from "../parts/format.ts";
import { HEALTH_WORDS, type Lamp, metricLabel, READING_WORDS, RUN_LAMPS, RUN_WORDS } from "../parts/words.ts";

export interface Badge {
  label: string;
  value: string;
  lamp: Lamp;
}

const runBadge = (run: RunView): Badge => ({
  label: `run ${run.number}`,
  value:
    run.status === "running" ? `${run.stage ?? "Running"} ${percent(run.progress)}` : RUN_WORDS[run.status],
  lamp: RUN_LAMPS[run.status],
});

export const BADGES: { [P in Panel]: (data: NonNullable<PanelData[P]>) => Badge } = {
  metrics: ({ gauges }) => ({
    label: "machine",
    value: gauges
      .filter(({ unit }) => unit === "%")
      .map(({ label, value }) => `${label} ${percent(value / 100)}`)
      .join(" · "),
    lamp: worst(gauges),
  }),
  health: ({ state }) => ({ label: "signalbox", value: HEALTH_WORDS[state].says, ...lampOf(state) }),
  activity: ({ items }) => ({ label: "activity", value: items[0]?.sentence ?? "nothing yet", lamp: "dark" }),
  datasets: ({ items, next }) => ({
    label: "files",
    value: `${items.length}${next === null ? "" : " and more"}`,
    lamp: "dark",
  }),
  reading: ({ name, status, arrival }) => ({
    label: name,
    value: arrival?.rows ? `${plural(arrival.rows, "row")} read` : READING_WORDS[status],
    lamp: status === "rejected" ? "danger" : status === "ready" ? "clear" : "moving",
  }),
  predictions: ({ lastMinute }) => ({
    label: "predictions",
    value: `${count(lastMinute)} this minute`,
    lamp: lastMinute > 0 ? "clear" : "dark",
  }),
  connection: ({ upSeconds }) => ({
    label: "signalbox",
    value: `up for ${duration(upSeconds * 1000)}`,
    lamp: "clear",
  }),
  attention: ({ items }) => ({
    label: "needs you",
    value: items.length ? plural(items.length, "thing") : "nothing",
    lamp: items.some(({ severity }) => severity === "error") ? "danger" : items.length ? "caution" : "clear",
  }),
  run: runBadge,
  stages: (run) => ({
    ...runBadge(run),
    label: `stage ${run.stages.filter(({ status }) => status === "finished").length} of 8`,
  }),
  curve: ({ run, rounds }) => {
    const last = rounds.at(-1);
    const value = last ? `${metricLabel(last.metric)} ${figure(last.valid)}` : "no round yet";
    return { ...runBadge(run), value };
  },
  leaderboard: (run) => ({
    ...runBadge(run),
    label: run.best ? "winner" : "leads",
    value: run.best ?? run.candidates[0]?.name ?? "no candidate yet",
  }),
  report: (run) => {
    const score = run.metric === null ? undefined : run.metrics?.[run.metric];
    const value = score === undefined ? "not finished" : `${metricLabel(run.metric!)} ${figure(score)}`;
    return { ...runBadge(run), value };
  },
  runs: ({ items, next }) => ({
    label: "runs",
    value: `${items.length}${next === null ? "" : " and more"}`,
    lamp: items[0] ? RUN_LAMPS[items[0].status] : "dark",
  }),
  models: ({ items, next }) => ({
    label: "models",
    value: `${items.length}${next === null ? "" : " and more"}`,
    lamp: items.some(({ liveVersion }) => liveVersion !== null) ? "clear" : "dark",
  }),
  sources: ({ items }) => ({
    label: "sources",
    value: items.some(({ status }) => status === "failed") ? "failed" : plural(items.length, "source"),
    lamp: items.some(({ status }) => status === "failed") ? "danger" : items.length ? "clear" : "dark",
  }),
  schedules: ({ items }) => ({
    label: "schedules",
    value: items.some(({ last }) => last?.status === "failed") ? "failed" : plural(items.length, "schedule"),
    lamp: items.some(({ last }) => last?.status === "failed") ? "danger" : items.length ? "clear" : "dark",
  }),
  watch: ({ name, live }) => {
    const [telling] = live.figures;
    if (!telling) return { label: name, value: `${plural(live.outcomes, "outcome")} told`, lamp: "dark" };
    const value = `${metricLabel(telling.metric)} ${figure(telling.value)} on actual outcomes`;
    return { label: name, value, lamp: telling.verdict === "worse" ? "caution" : "clear" };
  },
  history: ({ model, figures }) => ({
    label: model ?? "machine",
    value:
      figures.map(({ label, value, unit }) => `${label} ${reading(value, unit)}`).join(" · ") ||
      "nothing yet",
    lamp: "dark",
  }),
  model: ({ name, versions }) => {
    const live = versions.find(({ isLive }) => isLive);
    if (!live) return { label: name, value: "no version is live", lamp: "dark" };
    const { metric, metrics } = live.result;
    const score = `${metricLabel(metric)} ${figure(metrics[metric] ?? Number.NaN)}`;
    return { label: name, value: `version ${live.version} · ${score}`, lamp: "clear" };
  },
};

function worst(gauges: readonly { state: keyof typeof HEALTH_WORDS }[]): Lamp {
  const lamps = gauges.map(({ state }) => HEALTH_WORDS[state].lamp);
  return lamps.includes("danger") ? "danger" : lamps.includes("caution") ? "caution" : "clear";
}

function lampOf(state: keyof typeof HEALTH_WORDS): { lamp: Lamp } {
  return { lamp: HEALTH_WORDS[state].lamp };
}

const LAMP_FILLS: Record<Lamp, string> = {
  clear: "#3fbf78",
  caution: "#f2b01e",
  danger: "#ff6b66",
  moving: "#f6f3ea",
  dark: "#14211f",
};
const HEIGHT = 22;
const PAD = 8;
/** Width of a character at 11 px, rounded up: `textLength` makes the text fit in any font. */
const CHARACTER = 6.6;
const LONGEST = 60;

/** The badge as a whole SVG document. */
export function BadgeSvg({ label, value, lamp }: Badge) {
  const [left, right] = [printable(label), printable(value)];
  const [leftText, rightText] = [left.length * CHARACTER, right.length * CHARACTER];
  const split = Math.round(leftText + 2 * PAD);
  const width = Math.round(split + 22 + rightText + PAD);
  const name = `${left}: ${right}`;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={name}
      font-family="Verdana, 'DejaVu Sans', sans-serif"
      font-size="11"
    >
      <title>{name}</title>
      <rect width={width} height={HEIGHT} rx="2" fill="#14211f" />
      <rect x={split} y="1" width={width - split - 1} height={HEIGHT - 2} rx="1" fill="#2b3a37" />
      <text x={PAD} y="15" fill="#f6f3ea" textLength={Math.round(leftText)}>
        {left}
      </text>
      <circle cx={split + 11} cy={HEIGHT / 2} r="4" fill={LAMP_FILLS[lamp]} stroke="#f6f3ea" />
      <text x={split + 20} y="15" fill="#f6f3ea" textLength={Math.round(rightText)}>
        {right}
      </text>
    </svg>
  );
}

/** XML has no control characters. */
function printable(text: string): string {
  return short(text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ""), LONGEST);
}
