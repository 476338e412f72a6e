/**
 * Reports to the other servers on the same database that this one is alive, and detects dead ones. All times are the
 * database's. A server only judges others if its own heartbeats came through as long; otherwise its own outage would
 * look like theirs.
 */
import { alertAction } from "../../events/alert-records.ts";
import type { Alerts } from "../../events/alerts.ts";
import type { EventLog, Recording } from "../../events/event-log.ts";
import { GAUGE_NAMES, gaugeOn } from "../../operations/gauges.ts";
import { CpuShare, memoryPercent } from "../../operations/machine/machine.ts";
import { DAY_MS } from "../../platform/figures.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Store } from "../../store/database.ts";
import {
  beat,
  claimVanished,
  forgetWorkers,
  type HostLoad,
  listWorkers,
  removeWorker,
  runsByWorker,
  type StoredWorker,
} from "../../store/workers.ts";

const BEAT_MS = 5000;
/** After this much silence a worker counts as dead, and others take over its runs. */
export const DEAD_MS = 20_000;

/** A server or worker; the ID stays the same after a restart on the same data folder. */
export type WorkerIdentity = Pick<StoredWorker, "id" | "host" | "role" | "version">;

/** A server or worker as /api/hosts shows it. */
export interface HostView extends WorkerIdentity, HostLoad {
  /** "vanished": silent for 20 s. */
  status: "alive" | "vanished";
  startedAt: string;
  lastBeatAt: string;
  /** The run that it trains now. */
  runs: { id: string; number: number }[];
}

export interface PresenceOptions {
  store: Store;
  log: EventLog;
  alerts: Pick<Alerts, "raise" | "resolve">;
  now: () => number;
  worker: WorkerIdentity;
  logger: Logger;
  /** Takes over what dead workers had; called after each heartbeat. */
  takeUp: (deadMs: number) => Promise<void>;
}

export class Presence {
  private timer: Timer | null = null;
  /** Since when every heartbeat came through; null: the last one failed. */
  private since: number | null = null;
  private lastBeat = 0;
  private beating: Promise<void> = Promise.resolve();
  private readonly cpu = new CpuShare();
  private readonly startedAt: number;

  constructor(private readonly options: PresenceOptions) {
    this.startedAt = options.now();
  }

  /** Nothing to do if nobody else uses the database. */
  async start(): Promise<void> {
    if (!this.options.store.isShared) return;
    await this.beat();
    await this.join();
    this.timer = setInterval(() => {
      this.beating = this.beat();
    }, BEAT_MS);
  }

  /** Whether the database accepted this process's last heartbeat. */
  get isCurrent(): boolean {
    return !this.options.store.isShared || this.since !== null;
  }

  /** Under which its gauges are stored; null: it is alone on the database. */
  get hostId(): string | null {
    return this.options.store.isShared ? this.options.worker.id : null;
  }

  /** Reports a proper shutdown: others need not wait for the timeout. */
  async stop(): Promise<void> {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    await this.beating;
    await this.leave().catch((error: unknown) =>
      this.options.logger.warn(
        { reason: String(error) },
        "the database was not told that this server shuts down",
      ),
    );
  }

  /** All of them, with their runs. */
  async hosts(): Promise<HostView[]> {
    const { store, worker, now } = this.options;
    const runs = await runsByWorker(store);
    const at = (moment: number) => new Date(moment).toISOString();
    if (!store.isShared) {
      const moment = { startedAt: at(this.startedAt), lastBeatAt: at(now()) };
      const all = runs.map(({ id, number }) => ({ id, number }));
      return [{ ...worker, ...(await this.load()), status: "alive", ...moment, runs: all }];
    }
    return (await listWorkers(store)).map(({ load, startedAt, beatAt, silentMs, ...host }) => ({
      ...host,
      ...{ cpuPercent: 0, memoryPercent: 0, ...(JSON.parse(load) as Partial<HostLoad>) },
      status: silentMs >= DEAD_MS ? ("vanished" as const) : ("alive" as const),
      startedAt: at(startedAt),
      lastBeatAt: at(beatAt),
      runs: runs.filter((run) => run.worker === host.id).map(({ id, number }) => ({ id, number })),
    }));
  }

  private async load(): Promise<HostLoad> {
    return { cpuPercent: this.cpu.take(), memoryPercent: memoryPercent() };
  }

  private async join(): Promise<void> {
    const { log, alerts, worker } = this.options;
    const { id: hostId, host, role, version } = worker;
    await log.record(async (tx) => {
      await tx.append("host.joined", { hostId, host, role, version });
      await alerts.resolve("host", hostId, tx);
    });
  }

  private async leave(): Promise<void> {
    const { log, worker } = this.options;
    const { id: hostId, host, role } = worker;
    await log.record(async (tx) => {
      await removeWorker(tx, hostId);
      await this.forgetGauges(hostId, tx);
      await tx.append("host.left", { hostId, host, role, cause: "stopped" });
    });
  }

  /** If several hosts notice it, one of them reports it. */
  private async claimVanished(): Promise<void> {
    const { store, log, alerts } = this.options;
    await log.record(async (tx) => {
      for (const { id: hostId, host, role } of await claimVanished(tx, DEAD_MS)) {
        await tx.append("host.left", { hostId, host, role, cause: "vanished" });
        await this.forgetGauges(hostId, tx);
        await alerts.raise(
          {
            code: "host",
            subject: hostId,
            severity: "warning",
            sentence: `The ${role} on ${host} stopped responding. Others take over its work.`,
            action: alertAction("host", hostId),
            cause: "host.left",
          },
          tx,
        );
      }
    });
    await forgetWorkers(store, DAY_MS);
  }

  /** Nobody measures that host any more: reports about its gauges are over. */
  private async forgetGauges(hostId: string, tx: Recording): Promise<void> {
    for (const gauge of GAUGE_NAMES.filter((name) => gaugeOn(hostId, name) !== name))
      await this.options.alerts.resolve("health", gaugeOn(hostId, gauge), tx);
  }

  private async beat(): Promise<void> {
    const { store, worker, logger, takeUp } = this.options;
    const now = performance.now();
    const silentMs = now - this.lastBeat;
    // A process that was suspended in between cannot claim that it had the database.
    if (now - this.lastBeat > 2 * BEAT_MS) this.since = null;
    this.lastBeat = now;
    try {
      await beat(store, { ...worker, load: JSON.stringify(await this.load()) });
      // Others may have reported it as vanished.
      if (this.timer && silentMs >= DEAD_MS) await this.join();
      this.since ??= now;
      if (performance.now() - this.since < DEAD_MS) return;
      await this.claimVanished();
      await takeUp(DEAD_MS);
    } catch (error) {
      this.since = null;
      logger.warn({ reason: String(error) }, "the database was not told that this server is alive");
    }
  }
}
