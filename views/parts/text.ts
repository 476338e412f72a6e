/** Writes the pages as plain text for curl: the same facts, without colours or charts. */

import type { Panel } from "../../core/events/panel-names.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import type { RunView } from "../../core/training/run-view.ts";
import type { Links } from "../layout/page-context.ts";
import { bytes, clock, count, duration, figure, percent, reading } from "./format.ts";
import { apiUrl } from "./parts.tsx";
import { HEALTH_WORDS, RUN_WORDS, STAGE_WORDS } from "./words.ts";

const BAR_CELLS = 20;
const FEED_ROWS = 10;

export function textDashboard(data: { [P in Panel]?: PanelData[P] | null }, links: Links): string {
  const parts = [
    heading(data),
    data.run && runText(data.run),
    data.model && modelText(data.model, links),
    data.datasets && datasetsText(data.datasets, links),
    data.activity && activityText(data.activity),
    `Train:  ${links.curl} --fail-with-body -T your.csv '${apiUrl(links, "/api/train/your.csv?target=COLUMN")}'`,
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

function heading(data: { [P in Panel]?: PanelData[P] | null }): string {
  const state = data.health ? HEALTH_WORDS[data.health.state].says : "Starting";
  const gauges =
    data.health?.gauges.map((gauge) => `${gauge.label} ${reading(gauge.value, gauge.unit)}`) ?? [];
  const needs = data.attention?.items.map(({ sentence }) => `! ${sentence}`) ?? [];
  return [`SIGNALBOX  ${state}`, gauges.join(" · "), ...needs].filter(Boolean).join("\n");
}

function runText(run: RunView): string {
  const head = `RUN ${run.number}  ${RUN_WORDS[run.status]}: ${run.target} from ${run.datasetName}`;
  const stages = run.stages.map(({ name, progress, status, durationMs }) => {
    const time = durationMs === null ? "" : `, ${duration(durationMs)}`;
    return `  ${name.padEnd(24)} ${bar(progress)} ${status === "running" ? percent(progress) : STAGE_WORDS[status]}${time}`;
  });
  const candidates = run.candidates
    .slice(0, 5)
    .map(({ name, score, std }) => `  ${figure(score)} ± ${figure(std)}  ${name}`);
  return [head, ...stages, ...candidates, run.verdict ?? "", run.error?.message ?? ""]
    .filter(Boolean)
    .join("\n");
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_CELLS);
  return `[${"#".repeat(filled)}${".".repeat(BAR_CELLS - filled)}]`;
}

function modelText(model: NonNullable<PanelData["model"]>, links: Links): string {
  const live = model.versions.find(({ isLive }) => isLive);
  const head = `MODEL ${model.name}  ${live ? `version ${live.version} is live` : "no version is live"}`;
  const address = apiUrl(links, `/models/${encodeURIComponent(model.name)}`);
  return [head, (live ?? model.versions[0])?.result.verdict ?? "", address].filter(Boolean).join("\n");
}

function datasetsText({ items }: PanelData["datasets"], links: Links): string {
  const rows = items.slice(0, 5).map((item) => {
    const address = apiUrl(links, `/datasets/${encodeURIComponent(item.id)}`);
    return `  ${item.name}  ${count(item.rows)} x ${item.columns}, ${bytes(item.sizeBytes)}  ${address}`;
  });
  return rows.length ? ["FILES", ...rows].join("\n") : "FILES  none yet";
}

function activityText({ items }: PanelData["activity"]): string {
  const rows = items.slice(0, FEED_ROWS).map(({ at, sentence }) => `  ${clock(at)}  ${sentence}`);
  return rows.length ? ["ACTIVITY (UTC)", ...rows].join("\n") : "ACTIVITY  nothing yet";
}
