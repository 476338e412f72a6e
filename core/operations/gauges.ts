/**
 * Every gauge of the machine, one entry each: its label, unit, default thresholds and how to read it. Settings, checks,
 * pages, the API and /metrics read this record; its setting is HEALTH_ and its name in capitals.
 */
import { duration, plural, reading } from "../platform/figures.ts";

/** What a gauge may read. */
export interface GaugeSource {
  cpuPercent: () => number;
  /** The part of `busy` (CPU percent) that programs other than our own trainings use. */
  foreignCpuPercent: (busy: number) => number;
  memoryPercent: () => number;
  diskPercent: () => number | Promise<number>;
  loopDelayMs: () => number;
  queueLength: () => number | Promise<number>;
  /** Of the run that waits longest. */
  queueWaitSeconds: () => number | Promise<number>;
}

export interface GaugeType {
  label: string;
  unit: string;
  /** Default warning and critical values. */
  thresholds: readonly [warning: number, critical: number];
  /** What the values of its setting mean. */
  says: string;
  read: (source: GaugeSource) => number | Promise<number>;
  /** Consecutive samples needed to look worse, for a gauge whose short peaks are harmless. */
  worseAfter?: number;
  /** True if every server reads the same value: it is reported once, for no host. */
  isShared?: boolean;
  /** True if something is lost at its limit: only that is an error. */
  isLoss?: boolean;
  /** The value that its state is based on, if that is not the value shown. */
  judged?: (source: GaugeSource, value: number) => number;
  /** What is at risk, and what to do about it; `hours`: until it is full at the last hour's rate, if it grows. */
  risk: (reading: { value: number; unit: string; hours: number | null }) => string;
}

export const GAUGES = {
  cpu: {
    label: "CPU",
    unit: "%",
    thresholds: [80, 95],
    says: "CPU percent",
    read: (source) => source.cpuPercent(),
    judged: (source, value) => source.foreignCpuPercent(value),
    // Two minutes: other programs come and go.
    worseAfter: 24,
    risk: ({ value, unit }) =>
      `Other programs use ${reading(value, unit)} of the CPU. Training runs and predictions take longer. Stop these programs, or move Signalbox to another machine.`,
  },
  memory: {
    label: "Memory",
    unit: "%",
    thresholds: [85, 95],
    says: "memory percent",
    read: (source) => source.memoryPercent(),
    isLoss: true,
    risk: ({ value, unit }) =>
      `Memory is ${reading(value, unit)} used. If it runs out, training runs are ended. Stop other programs, add memory, or lower TRAIN_MEMORY_MB.`,
  },
  disk: {
    label: "Disk",
    unit: "%",
    thresholds: [85, 95],
    says: "disk percent",
    read: (source) => source.diskPercent(),
    isLoss: true,
    risk: ({ value, unit, hours }) =>
      `The disk is ${reading(value, unit)} full${hours === null ? "" : `, and will be full in about ${hoursText(hours)} at this rate`}. When it is full, uploads and training runs stop. Delete datasets, shorten data retention, or add space.`,
  },
  loop: {
    label: "Response delay",
    unit: "ms",
    thresholds: [100, 500],
    says: "response delay (event loop) in ms",
    read: (source) => source.loopDelayMs(),
    worseAfter: 6,
    risk: ({ value, unit }) =>
      `Responses are delayed by up to ${reading(value, unit)}. Pages and predictions are slow. Send fewer requests at once, or use a faster machine.`,
  },
  queue: {
    label: "Queue",
    unit: "runs",
    thresholds: [10, 50],
    says: "trainings waiting",
    read: (source) => source.queueLength(),
    isShared: true,
    risk: ({ value }) =>
      `${plural(value, "training run")} in the queue. New ones start late. Cancel some of them, or raise TRAIN_CONCURRENCY.`,
  },
  wait: {
    label: "Queue wait",
    unit: "s",
    thresholds: [900, 3600],
    says: "seconds that a training has waited",
    read: (source) => source.queueWaitSeconds(),
    isShared: true,
    risk: ({ value }) =>
      `A training run has waited for ${duration(value * 1000)}. New ones start even later. Cancel some of them, start more workers, or raise TRAIN_CONCURRENCY.`,
  },
} as const satisfies Record<string, GaugeType>;

function hoursText(hours: number): string {
  if (hours < 1) return plural(Math.max(1, Math.round(hours * 60)), "minute");
  return hours < 48 ? plural(Math.round(hours), "hour") : plural(Math.round(hours / 24), "day");
}

export type GaugeName = keyof typeof GAUGES;
export type GaugeSetting = `HEALTH_${Uppercase<GaugeName>}`;
export const GAUGE_NAMES = Object.keys(GAUGES) as GaugeName[];

/** The name under which a gauge of one of several hosts is stored and reported; `hostId` null: there is one host. */
export function gaugeOn(hostId: string | null, name: GaugeName): string {
  const { isShared = false }: GaugeType = GAUGES[name];
  return hostId === null || isShared ? name : `${name}@${hostId}`;
}

/** The setting with a gauge's "warning,critical". */
export function gaugeSetting(name: GaugeName): GaugeSetting {
  return `HEALTH_${name.toUpperCase() as Uppercase<GaugeName>}`;
}
