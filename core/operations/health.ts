/**
 * Samples the gauges once for the process, never once per viewer, and decides each gauge's state. A state changes only
 * when a value stays beyond its threshold, so that a value near one does not toggle it.
 */

import { alertAction } from "../events/alert-records.ts";
import type { Alert, Alerts } from "../events/alerts.ts";
import type { EventLog, Recording } from "../events/event-log.ts";
import type { EventData } from "../events/events.ts";
import type { HealthState } from "../events/health-states.ts";
import { childPids } from "../platform/child.ts";
import { DAY_MS } from "../platform/figures.ts";
import type { Logger } from "../platform/logger.ts";
import type { Store } from "../store/database.ts";
import { latestActivity } from "../store/log.ts";
import { addPoints, measuredOnce, POINT_STEPS, pointsOf } from "../store/points.ts";
import type { Config } from "./config.ts";
import { GaugeHistory, type HistoryPoint } from "./gauge-history.ts";
import {
  GAUGE_NAMES,
  GAUGES,
  type GaugeName,
  type GaugeSource,
  type GaugeType,
  gaugeOn,
  gaugeSetting,
} from "./gauges.ts";
import { CpuShare, diskPercent, ForeignCpu, LoopDelay, memoryPercent } from "./machine/machine.ts";

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
  /** Consecutive samples that indicated another state. */
  streak: number;
  lastChangeAt: number;
}

/** A worse state needs this many consecutive samples; a better one as many below the threshold by the margin. */
const WORSE_AFTER = 2;
const BETTER_AFTER = 3;
const MARGIN = 0.05;
const QUIET_MS = 60_000;
const HOUR_MS = 3_600_000;
const MOST_HOURS = 168;
/** Changes remembered: a gauge whose last change is older has been stable for long. */
const RECALLED = 100;

/**
 * One step of the hysteresis: the state after `value`. To improve, the value must fall 5 % below the threshold that it
 * passed; a gauge changes at most once a minute.
 */
export function nextState(
  memory: GaugeMemory,
  value: number,
  limits: { warning: number; critical: number; at: number; worseAfter?: number },
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
  const needed =
    severity[wanted] > severity[memory.state] ? (limits.worseAfter ?? WORSE_AFTER) : BETTER_AFTER;
  if (streak < needed || limits.at - memory.lastChangeAt < QUIET_MS) return { ...memory, streak };
  return { state: wanted, streak: 0, lastChangeAt: limits.at };
}

export interface HealthOptions {
  config: Config;
  store: Store;
  log: EventLog;
  alerts: Alerts;
  logger: Logger;
  now: () => number;
  queueLength: () => number | Promise<number>;
  queueWaitSeconds: () => number | Promise<number>;
  /** This one among several on the same database; null: it is alone. */
  host: { id: string; host: string } | null;
}

/** Samples every gauge, keeps their history and reports changes. */
export class Health {
  private readonly memory = new Map<GaugeName, GaugeMemory>();
  private latest: GaugeReading[] = [];
  private timer: Timer | null = null;
  private readonly source: GaugeSource;
  private readonly delay = new LoopDelay();
  private readonly histories = new Map(GAUGE_NAMES.map((gauge) => [gauge, new GaugeHistory()]));
  private readonly judged = new Map<GaugeName, number>();
  private isSampling = false;
  private isFirst = true;

  constructor(private readonly options: HealthOptions) {
    const [cpu, foreign] = [new CpuShare(), new ForeignCpu()];
    this.source = {
      memoryPercent,
      diskPercent: () => diskPercent(options.config.DATA_DIR),
      queueLength: options.queueLength,
      queueWaitSeconds: options.queueWaitSeconds,
      loopDelayMs: () => this.delay.take(),
      cpuPercent: () => cpu.take(),
      foreignCpuPercent: (busy) => foreign.take(busy, childPids()),
    };
  }

  async start(): Promise<void> {
    const { store, config, now } = this.options;
    for (const [gauge, history] of this.histories) {
      const subject = this.storedName(gauge);
      const asked = { kind: "gauge", subject, stepMs: POINT_STEPS[0].stepMs } as const;
      const to = Number.MAX_SAFE_INTEGER;
      for (const { at, n, total } of await pointsOf(store, { ...asked, from: now() - DAY_MS, to }))
        history.add(at, total / n);
    }
    await this.recall();
    await this.sample();
    this.timer = setInterval(() => void this.sampleOnTime(), config.METRICS_SECONDS * 1000);
    this.delay.start();
  }

  /** A state from before a restart is not reported again. */
  private async recall(): Promise<void> {
    for (const { at, data } of (await this.options.log.latest("health.changed", RECALLED)).reverse()) {
      const { gauge, to, hostId } = data as EventData<"health.changed">;
      const lastChangeAt = Date.parse(at);
      const isOurs = hostId === undefined || hostId === this.options.host?.id;
      if (isOurs && Object.hasOwn(GAUGES, gauge))
        this.memory.set(gauge as GaugeName, { state: to, streak: 0, lastChangeAt });
    }
  }

  /** A disk that hangs or is full costs samples, not the process. */
  private async sampleOnTime(): Promise<void> {
    if (this.isSampling) return;
    this.isSampling = true;
    try {
      await this.sample();
    } catch (error) {
      this.options.logger.error({ error: String(error) }, "the gauges could not be sampled");
    } finally {
      this.isSampling = false;
    }
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.delay.stop();
  }

  /** The latest reading, with the current thresholds. */
  readings(): GaugeReading[] {
    return this.latest.map((reading) => ({ ...reading, ...this.thresholds(reading.gauge) }));
  }

  /** The worst state of all gauges. */
  state(): HealthState {
    const states = this.latest.map(({ state }) => state);
    return states.includes("critical") ? "critical" : states.includes("warning") ? "warning" : "healthy";
  }

  /** The last 24 hours. */
  history(gauge: GaugeName): HistoryPoint[] {
    return this.histories.get(gauge)!.points();
  }

  async sample(): Promise<void> {
    const at = this.options.now();
    const values = await Promise.all(
      GAUGE_NAMES.map(async (gauge) => [gauge, await GAUGES[gauge].read(this.source)] as const),
    );
    await this.options.log.record(async (tx) => {
      this.latest = await Promise.all(
        values.map(async ([gauge, value]) => {
          const { from, reading } = this.judge(gauge, value, at);
          if (from !== reading.state) await this.tellChange(from, reading, tx);
          return reading;
        }),
      );
      const host = this.options.host && { host: this.options.host.host };
      await tx.append("metrics.sampled", { values: Object.fromEntries(values), ...host });
      await addPoints(
        tx,
        at,
        values.map(([gauge, value]) => measuredOnce("gauge", this.storedName(gauge), value)),
      );
    });
    for (const [gauge, value] of values) this.histories.get(gauge)!.add(at, value);
    this.isFirst = false;
  }

  private async tellChange(from: HealthState, reading: GaugeReading, tx: Recording): Promise<void> {
    const { gauge, label, unit, state } = reading;
    const value = this.judgedValue(reading);
    const { isLoss = false, isShared = false }: GaugeType = GAUGES[gauge];
    const { alerts, host } = this.options;
    // Every server reads it: the first one reports.
    if (isShared && host && (await toldState(tx, gauge)) === state) return;
    const on = host && !isShared ? { hostId: host.id, host: host.host } : null;
    await tx.append("health.changed", { gauge, label, unit, value, from, to: state, isLoss, ...on });
    const subject = this.storedName(gauge);
    if (state === "healthy") return alerts.resolve("health", subject, tx);
    const told = { value, unit, hours: this.hoursLeft(gauge, value) };
    const alert: Alert = {
      code: "health",
      subject,
      severity: state === "critical" && isLoss ? "error" : "warning",
      sentence: `${on ? `${on.host}: ` : ""}${GAUGES[gauge].risk(told)}`,
      action: alertAction("health"),
      cause: "health.changed",
    };
    await alerts.raise(alert, tx);
  }

  private storedName(gauge: GaugeName): string {
    return gaugeOn(this.options.host?.id ?? null, gauge);
  }

  private judgedValue({ gauge, value }: Pick<GaugeReading, "gauge" | "value">): number {
    return this.judged.get(gauge) ?? value;
  }

  /** Hours until it is full, from its growth over the last hour; null if it does not grow, or not within a week. */
  private hoursLeft(gauge: GaugeName, value: number): number | null {
    const since = this.options.now() - HOUR_MS;
    const first = this.history(gauge).find(({ at }) => at >= since);
    if (!first) return null;
    const perHour = ((value - first.value) * HOUR_MS) / Math.max(1, this.options.now() - first.at);
    const hours = (100 - value) / perHour;
    return perHour > 0 && hours <= MOST_HOURS ? hours : null;
  }

  private judge(gauge: GaugeName, value: number, at: number): { from: HealthState; reading: GaugeReading } {
    const limits = this.thresholds(gauge);
    const before = this.memory.get(gauge) ?? {
      state: "healthy",
      streak: 0,
      lastChangeAt: Number.NEGATIVE_INFINITY,
    };
    const { judged, worseAfter = WORSE_AFTER }: GaugeType = GAUGES[gauge];
    const judgedValue = judged ? judged(this.source, value) : value;
    this.judged.set(gauge, judgedValue);
    // The first sample measures our own start.
    const after = this.isFirst ? before : nextState(before, judgedValue, { ...limits, at, worseAfter });
    this.memory.set(gauge, after);
    const { label, unit } = GAUGES[gauge];
    return { from: before.state, reading: { gauge, label, unit, value, state: after.state, ...limits } };
  }

  private thresholds(gauge: GaugeName): { warning: number; critical: number } {
    const [warning, critical] = String(this.options.config[gaugeSetting(gauge)]).split(",").map(Number);
    return { warning: warning!, critical: critical! };
  }
}

/** What was last reported about a gauge that all servers read. */
async function toldState(tx: Recording, gauge: GaugeName): Promise<HealthState> {
  for (const { data } of await latestActivity(tx, { type: "health.changed", limit: RECALLED })) {
    const told = JSON.parse(data) as EventData<"health.changed">;
    if (told.gauge === gauge && told.hostId === undefined) return told.to;
  }
  return "healthy";
}
