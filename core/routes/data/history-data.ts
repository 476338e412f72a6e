/**
 * Reads figures over time: the machine's gauges, or a model's traffic and accuracy. A range of the last 400 days, in at
 * most MOST_POINTS spans, which are longer for longer ranges and for earlier ones.
 */
import * as z from "zod";
import { GAUGES, type GaugeName, gaugeOn } from "../../operations/gauges.ts";
import { AppError } from "../../platform/errors.ts";
import { DAY_MS } from "../../platform/figures.ts";
import { deploymentsOf, findVersion, listVersions } from "../../store/models.ts";
import { POINT_STEPS, type Point, type PointKind, pointsOf } from "../../store/points.ts";
import { isMetricName, METRICS } from "../../trainer/metrics/index.ts";
import type { PanelSource } from "./panel-data.ts";

const HOUR_MS = 3_600_000;
const RANGES = {
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
  year: 365 * DAY_MS,
} as const;
type Range = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as Range[];

const MOST_POINTS = 200;
const LONGEST_MS = POINT_STEPS.at(-1)!.days * DAY_MS;
const SHORTEST_MS = 5 * 60_000;

const TIME = z.iso.datetime({ offset: true, error: "must be a time such as 2026-01-31T12:00:00Z" });
export const HISTORY_QUERY = z.object({
  range: z
    .enum(RANGE_NAMES)
    .default("day")
    .describe("length of the range, unless `from` and `to` are both given"),
  from: TIME.optional().describe("start of the range; default: the range before `to`"),
  to: TIME.optional().describe("end of the range; default: now, or the range after `from`"),
  model: z.string().max(200).optional().describe("a model's figures; default: the machine's"),
});
type Asked = z.output<typeof HISTORY_QUERY>;

export interface HistoryPoint {
  /** The start of the span. */
  at: string;
  /** The mean over the span, or the sum if the series is a count. */
  value: number;
  low: number;
  high: number;
  /** How many measurements. */
  count: number;
}

export interface HistorySeries {
  name: string;
  label: string;
  unit: string;
  /** What `value` is. */
  figure: "mean" | "sum";
  points: HistoryPoint[];
}

export interface HistoryView {
  /** Null: `from` and `to` were given. */
  range: Range | null;
  from: string;
  to: string;
  /** Length of the spans. */
  stepSeconds: number;
  /** Null: the machine. */
  model: string | null;
  series: HistorySeries[];
  /** Of the model, in the range, newest first. */
  deployments: { version: number; at: string }[];
}

interface Kind {
  kind: PointKind;
  label: string;
  unit: string;
  figure: HistorySeries["figure"];
  /** From what is kept to what is shown. */
  scale: number;
}

/** Throws AppError: `invalid` for a range that is empty, too short or too long, `missing` for the model. */
export async function historyView(source: PanelSource, asked: Asked): Promise<HistoryView> {
  const model = asked.model === undefined ? null : (await source.models.find(asked.model)).name;
  const span = spanOf(asked, source.now());
  const step = stepFor(span, source.now());
  const kinds = model === null ? gaugeKinds() : await modelKinds(source, model);
  const series = kinds.map(async ({ subject, ...kind }): Promise<HistorySeries> => {
    const { name, label, unit, figure } = { ...kind, name: model === null ? subject : kind.kind };
    const from = Math.floor(span.from / step.spanMs) * step.spanMs;
    const { stepMs } = step;
    const stored = model === null ? gaugeOn(source.presence.hostId, subject as GaugeName) : subject;
    const asked = { kind: kind.kind, subject: stored, stepMs, from, to: span.to };
    const points = await pointsOf(source.store, asked);
    const spans = merged(points, step.spanMs);
    const filled = figure === "sum" ? withZeros(spans, step.spanMs, Math.min(span.to, source.now())) : spans;
    return { name, label, unit, figure, points: filled.map((point) => pointOf(point, kind)) };
  });
  const within = ({ at }: { at: number }) => at >= span.from && at < span.to;
  const deployments = model === null ? [] : (await deploymentsOf(source.store, model)).filter(within);
  const isGiven = asked.from !== undefined || asked.to !== undefined;
  return {
    range: isGiven ? null : asked.range,
    from: new Date(span.from).toISOString(),
    to: new Date(span.to).toISOString(),
    stepSeconds: step.spanMs / 1000,
    model,
    series: await Promise.all(series),
    deployments: deployments.map(({ version, at }) => ({ version, at: new Date(at).toISOString() })),
  };
}

function spanOf({ range, from, to }: Asked, now: number): { from: number; to: number } {
  const length = RANGES[range];
  const end =
    to === undefined ? (from === undefined ? now : Math.min(now, Date.parse(from) + length)) : Date.parse(to);
  const begin = from === undefined ? end - length : Date.parse(from);
  if (end - begin < SHORTEST_MS)
    throw new AppError("invalid", "The range is empty or shorter than five minutes", {
      fix: "Choose a later `to` or an earlier `from`.",
    });
  if (end - begin > LONGEST_MS)
    throw new AppError("invalid", "The range is longer than the 400 days that are kept", {
      fix: "Choose a later `from`, or range=year.",
    });
  return { from: begin, to: end };
}

/** Which spans are read, and the length to which they are put together. */
function stepFor(
  { from, to }: { from: number; to: number },
  now: number,
): { stepMs: number; spanMs: number } {
  const kept = POINT_STEPS.filter(({ days }) => from >= now - days * DAY_MS);
  const fitting = kept.find(({ stepMs }) => (to - from) / stepMs <= MOST_POINTS);
  const { stepMs } = fitting ?? POINT_STEPS.at(-1)!;
  return { stepMs, spanMs: stepMs * Math.ceil((to - from) / stepMs / MOST_POINTS) };
}

function gaugeKinds(): (Kind & { subject: string })[] {
  return (Object.keys(GAUGES) as GaugeName[]).map((subject) => {
    const { label, unit } = GAUGES[subject];
    return { kind: "gauge", subject, label, unit, figure: "mean", scale: 1 };
  });
}

async function modelKinds(
  { store, models }: PanelSource,
  name: string,
): Promise<(Kind & { subject: string })[]> {
  const { liveVersion } = await models.find(name);
  const version = liveVersion ?? (await listVersions(store, name))[0]?.version;
  const metric =
    version === undefined ? "" : ((await findVersion(store, name, version))?.result.metric ?? "");
  const kinds: Kind[] = [
    { kind: "predictions", label: "Predictions", unit: "", figure: "sum", scale: 1 },
    { kind: "latency", label: "Time per request", unit: "ms", figure: "mean", scale: 1000 },
    { kind: "warnings", label: "Warnings", unit: "", figure: "sum", scale: 1 },
    { kind: "drift", label: "Drift (largest stability index)", unit: "", figure: "mean", scale: 1 },
    ...(isMetricName(metric)
      ? [
          {
            kind: `score.${metric}` as const,
            label: `Live ${METRICS[metric].label}`,
            unit: "",
            figure: "mean" as const,
            scale: 1,
          },
        ]
      : []),
  ];
  return kinds.map((kind) => ({ ...kind, subject: name }));
}

function merged(points: readonly Point[], spanMs: number): Point[] {
  const spans: Point[] = [];
  for (const { at, n, total, low, high } of points) {
    const start = Math.floor(at / spanMs) * spanMs;
    const last = spans.at(-1);
    if (last?.at !== start) spans.push({ at: start, n, total, low, high });
    else {
      last.n += n;
      last.total += total;
      last.low = Math.min(last.low, low);
      last.high = Math.max(last.high, high);
    }
  }
  return spans;
}

/** From the first span with anything on: a count of nothing is zero. */
function withZeros(spans: readonly Point[], spanMs: number, to: number): Point[] {
  const [first] = spans;
  if (!first) return [];
  const known = new Map(spans.map((span) => [span.at, span]));
  const length = Math.ceil((to - first.at) / spanMs);
  return Array.from({ length }, (_, index) => {
    const at = first.at + index * spanMs;
    return known.get(at) ?? { at, n: 0, total: 0, low: 0, high: 0 };
  });
}

function pointOf({ at, n, total, low, high }: Point, { figure, scale }: Kind): HistoryPoint {
  const value = (figure === "sum" ? total : total / n) * scale;
  return { at: new Date(at).toISOString(), value, low: low * scale, high: high * scale, count: n };
}
