/** Draws the server's health: its checks, the machine's gauges, and who is connected. */
import type { GaugeReading } from "../../core/operations/health.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { Sparkline } from "../charts/small.tsx";
import { type Links, url } from "../layout/page-context.ts";
import { count, duration, plural, reading } from "../parts/format.ts";
import { All, LampDot } from "../parts/parts.tsx";
import { HEALTH_WORDS } from "../parts/words.ts";

/** The light in the header: a few words, with a sentence on hover. */
export function HealthPanel({ data, links }: { data: PanelData["health"]; links: Links }) {
  const { state, label, sentence } = data.signal;
  return (
    <a class={`signal signal-${state}`} href={url(links, "/#attention")} title={sentence}>
      <LampDot lamp={HEALTH_WORDS[state].lamp} />
      <span class="signal-label">{label}</span>
      <span class="visually-hidden">. {sentence}</span>
    </a>
  );
}

type LeaderboardEntry = Pick<GaugeReading, "state" | "value" | "warning">;

/** A state outlasts its cause by some samples, and appears after as many, so that it does not flicker. */
function isRecovering({ state, value, warning }: LeaderboardEntry): boolean {
  return state !== "healthy" && value < warning;
}

type Gauge = PanelData["metrics"]["gauges"][number];

/** One quiet line, which opens. */
export function MetricsPanel({ data, links }: { data: PanelData["metrics"]; links: Links }) {
  const worst = data.gauges.find(({ state }) => state === "critical")?.state;
  const state = worst ?? data.gauges.find(({ state }) => state === "warning")?.state ?? "healthy";
  return (
    <details class="machine">
      <summary>
        <LampDot lamp={HEALTH_WORDS[state].lamp} />
        <strong>Machine {HEALTH_WORDS[state].says}</strong>
        {data.gauges.map((gauge) => (
          <span>
            {gauge.label} {reading(gauge.value, gauge.unit)}
          </span>
        ))}
      </summary>
      <ul class="gauges">
        {data.gauges.map((gauge) => (
          <GaugeDial gauge={gauge} />
        ))}
      </ul>
      {data.hosts.length > 0 && <Hosts hosts={data.hosts} />}
      <All links={links} path="/history?range=week" label="History: hour, day, week, month, year" />
    </details>
  );
}

/** Servers and workers that share the database. */
function Hosts({ hosts }: { hosts: PanelData["metrics"]["hosts"] }) {
  return (
    <ul class="facts" aria-label="Servers and workers">
      {hosts.map(({ host, role, version, status, cpuPercent, memoryPercent, runs, lastBeatAt }) => (
        <li>
          <LampDot lamp={HEALTH_WORDS[status === "alive" ? "healthy" : "critical"].lamp} />{" "}
          <strong>
            {role} on {host}
          </strong>{" "}
          (version {version}):{" "}
          {status === "alive"
            ? `CPU ${reading(cpuPercent, "%")}, memory ${reading(memoryPercent, "%")}`
            : `no heartbeat since ${lastBeatAt.slice(11, 19)} UTC`}
          {runs.length > 0 && `, training run ${runs.map(({ number }) => number).join(", ")}`}
        </li>
      ))}
    </ul>
  );
}

function GaugeDial({ gauge }: { gauge: Gauge }) {
  const { lamp } = HEALTH_WORDS[gauge.state];
  const isDrawn = gauge.history.length > 1;
  const highest = gauge.unit === "%" ? 100 : Math.max(gauge.critical, gauge.value);
  const sentence = `${gauge.label}, last 24 hours, now ${reading(gauge.value, gauge.unit)}`;
  return (
    <li>
      <span>
        <LampDot lamp={lamp} />
        {gauge.label}
      </span>
      <strong>{reading(gauge.value, gauge.unit)}</strong>
      <meter
        aria-label={gauge.label}
        max={highest}
        low={gauge.warning}
        high={gauge.critical}
        optimum={0}
        value={Math.round(gauge.value * 10) / 10}
      />
      {isDrawn && (
        <Sparkline values={gauge.history.map(({ value }) => value)} label={sentence} max={highest} />
      )}
      <small>
        {isRecovering(gauge) ? "Recovering. " : ""}Warns at {reading(gauge.warning, gauge.unit)}.
        {isDrawn && " Chart: last 24 hours."}
      </small>
    </li>
  );
}

export function ConnectionPanel({ data }: { data: PanelData["connection"] }) {
  return (
    <p class="facts">
      {plural(data.sockets, "open connection")}, {count(data.seq)} events logged, up for{" "}
      {duration(data.upSeconds * 1000)}
    </p>
  );
}
