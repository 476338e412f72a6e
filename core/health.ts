/**
 * How is the machine? Gauges sampled once for the process, never once per viewer, and a state that changes only when
 * a value stays beyond its threshold: no value near a threshold makes a storm.
 */
import { statfs } from "node:fs/promises";
import { cpus, freemem, totalmem } from "node:os";
import type { Config } from "./config.ts";
import { ConfigError } from "./config.ts";
import type { EventLog } from "./events.ts";
import type { Logger } from "./log.ts";
import type { Store } from "./store/database.ts";
import { insertSample, sampleHistory } from "./store/samples.ts";

export type HealthState = "healthy" | "warning" | "critical";

interface GaugeType {
  label: string;
  unit: string;
  /** The setting with "warning,critical". */
  thresholds: keyof Config;
  read: (source: GaugeSource) => number | Promise<number>;
}

/** What a gauge may look at. */
export interface GaugeSource {
  dataDir: string;
  queueLength: () => number;
  loopDelayMs: () => number;
  cpuPercent: () => number;
}

export const GAUGES = {
  cpu: { label: "CPU", unit: "%", thresholds: "HEALTH_CPU", read: (source) => source.cpuPercent() },
  memory: { label: "Memory", unit: "%", thresholds: "HEALTH_MEMORY", read: readMemoryPercent },
  disk: {
    label: "Disk",
    unit: "%",
    thresholds: "HEALTH_DISK",
    read: (source) => readDiskPercent(source.dataDir),
  },
  loop: {
    label: "Event-loop delay",
    unit: "ms",
    thresholds: "HEALTH_LOOP",
    read: (source) => source.loopDelayMs(),
  },
  queue: { label: "Queue", unit: "runs", thresholds: "HEALTH_QUEUE", read: (source) => source.queueLength() },
} as const satisfies Record<string, GaugeType>;

export type GaugeName = keyof typeof GAUGES;
export const GAUGE_NAMES = Object.keys(GAUGES) as GaugeName[];

export interface GaugeReading {
  gauge: GaugeName;
  label: string;
  unit: string;
  value: number;
  state: HealthState;
  warning: number;
  critical: number;
}

export interface GaugeMemory {
  state: HealthState;
  /** Samples in a row that asked for another state. */
  streak: number;
  lastChangeAt: number;
}

/** A worse state needs this many samples in a row, a better one that many below the threshold by the margin. */
const WORSE_AFTER = 2;
const BETTER_AFTER = 3;
const MARGIN = 0.05;
const QUIET_MS = 60_000;

/**
 * One step of the hysteresis: the state after `value`. Getting better needs the value to fall 5 % below the threshold
 * that it passed; a gauge changes at most once a minute.
 */
export function nextState(
  memory: GaugeMemory,
  value: number,
  limits: { warning: number; critical: number; at: number },
): GaugeMemory {
  const severity = { healthy: 0, warning: 1, critical: 2 };
  const relief = (threshold: number, from: HealthState, level: HealthState) =>
    severity[from] >= severity[level] ? threshold * (1 - MARGIN) : threshold;
  const wanted: HealthState =
    value >= relief(limits.critical, memory.state, "critical")
      ? "critical"
      : value >= relief(limits.warning, memory.state, "warning")
        ? "warning"
        : "healthy";
  if (wanted === memory.state) return { ...memory, streak: 0 };
  const streak = memory.streak + 1;
  const needed = severity[wanted] > severity[memory.state] ? WORSE_AFTER : BETTER_AFTER;
  if (streak < needed || limits.at - memory.lastChangeAt < QUIET_MS) return { ...memory, streak };
  return { state: wanted, streak: 0, lastChangeAt: limits.at };
}

export interface HealthOptions {
  config: Config;
  store: Store;
  log: EventLog;
  logger: Logger;
  now: () => number;
  queueLength: () => number;
}

/** The sampler: reads every gauge, keeps history, tells changes. */
export class Health {
  private readonly memory = new Map<GaugeName, GaugeMemory>();
  private latest: GaugeReading[] = [];
  private timer: Timer | null = null;
  private readonly source: GaugeSource;
  private readonly delay = new LoopDelay();

  constructor(private readonly options: HealthOptions) {
    for (const gauge of GAUGE_NAMES) this.thresholds(gauge);
    const cpu = new CpuShare();
    this.source = {
      dataDir: options.config.DATA_DIR,
      queueLength: options.queueLength,
      loopDelayMs: () => this.delay.take(),
      cpuPercent: () => cpu.take(),
    };
  }

  async start(): Promise<void> {
    await this.sample();
    this.timer = setInterval(() => void this.sample(), this.options.config.METRICS_SECONDS * 1000);
    this.delay.start();
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.delay.stop();
  }

  readings(): GaugeReading[] {
    return this.latest;
  }

  /** The worst state of all gauges. */
  state(): HealthState {
    const states = this.latest.map(({ state }) => state);
    return states.includes("critical") ? "critical" : states.includes("warning") ? "warning" : "healthy";
  }

  history(gauge: GaugeName, spanMs: number, points: number): { at: number; value: number }[] {
    const to = this.options.now();
    return sampleHistory(this.options.store, { gauge, from: to - spanMs, to, points });
  }

  async sample(): Promise<void> {
    const at = this.options.now();
    const values = await Promise.all(
      GAUGE_NAMES.map(async (gauge) => [gauge, await GAUGES[gauge].read(this.source)] as const),
    );
    this.options.log.record((append) => {
      this.latest = values.map(([gauge, value]) => {
        insertSample(this.options.store, { gauge, at, value });
        const { from, reading } = this.judge(gauge, value, at);
        if (from !== reading.state) {
          const { label, unit } = reading;
          append("health.changed", { gauge, label, unit, value, from, to: reading.state });
        }
        return reading;
      });
      append("metrics.sampled", { values: Object.fromEntries(values) });
    });
  }

  private judge(gauge: GaugeName, value: number, at: number): { from: HealthState; reading: GaugeReading } {
    const limits = this.thresholds(gauge);
    const before = this.memory.get(gauge) ?? {
      state: "healthy",
      streak: 0,
      lastChangeAt: Number.NEGATIVE_INFINITY,
    };
    const after = nextState(before, value, { ...limits, at });
    this.memory.set(gauge, after);
    const { label, unit } = GAUGES[gauge];
    return { from: before.state, reading: { gauge, label, unit, value, state: after.state, ...limits } };
  }

  private thresholds(gauge: GaugeName): { warning: number; critical: number } {
    const name = GAUGES[gauge].thresholds;
    const [warning, critical] = String(this.options.config[name]).split(",").map(Number);
    if (!(warning! > 0) || !(critical! > warning!)) {
      throw new ConfigError(`${name}: must be two rising numbers such as 80,95`);
    }
    return { warning: warning!, critical: critical! };
  }
}

/** Of the container where it has a limit, else of the machine. */
function readMemoryPercent(): number {
  const limit = process.constrainedMemory();
  const isLimited = limit > 0 && limit < totalmem();
  return isLimited ? (100 * (limit - process.availableMemory())) / limit : 100 * (1 - freemem() / totalmem());
}

async function readDiskPercent(folder: string): Promise<number> {
  const { blocks, bavail } = await statfs(folder);
  return 100 * (1 - bavail / blocks);
}

/** Share of the machine's cores that was busy since the last call, in percent. */
class CpuShare {
  private last = cpuTimes();
  private value = 0;

  take(): number {
    const now = cpuTimes();
    const total = now.total - this.last.total;
    // The kernel's clock ticks every 10 ms: a shorter span has nothing to divide.
    if (total > 0) this.value = 100 * (1 - (now.idle - this.last.idle) / total);
    this.last = now;
    return this.value;
  }
}

function cpuTimes(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}

/** The longest time that a 100 ms timer came late since the last call. */
class LoopDelay {
  private timer: Timer | null = null;
  private expected = 0;
  private worst = 0;

  start(): void {
    this.expected = performance.now() + 100;
    this.timer = setInterval(() => {
      const now = performance.now();
      this.worst = Math.max(this.worst, now - this.expected);
      this.expected = now + 100;
    }, 100);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  take(): number {
    const worst = this.worst;
    this.worst = 0;
    return worst;
  }
}
