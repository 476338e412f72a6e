/**
 * Reads figures over time: the machine's gauges, or a model's traffic and accuracy. A range of the last 400 days, in at
 * most MOST_POINTS spans, which are longer for longer ranges and for earlier ones.
 */
import * as z from "zod";
import { GAUGES, type GaugeName, gaugeOn } from "../../operations/gauges.ts";
import { AppError } from "../../platform/errors.ts";
import { DAY_MS } from "../../platform/figures.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import { deploymentsOf, findModel, findVersion, listVersions } from "../../store/models.ts";
import { newestPoint, POINT_STEPS, type Point, type PointKind, pointsOf } from "../../store/points.ts";
import { isMetricName, METRICS } from "../../trainer/metrics/index.ts";

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

const TIME = lazily(() =>
  z.iso.datetime({ offset: true, error: "must be a time such as 2026-01-31T12:00:00Z" }),
);
export const HISTORY_QUERY = lazily(() =>
  z.object({
    range: z
      .enum(RANGE_NAMES)
      .default("day")
      .describe("length of the range, unless `from` and `to` are both given"),
    from: TIME().optional().describe("start of the range; default: the range before `to`"),
    to: TIME().optional().describe("end of the range; default: now, or the range after `from`"),
    model: z.string().max(200).optional().describe("a model's figures; default: the machine's"),
  }),
);
type Asked = OutputOf<typeof HISTORY_QUERY>;

/** What of a server is read. */
type Source = Pick<Signalbox, "store" | "models" | "now" | "presence">;

/** `T`: a moment, as text or in milliseconds. */
export interface HistoryPoint<T = string> {
  /** The start of the span. */
  at: T;
  /** The mean over the span, or the sum if the series is a count. */
  value: number;
  low: number;
  high: number;
  /** How many measurements. */
  count: number;
}

export interface HistorySeries<T = string> {
  name: string;
  label: string;
  unit: string;
  /** What `value` is. */
  figure: "mean" | "sum";
  points: HistoryPoint<T>[];
}

export interface HistoryView<T = string> {
  /** Null: `from` and `to` were given. */
  range: Range | null;
  from: string;
  to: string;
  /** Length of the spans. */
  stepSeconds: number;
  /** Null: the machine. */
  model: string | null;
  series: HistorySeries<T>[];
  /** Of the model, in the range, newest first. */
  deployments: { version: number; at: string }[];
}

interface Kind {
  kind: PointKind;
  name: string;
  /** The subject that it is stored for. */
  stored: string;
  label: string;
  unit: string;
  figure: "mean" | "sum";
  /** From what is kept to what is shown. */
  scale: number;
}

/** The newest minute in which something was measured. */
export interface NewestFigures {
  model: string | null;
  /** Null: nothing was measured in the last days. */
  at: string | null;
  figures: { name: string; label: string; unit: string; value: number; at: string }[];
}

/** Null if the model does not exist; `model` null: of the machine. */
export async function newestFigures(source: Source, model: string | null): Promise<NewestFigures | null> {
  if (model !== null && !(await findModel(source.store, model))) return null;
  const figures = (await kindsOf(source, model)).map(async (kind) => {
    const asked = { kind: kind.kind, subject: kind.stored, stepMs: POINT_STEPS[0].stepMs };
    const newest = await newestPoint(source.store, asked);
    const { name, label, unit } = kind;
    return newest && { name, label, unit, ...dated(pointOf(newest, kind)) };
  });
  const known = (await Promise.all(figures)).filter((figure) => figure !== null);
  return {
    model,
    at: known.reduce<string | null>((last, { at }) => (last !== null && last > at ? last : at), null),
    figures: known.map(({ name, label, unit, value, at }) => ({ name, label, unit, value, at })),
  };
}

function dated<P extends HistoryPoint<number>>(point: P): Omit<P, "at"> & { at: string } {
  return { ...point, at: new Date(point.at).toISOString() };
}

/** As `historyFigures`, with moments as text: what scripts get. */
export async function historyView(source: Source, asked: Asked): Promise<HistoryView> {
  return asText(await historyFigures(source, asked));
}

export function asText(figures: HistoryView<number>): HistoryView {
  const series = figures.series.map((entry) => ({ ...entry, points: entry.points.map(dated) }));
  return { ...figures, series };
}

/** Throws AppError: `invalid` for a range that is empty, too short or too long, `missing` for the model. */
export async function historyFigures(source: Source, asked: Asked): Promise<HistoryView<number>> {
  const model = asked.model === undefined ? null : (await source.models.find(asked.model)).name;
  const span = spanOf(asked, source.now());
  const step = stepFor(span, source.now());
  const series = (await kindsOf(source, model)).map(async (kind): Promise<HistorySeries<number>> => {
    const { name, label, unit, figure, stored: subject } = kind;
    const from = Math.floor(span.from / step.spanMs) * step.spanMs;
    const asked = { kind: kind.kind, subject, stepMs: step.stepMs, from, to: span.to };
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

/**
 * Which spans are read, and the length to which they are put together: the longest that still give half of
 * MOST_POINTS, so that as few rows as possible are read.
 */
function stepFor(
  { from, to }: { from: number; to: number },
  now: number,
): { stepMs: number; spanMs: number } {
  const kept = POINT_STEPS.filter(({ days }) => from >= now - days * DAY_MS);
  const fitting = kept.findLast(({ stepMs }) => (to - from) / stepMs >= MOST_POINTS / 2) ?? kept[0];
  const { stepMs } = fitting ?? POINT_STEPS.at(-1)!;
  return { stepMs, spanMs: stepMs * Math.ceil((to - from) / stepMs / MOST_POINTS) };
}

async function kindsOf(source: Source, model: string | null): Promise<Kind[]> {
  return model === null ? gaugeKinds(source) : await modelKinds(source, model);
}

function gaugeKinds({ presence }: Source): Kind[] {
  return (Object.keys(GAUGES) as GaugeName[]).map((name) => {
    const { label, unit } = GAUGES[name];
    const stored = gaugeOn(presence.hostId, name);
    return { kind: "gauge", name, stored, label, unit, figure: "mean", scale: 1 };
  });
}

async function modelKinds({ store, models }: Source, name: string): Promise<Kind[]> {
  const { liveVersion } = await models.find(name);
  const version = liveVersion ?? (await listVersions(store, name))[0]?.version;
  const metric =
    version === undefined ? "" : ((await findVersion(store, name, version))?.result.metric ?? "");
  const kinds: Omit<Kind, "name" | "stored">[] = [
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
  return kinds.map((kind) => ({ ...kind, name: kind.kind, stored: name }));
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

function pointOf({ at, n, total, low, high }: Point, { figure, scale }: Kind): HistoryPoint<number> {
  const value = (figure === "sum" ? total : total / n) * scale;
  return { at, value, low: low * scale, high: high * scale, count: n };
}
