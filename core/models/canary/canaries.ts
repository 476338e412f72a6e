/**
 * Lets another version predict a share of a model's traffic. What both versions do is counted here and added up in the
 * database once a second, by every server; a canary that fails or is slow beyond its limits is ended in the same
 * transaction, and reported. Never changes a prediction.
 */
import * as z from "zod";
import { alertAction } from "../../events/alert-records.ts";
import type { Alerts } from "../../events/alerts.ts";
import type { EventLog, Recording } from "../../events/event-log.ts";
import type { Logger } from "../../platform/logger.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import {
  addCanaryCounts,
  type Canary,
  type CanaryCounts,
  canaryCounts,
  deleteCanary,
  findCanary,
  listCanaries,
  saveCanary,
} from "../../store/canaries.ts";
import type { Store } from "../../store/database.ts";
import { findModel } from "../../store/models.ts";
import { refuseChallenger, refuseDoubtful } from "../monitoring/challenger.ts";
import type { Models } from "../registry.ts";
import { reasonToGoBack } from "./judgement.ts";

const NAME = lazily(() => z.string().min(1).max(200));
const PERCENT = "is in percent, from 1 to 100: 10 sends one request in ten to the version";

/** What `PUT /api/models/:name/canary` takes. */
export const CANARY_REQUEST = lazily(() =>
  z
    .strictObject({
      version: z.int().min(1).nullable().describe("null ends it"),
      share: z
        .number()
        .min(1, PERCENT)
        .max(100, PERCENT)
        .default(10)
        .describe("percent of the traffic that the version answers"),
      column: NAME().optional().describe("rows with the same value in this column go to the same version"),
      header: NAME()
        .regex(/^[\w-]+$/, "must be the name of a header")
        .optional()
        .describe("requests with the same value of this header go to the same version"),
      maxErrors: z
        .number()
        .min(0)
        .max(100)
        .default(5)
        .describe("percent of its requests that may fail before the live version answers all of them again"),
      maxSlowdown: z
        .number()
        .min(1)
        .max(1000)
        .default(3)
        .describe("how many times as long as the live version it may take before it ends in the same way"),
      confirm: z
        .boolean()
        .default(false)
        .describe("true lets a version answer although it has findings of severity error"),
    })
    .refine(({ column, header }) => column === undefined || header === undefined, {
      message: "column and header cannot both be the key",
      path: ["header"],
    }),
);
export type CanaryRequest = OutputOf<typeof CANARY_REQUEST>;

/** What a version did since the canary began. */
export interface CanaryFigures {
  version: number;
  requests: number;
  predictions: number;
  errors: number;
  /** A request takes so long on average; null: none was timed yet. */
  msPerRequest: number | null;
}

export interface CanaryView {
  version: number;
  liveVersion: number;
  share: number;
  column: string | null;
  header: string | null;
  maxErrors: number;
  maxSlowdown: number;
  startedAt: string;
  /** The canary first. */
  versions: CanaryFigures[];
}

/** The result of one request, or of a part of it. */
export interface CanaryOutcome {
  version: number;
  predictions: number;
  seconds: number;
  failed: boolean;
}

export interface CanariesOptions {
  store: Store;
  log: EventLog;
  alerts: Alerts;
  models: Models;
  logger: Logger;
  now: () => number;
}

const FLUSH_MS = 1000;
const MOST_KNOWN = 1000;
/** A version's first requests in a process load it and make it fast: they are not timed. */
const WARM_UP = 5;
const NOTHING: CanaryCounts = {
  ...{ requests: 0, predictions: 0, errors: 0 },
  ...{ timedRequests: 0, timedPredictions: 0, seconds: 0 },
};

interface Gathered {
  canary: Canary;
  byVersion: Map<number, CanaryCounts>;
}

export class Canaries {
  /** Looked up since the last change to a model or a canary. */
  private known = new Map<string, Canary | null>();
  private gathered = new Map<string, Gathered>();
  /** By version of a canary: requests that were seen in this process. */
  private readonly warmed = new Map<string, number>();
  private timer: Timer | null = null;

  constructor(private readonly options: CanariesOptions) {
    options.log.hear((type) => {
      const isChange = type.startsWith("canary.") && type !== "canary.counted";
      if (isChange || type.startsWith("model.") || type === "deletion.undone") this.known = new Map();
    });
  }

  /** Without waiting: undefined if it was not looked up since the last change; null: the model has none. */
  peek(name: string): Canary | null | undefined {
    return this.known.get(name);
  }

  async of(name: string): Promise<Canary | null> {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    // Taken before the lookup: later changes are not included.
    const { known: before } = this;
    const found = await findCanary(this.options.store, name);
    // Also names that a stranger makes up.
    if (before.size >= MOST_KNOWN) before.clear();
    before.set(name, found);
    return found;
  }

  /**
   * Starts it, changes it, or with version null ends it. Throws AppError `missing`, or `conflict` if it cannot be
   * compared.
   */
  async set(name: string, asked: CanaryRequest): Promise<CanaryView | null> {
    if (asked.version === null) {
      await this.end(name);
      return null;
    }
    const { version, share, column, header, maxErrors, maxSlowdown } = asked;
    const { models, log, alerts, now } = this.options;
    await this.flush();
    await models.read(await models.findVersion(name, version));
    await log.record(async (tx) => {
      const { liveVersion } = await models.find(name, tx);
      const live = liveVersion === null ? null : await models.findVersion(name, liveVersion, tx);
      const canary = await models.findVersion(name, version, tx);
      refuseChallenger(canary, live);
      const before = await findCanary(tx, name);
      if (!asked.confirm && before?.version !== version) refuseDoubtful(canary);
      const key = column
        ? { kind: "column" as const, name: column }
        : header
          ? { kind: "header" as const, name: header }
          : null;
      const startedAt = before?.version === version ? before.startedAt : now();
      await saveCanary(tx, { name, version, share, key, maxErrors, maxSlowdown, startedAt });
      await tx.append(before?.version === version ? "canary.changed" : "canary.started", {
        model: name,
        version,
        share,
      });
      await alerts.resolve("canary", name, tx);
    });
    return this.view(name);
  }

  /** Throws AppError `missing` for the model; if it has no canary, nothing happens. */
  async end(name: string): Promise<void> {
    await this.options.models.find(name);
    await this.flush();
    await this.options.log.record(async (tx) => {
      const canary = await findCanary(tx, name);
      if (!canary) return;
      await deleteCanary(tx, name);
      await tx.append("canary.ended", { model: name, version: canary.version });
    });
  }

  /** Null: the model has none. */
  async view(name: string): Promise<CanaryView | null> {
    const { store } = this.options;
    await this.flush();
    const canary = await findCanary(store, name);
    const liveVersion = (await findModel(store, name))?.liveVersion ?? null;
    return canary && liveVersion !== null ? this.viewOf(canary, liveVersion) : null;
  }

  /** Of all models, for those who count. */
  async list(): Promise<(CanaryView & { model: string })[]> {
    const { store } = this.options;
    const views = (await listCanaries(store)).map(async ({ name }) => {
      const view = await this.view(name);
      return view && { model: name, ...view };
    });
    return (await Promise.all(views)).filter((view) => view !== null);
  }

  private async viewOf(canary: Canary, liveVersion: number): Promise<CanaryView> {
    const { version, share, key, maxErrors, maxSlowdown, startedAt } = canary;
    const counts = await canaryCounts(this.options.store, canary.name);
    return {
      ...{ version, liveVersion, share },
      column: key?.kind === "column" ? key.name : null,
      header: key?.kind === "header" ? key.name : null,
      ...{ maxErrors, maxSlowdown },
      startedAt: new Date(startedAt).toISOString(),
      versions: [version, liveVersion].map((of) => figuresOf(of, counts.get(of) ?? NOTHING)),
    };
  }

  /** Counts the result of a request during a canary. */
  note(canary: Canary, { version, predictions, seconds, failed }: CanaryOutcome): void {
    const gathered = this.gathered.get(canary.name);
    const isSame = gathered?.canary.startedAt === canary.startedAt;
    const entry = isSame ? gathered : { canary, byVersion: new Map<number, CanaryCounts>() };
    this.gathered.set(canary.name, entry);
    const counts = entry.byVersion.get(version) ?? { ...NOTHING };
    entry.byVersion.set(version, counts);
    counts.requests += 1;
    if (failed) counts.errors += 1;
    else {
      counts.predictions += predictions;
      if (this.isWarm(canary, version)) {
        counts.timedRequests += 1;
        counts.timedPredictions += predictions;
        counts.seconds += seconds;
      }
    }
    this.timer ??= setTimeout(() => this.flushOnTime(), FLUSH_MS);
  }

  private isWarm({ name, version, startedAt }: Canary, of: number): boolean {
    const key = `${name}:${version}:${startedAt}:${of}`;
    const seen = this.warmed.get(key) ?? 0;
    if (seen < WARM_UP) this.warmed.set(key, seen + 1);
    return seen >= WARM_UP;
  }

  private flushOnTime(): void {
    this.flush().catch((error: unknown) =>
      this.options.logger.error({ error: String(error) }, "what a canary did could not be written"),
    );
  }

  /** Writes what was counted, and ends a canary that is beyond its line. */
  async flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (!this.gathered.size) return;
    const { gathered } = this;
    this.gathered = new Map();
    await this.options.log.record(async (tx) => {
      for (const { canary, byVersion } of gathered.values()) await this.write(tx, canary, byVersion);
    });
  }

  private async write(
    tx: Recording,
    { name, startedAt }: Canary,
    byVersion: Gathered["byVersion"],
  ): Promise<void> {
    const canary = await findCanary(tx, name);
    // It was ended, or another was started.
    if (canary?.startedAt !== startedAt) return;
    for (const [version, counts] of byVersion) await addCanaryCounts(tx, { name, version }, counts);
    const totals = await canaryCounts(tx, name);
    const liveVersion = (await findModel(tx, name))!.liveVersion!;
    const reason = reasonToGoBack(canary, totals.get(canary.version), totals.get(liveVersion));
    if (reason !== null) await this.goBack(tx, canary, { liveVersion, reason });
    else await tx.append("canary.counted", { model: name, version: canary.version });
  }

  private async goBack(
    tx: Recording,
    { name, version, share }: Canary,
    { liveVersion, reason }: { liveVersion: number; reason: string },
  ): Promise<void> {
    await deleteCanary(tx, name);
    await tx.append("canary.rolledback", { model: name, version, share, liveVersion, reason });
    await this.options.alerts.raise(
      {
        ...{ code: "canary", subject: name, severity: "error", action: alertAction("canary", name) },
        sentence: `${name} version ${version} no longer answers a share of the traffic: ${reason}. Version ${liveVersion} answers all of it again.`,
        cause: "canary.rolledback",
      },
      tx,
    );
  }

  async stop(): Promise<void> {
    await this.flush();
  }
}

function figuresOf(
  version: number,
  { requests, predictions, errors, timedRequests, seconds }: CanaryCounts,
): CanaryFigures {
  const msPerRequest = timedRequests > 0 ? (1000 * seconds) / timedRequests : null;
  return { version, requests, predictions, errors, msPerRequest };
}
