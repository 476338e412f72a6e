/** How is the machine, and who is connected? The gauges, the verdict over them, the connection's figures. */
import type { GaugeReading } from "../core/health.ts";
import type { PanelData } from "../core/panel-data.ts";
import { Sparkline } from "./chart.tsx";
import { capital, count, duration, figure, plural } from "./format.ts";
import { LampDot } from "./parts.tsx";
import { HEALTH_WORDS } from "./words.ts";

/** One sentence over all gauges. */
export function HealthPanel({ data }: { data: PanelData["health"] }) {
  const { lamp, says } = HEALTH_WORDS[data.state];
  const sick = data.gauges.filter(({ state }) => state !== "healthy");
  const why = sick.length
    ? sick
        .map((gauge) => `${gauge.label} ${isCalming(gauge) ? "has come down to" : "is at"} ${reading(gauge)}`)
        .join(", ")
    : "The machine has room to work";
  return (
    <p class="verdict-line">
      <LampDot lamp={lamp} />
      <strong>{says}.</strong> {why}.
    </p>
  );
}

/** A state outlives its cause by some samples, so that it does not flicker. */
function isCalming({ state, value, warning }: Pick<GaugeReading, "state" | "value" | "warning">): boolean {
  return state !== "healthy" && value < warning;
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
  const { lamp, says } = HEALTH_WORDS[gauge.state];
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
      {gauge.history.length > 1 && (
        <Sparkline values={gauge.history.map(({ value }) => value)} label={sentence} max={highest} />
      )}
      <span class="gauge-note">
        {isCalming(gauge) ? "Calming down" : capital(says.toLowerCase())}; caution from{" "}
        {figure(gauge.warning)} {gauge.unit}
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
