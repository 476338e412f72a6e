/** How is the machine, and who is connected? The gauges, the verdict over them, the connection's figures. */
import type { GaugeReading } from "../../core/operations/health.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { Sparkline } from "../charts/chart.tsx";
import { capital, count, duration, figure, plural } from "../parts/format.ts";
import { LampDot } from "../parts/parts.tsx";
import { HEALTH_WORDS } from "../parts/words.ts";

/** Gauges that the sentence names: two lines on a phone, so that nothing below moves. */
const TOLD = 2;

/** One sentence over all gauges. */
export function HealthPanel({ data }: { data: PanelData["health"] }) {
  const { lamp, says } = HEALTH_WORDS[data.state];
  const sick = data.gauges.filter(({ state }) => state !== "healthy");
  const told = sick
    .slice(0, TOLD)
    .map((gauge) => `${gauge.label} is ${isCalming(gauge) ? "back at" : "at"} ${reading(gauge)}`);
  const more = sick.length > TOLD ? [`${sick.length - TOLD} more below`] : [];
  const why = sick.length ? [...told, ...more].join("; ") : "The machine has room to work";
  return (
    <p class="verdict-line">
      <LampDot lamp={lamp} />
      <strong>{says}.</strong> {why}.
    </p>
  );
}

type Standing = Pick<GaugeReading, "state" | "value" | "warning">;

/** A state outlives its cause by some samples, and waits for as many, so that it does not flicker. */
function isCalming({ state, value, warning }: Standing): boolean {
  return state !== "healthy" && value < warning;
}

function trend(gauge: Standing): string {
  if (isCalming(gauge)) return "Calming down";
  if (gauge.state === "healthy" && gauge.value >= gauge.warning) return "High just now";
  return capital(HEALTH_WORDS[gauge.state].says.toLowerCase());
}

type Gauge = PanelData["metrics"]["gauges"][number];

export function MetricsPanel({ data }: { data: PanelData["metrics"] }) {
  return (
    <ul class="gauges">
      {data.gauges.map((gauge) => (
        <GaugeDial gauge={gauge} />
      ))}
    </ul>
  );
}

function GaugeDial({ gauge }: { gauge: Gauge }) {
  const { lamp } = HEALTH_WORDS[gauge.state];
  const isDrawn = gauge.history.length > 1;
  const highest = gauge.unit === "%" ? 100 : Math.max(gauge.critical, gauge.value);
  const sentence = `${gauge.label} over the last 24 hours, now ${reading(gauge)}`;
  return (
    <li class={`gauge gauge-${gauge.state}`}>
      <span class="gauge-label">
        <LampDot lamp={lamp} />
        {gauge.label}
      </span>
      <span class="gauge-value">{reading(gauge)}</span>
      <meter
        aria-label={gauge.label}
        min={0}
        max={highest}
        low={gauge.warning}
        high={gauge.critical}
        optimum={0}
        value={Math.round(gauge.value * 10) / 10}
      >
        {reading(gauge)}
      </meter>
      {isDrawn && (
        <Sparkline values={gauge.history.map(({ value }) => value)} label={sentence} max={highest} />
      )}
      <span class="gauge-note">
        {trend(gauge)}; caution from {figure(gauge.warning)} {gauge.unit}
        {isDrawn && ". The line: 24 hours."}
      </span>
    </li>
  );
}

function reading({ value, unit }: Pick<GaugeReading, "value" | "unit">): string {
  const shown = unit === "%" || unit === "ms" ? Math.round(value) : figure(value);
  return `${shown} ${unit}`;
}

export function ConnectionPanel({ data }: { data: PanelData["connection"] }) {
  return (
    <p class="facts">
      {plural(data.sockets, "open connection")} · event {count(data.seq)} · up for{" "}
      {duration(data.upSeconds * 1000)}
    </p>
  );
}
