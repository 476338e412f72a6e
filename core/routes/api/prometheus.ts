/**
 * Writes the metrics for Prometheus in its text format 0.0.4; names carry their units, and labels take few values, none
 * of which a client can invent.
 */

import { HEALTH_STATE_NAMES } from "../../events/health-states.ts";
import type { CanaryFigures } from "../../models/canary/canaries.ts";
import { type ModelSeries, PREDICTION_BUCKETS } from "../../models/monitoring/model-counters.ts";
import { DURATION_BUCKETS, type RouteTimes } from "../../operations/request-times.ts";
import { VERSION } from "../../platform/version.ts";
import { countPredictionsInAll } from "../../store/models.ts";
import { countStored, queueWaitSeconds, type RunStatus, runCounts } from "../../store/runs.ts";
import type { PanelSource } from "../data/panel-data.ts";

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Record<string, string>;
/** Lines of one metric beside its own name: suffix, labels, value. */
type Sample = [value: number, labels?: Labels, suffix?: string];

interface Metric {
  name: string;
  type: "counter" | "gauge" | "histogram" | "summary";
  help: string;
  samples: Sample[];
}

export async function exposition(source: PanelSource): Promise<string> {
  const models = [...modelMetrics(source), ...(await canaryMetrics(source))];
  const ours = [...(await ourMetrics(source)), ...models, ...operationMetrics(source)];
  return [...processMetrics(source), ...ours, requestMetric(source.requests.list())].map(metricText).join("");
}

function processMetrics(source: PanelSource): Metric[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const started = Date.now() / 1000 - process.uptime();
  const loop = source.health.readings().find(({ gauge }) => gauge === "loop");
  return [
    gauge("signalbox_build_info", "The version, as a label.", [[1, { version: VERSION }]]),
    gauge("process_start_time_seconds", "Start time of the process, in seconds since 1970.", [[started]]),
    counter("process_cpu_seconds_total", "CPU time of the server.", [[(user + system) / 1e6]]),
    gauge("process_resident_memory_bytes", "Memory of the server.", [[rss]]),
    gauge("process_heap_bytes", "Heap memory in use.", [[heapUsed]]),
    gauge("signalbox_event_loop_delay_seconds", "Longest delay since the last sample of the gauges.", [
      [(loop?.value ?? 0) / 1000],
    ]),
  ];
}

const STATUSES: RunStatus[] = ["queued", "running", "finished", "failed", "cancelled", "interrupted"];

async function ourMetrics(source: PanelSource): Promise<Metric[]> {
  const { store, log, health, runs, alerts } = source;
  const counts = await runCounts(store);
  const stored = await countStored(store);
  const state = health.state();
  const machine = health.readings().filter(({ unit }) => unit === "%");
  const hosts = await source.presence.hosts();
  return [
    gauge(
      "signalbox_host_silent_seconds",
      "Time since the last heartbeat of each server and worker.",
      hosts.map(({ host, role, id, lastBeatAt }): Sample => {
        const silentMs = Math.max(0, source.now() - Date.parse(lastBeatAt));
        return [silentMs / 1000, { host, role, id }];
      }),
    ),
    gauge(
      "signalbox_host_load_ratio",
      "Share of the CPU and of the memory in use on the host of each server and worker.",
      hosts.flatMap(({ host, role, id, cpuPercent, memoryPercent }): Sample[] => [
        [cpuPercent / 100, { host, role, id, resource: "cpu" }],
        [memoryPercent / 100, { host, role, id, resource: "memory" }],
      ]),
    ),
    gauge(
      "signalbox_host_runs",
      "Trainings that each server and worker runs now.",
      hosts.map(({ host, role, id, runs: trained }): Sample => [trained.length, { host, role, id }]),
    ),
    gauge("signalbox_runs", "Trainings by status.", [
      ...STATUSES.map((status): Sample => [counts[status] ?? 0, { status }]),
    ]),
    gauge("signalbox_run_queue_length", "Trainings waiting in the queue.", [[await runs.queueLength()]]),
    gauge("signalbox_run_queue_wait_seconds", "How long the run that waits longest has waited.", [
      [await queueWaitSeconds(store, source.now())],
    ]),
    gauge("signalbox_datasets", "Files that are stored.", [[stored.datasets]]),
    gauge("signalbox_models", "Models that are stored.", [[stored.models]]),
    counter("signalbox_predictions_total", "Predictions answered.", [[await countPredictionsInAll(store)]]),
    counter("signalbox_events_total", "Events appended so far: the newest number of the log.", [
      [log.lastSeq],
    ]),
    gauge("signalbox_sockets", "Open WebSockets.", [[source.sockets()]]),
    gauge("signalbox_streams", "Readers that follow the log: streams and webhooks.", [[log.followers]]),
    gauge("signalbox_alerts", "Open alerts.", [[(await alerts.active()).length]]),
    gauge("signalbox_health_state", "1 for the state that the machine is in.", [
      ...HEALTH_STATE_NAMES.map((name): Sample => [Number(name === state), { state: name }]),
    ]),
    gauge("signalbox_machine_ratio", "Share of the machine, or the container, that is in use.", [
      ...machine.map(({ gauge: resource, value }): Sample => [value / 100, { resource }]),
    ]),
  ];
}

/** By model, since the start: a restart begins at 0, which Prometheus' rate() allows for. */
function modelMetrics({ feedback }: PanelSource): Metric[] {
  const series = feedback.counters();
  const each = (value: (entry: ModelSeries) => number): Sample[] =>
    series.map((entry) => [value(entry), { model: entry.model }]);
  return [
    counter(
      "signalbox_model_predictions_total",
      "Rows that each model predicted.",
      each((entry) => entry.predictions),
    ),
    counter(
      "signalbox_model_warnings_total",
      "Values of those rows that could not be read or were never seen in training.",
      each((entry) => entry.warnings),
    ),
    {
      name: "signalbox_model_prediction_seconds",
      type: "histogram",
      help: "Time that a model took to predict the rows of one request.",
      samples: series.flatMap(({ model, seconds, requests, buckets }): Sample[] => [
        ...bucketSamples(buckets, PREDICTION_BUCKETS, { model }),
        [seconds, { model }, "_sum"],
        [requests, { model }, "_count"],
      ]),
    },
    gauge(
      "signalbox_model_drift_psi",
      "Largest population stability index of a column of the live version; 0.25 is major.",
      series.flatMap(({ model, driftPsi }): Sample[] => (driftPsi === null ? [] : [[driftPsi, { model }]])),
    ),
    gauge(
      "signalbox_model_live_score",
      "The metric of the live version on reported outcomes.",
      series.flatMap(({ model, liveScore }): Sample[] =>
        liveScore ? [[liveScore.value, { model, metric: liveScore.metric }]] : [],
      ),
    ),
  ];
}

/** From the database: every server reports the same about a canary, whichever of them predicted. */
async function canaryMetrics({ canaries }: PanelSource): Promise<Metric[]> {
  const views = await canaries.list();
  const each = (value: (of: CanaryFigures) => number): Sample[] =>
    views.flatMap(({ model, versions }) =>
      versions.map((of): Sample => [value(of), { model, version: String(of.version) }]),
    );
  return [
    gauge(
      "signalbox_canary_share_ratio",
      "Share of a model's traffic that its canary answers.",
      views.map(({ model, version, share }): Sample => [share / 100, { model, version: String(version) }]),
    ),
    counter(
      "signalbox_canary_requests_total",
      "Requests to a canary and the live version since the canary began, failed ones included.",
      each(({ requests }) => requests),
    ),
    counter(
      "signalbox_canary_errors_total",
      "Of those, requests that failed and were answered by the live version.",
      each(({ errors }) => errors),
    ),
  ];
}

function operationMetrics({ runs, webhooks }: PanelSource): Metric[] {
  return [
    {
      name: "signalbox_run_duration_seconds",
      type: "summary",
      help: "Time from start to end of runs that ended.",
      samples: runs.durations.list().flatMap(({ status, count, seconds }): Sample[] => [
        [seconds, { status }, "_sum"],
        [count, { status }, "_count"],
      ]),
    },
    counter(
      "signalbox_webhook_failures_total",
      "Deliveries that failed, and events that were given up after all attempts.",
      Object.entries(webhooks.failures).map(([outcome, count]): Sample => [count, { outcome }]),
    ),
  ];
}

function requestMetric(routes: RouteTimes[]): Metric {
  const samples = routes.flatMap(({ method, route, status, buckets, sumSeconds, count }): Sample[] => {
    const labels = { method, route, status };
    return [
      ...bucketSamples(buckets, [...DURATION_BUCKETS, Number.POSITIVE_INFINITY], labels),
      [sumSeconds, labels, "_sum"],
      [count, labels, "_count"],
    ];
  });
  return {
    name: "signalbox_http_request_duration_seconds",
    type: "histogram",
    help: "Time until the headers of the response, by route.",
    samples,
  };
}

/** `counts`: up to each bound; the format wants them added up. */
function bucketSamples(counts: readonly number[], bounds: readonly number[], labels: Labels): Sample[] {
  let upTo = 0;
  return bounds.map((bound, index): Sample => {
    upTo += counts[index]!;
    const le = Number.isFinite(bound) ? String(bound) : "+Inf";
    return [upTo, { ...labels, le }, "_bucket"];
  });
}

function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: Sample[]): Metric {
  return { name, type: "counter", help, samples };
}

function metricText({ name, type, help, samples }: Metric): string {
  const lines = samples.map(([value, labels = {}, suffix = ""]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `${name}${suffix}${pairs.length ? `{${pairs.join(",")}}` : ""} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
