/**
 * Monitors deployed models: takes outcomes and scores each version on them. A prediction that was just made is written
 * before it is looked up.
 */

import { rm } from "node:fs/promises";
import type { Alerts } from "../../events/alerts.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { Config } from "../../operations/config.ts";
import { AppError } from "../../platform/errors.ts";
import { DAY_MS, figure } from "../../platform/figures.ts";
import type { Logger } from "../../platform/logger.ts";
import {
  comparedOutcomes,
  countChallengerAnswers,
  countLearnedOutcomes,
  deleteChallengerAnswers,
} from "../../store/challengers.ts";
import type { Store } from "../../store/database.ts";
import { deleteDriftDays, driftDays } from "../../store/drift.ts";
import { findModel, findVersion, type StoredVersion } from "../../store/models.ts";
import { countOutcomes, recentOutcomes } from "../../store/outcomes.ts";
import { addPoints, measuredOnce } from "../../store/points.ts";
import {
  deleteSomePredictions,
  listPredictions,
  type StoredPrediction,
  versionKey,
  versionKeysOf,
} from "../../store/predictions.ts";
import type { RunSummary } from "../../trainer/contract.ts";
import type { Model } from "../../trainer/model/model.ts";
import type { Actual } from "../rows/outcome-reader.ts";
import { checkChallenger, checkDrift, checkOutcomes } from "./alert-rules.ts";
import type { Challenger } from "./challenger.ts";
import { type ChallengerView, comparedFigures, comparisonSentence, overall } from "./comparison.ts";
import { type DriftView, driftView, LEAST_PREDICTIONS } from "./drift/drift.ts";
import { addCounts, type DriftCounts, noCounts } from "./drift/drift-counts.ts";
import type { References } from "./drift/references.ts";
import { LEAST_OUTCOMES, type LiveView, measureLive } from "./live-metrics.ts";
import type { ModelSeries } from "./model-counters.ts";
import { learnedPredictions, OutcomeReport, type Told } from "./outcomes.ts";
import { type ReportedRows, reportCsv } from "./outcomes-csv.ts";
import type { PredictionLog } from "./prediction-log.ts";

export interface MonitorOptions {
  store: Store;
  log: EventLog;
  config: Config;
  alerts: Alerts;
  logger: Logger;
  references: References;
  /** Returns a version's model, loading it if necessary. */
  load: (version: StoredVersion) => Promise<Model>;
  challenger: Challenger;
  traffic: PredictionLog;
  now: () => number;
}

/** Older outcomes say little about today, and a page must not wait for a million of them. */
const MEASURED = 2000;
const TELL_MS = 250;
/** How often drift is checked. */
const LOOK_MS = 60_000;
const ROWS_AT_ONCE = 2000;
/** Periods for drift, in days: the first with enough predictions is used. */
const WINDOWS = [2, 7, 30];

export class Monitor {
  private readonly views = new Map<string, LiveView>();
  private readonly comparisons = new Map<string, Omit<ChallengerView, "answered" | "skipped" | "msPerRow">>();
  private readonly lookedAt = new Map<string, number>();
  private readonly told = new Map<string, { model: string; version: number; outcomes: number }>();
  private timer: Timer | null = null;
  /** How many times outcomes were reported: earlier measurements are outdated. */
  private announced: Promise<void> = Promise.resolve();
  private timesCounted = 0;

  constructor(private readonly options: MonitorOptions) {
    options.log.hear((type, data, isOurs) => {
      if (type === "outcome.counted" && !isOurs) this.drop(`${data.model}:${data.version}`);
    });
    options.traffic.subscribe((name, version) => {
      this.lookForDrift(name, version).catch((error: unknown) => this.warn(error));
    });
  }

  /** Predictions of each model since the start. */
  counters(): ModelSeries[] {
    return this.options.traffic.counters.list();
  }

  async stop(): Promise<void> {
    await this.announce();
  }

  /** Writes the predictions that are not stored yet. */
  async flush(): Promise<void> {
    await this.options.traffic.flush();
  }

  /** Throws AppError: `missing` for an ID that is not stored, `invalid` for a value that the target cannot have. */
  async tell(id: string, actual: Actual): Promise<Told> {
    await this.options.traffic.settle();
    const reader = this.reader();
    const learned = (await learnedPredictions(this.options, [id])).has(id);
    const told = await this.options.store.transaction((tx) => reader.tell(tx, { id, actual, learned }));
    this.count([told]);
    return told;
  }

  /** A CSV of outcomes; the file is removed. Throws AppError if none of its rows is valid. */
  async tellFile(path: string): Promise<ReportedRows> {
    const { store, traffic } = this.options;
    await traffic.settle();
    const reader = this.reader();
    let isSettled = false;
    try {
      return await reportCsv(path, async (rows, each) => {
        const ids = rows.map(({ id }) => id);
        const learned = await learnedPredictions(this.options, ids);
        const told = await store.transaction(async (tx) => {
          if (!isSettled) await reader.settle(tx, rows);
          isSettled = true;
          const answers: (Told | AppError)[] = [];
          for (const row of rows)
            answers.push(await orRefusal(() => reader.tell(tx, { ...row, learned: learned.has(row.id) })));
          return answers;
        });
        told.forEach(each);
        this.count(told.filter((answer): answer is Told => !(answer instanceof AppError)));
      });
    } finally {
      await rm(path, { force: true });
    }
  }

  private reader(): OutcomeReport {
    const { now } = this.options;
    return new OutcomeReport({ now, keeps: () => this.keeps() });
  }

  private keeps(): string {
    const { PREDICTION_LOG: log, PREDICTION_LOG_DAYS: days, PREDICTION_SAMPLE: share } = this.options.config;
    if (log === "off")
      return "PREDICTION_LOG is off, so no predictions are stored: set it to full or sampled.";
    const kept = `Predictions are stored for ${days} days, and are deleted with their model or its dataset`;
    if (log === "full") return `${kept}.`;
    return `${kept}. Only ${figure(100 * share)} % are stored, not those returned with "logged":false.`;
  }

  private count(told: Told[]): void {
    for (const { model, version, status } of told) {
      if (status === "unchanged") continue;
      const key = `${model}:${version}`;
      this.drop(key);
      const entry = this.told.get(key) ?? { model, version, outcomes: 0 };
      entry.outcomes += 1;
      this.told.set(key, entry);
    }
    if (this.told.size) this.timer ??= setTimeout(() => this.announceOnTime(), TELL_MS);
  }

  /** Parts of a measurement from before an outcome was reported. */
  private drop(key: string): void {
    this.views.delete(key);
    this.comparisons.clear();
    this.timesCounted += 1;
  }

  private announceOnTime(): void {
    this.announce().catch((error: unknown) => this.warn(error));
  }

  private warn(error: unknown): void {
    this.options.logger.error({ error: String(error) }, "the number of outcomes could not be recorded");
  }

  /** One after the other: who waits for the last has waited for all. Each reports its own error. */
  private announce(): Promise<void> {
    const next = () => this.announceTold();
    this.announced = this.announced.then(next, next);
    return this.announced;
  }

  /** One event per version, however many outcomes were reported. */
  private async announceTold(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    // Outcomes reported from now on belong to the next event.
    const told = [...this.told.values()];
    this.told.clear();
    if (!told.length) return;
    await this.options.log.record(async (tx) => {
      for (const counted of told) await tx.append("outcome.counted", counted);
    });
    for (const { model, version } of told) await this.lookAtOutcomes(model, version);
  }

  /** Of the live version only: other versions raise no alerts. */
  private async lookAtOutcomes(name: string, version: number): Promise<void> {
    const { store, alerts, now } = this.options;
    const model = await findModel(store, name);
    const stored = model?.liveVersion === version ? await findVersion(store, name, version) : null;
    if (!stored) return;
    const view = await this.live(name, version, stored.result);
    const { metric } = stored.result;
    const figure = view.figures.find((entry) => entry.metric === metric);
    this.options.traffic.counters.scored(name, figure ? { metric, value: figure.value } : null);
    if (figure) await addPoints(store, now(), [measuredOnce(`score.${metric}`, name, figure.value)]);
    await checkOutcomes(alerts, stored, view);
    await checkChallenger(alerts, name, await this.challenge(name));
  }

  private async lookForDrift(name: string, version: number): Promise<void> {
    const { store, alerts, now } = this.options;
    const key = `${name}:${version}`;
    if (now() - (this.lookedAt.get(key) ?? 0) < LOOK_MS) return;
    const before = this.lookedAt.get(key);
    this.lookedAt.set(key, now());
    if ((await findModel(store, name))?.liveVersion !== version) {
      if (before === undefined) this.lookedAt.delete(key);
      else this.lookedAt.set(key, before);
      return;
    }
    const drift = await this.drift(name, version);
    const psi = drift?.columns[0]?.psi ?? null;
    this.options.traffic.counters.drifted(name, psi);
    if (psi !== null) await addPoints(store, now(), [measuredOnce("drift", name, psi)]);
    await checkDrift(alerts, { name, version }, drift);
  }

  /** Measured again only after an outcome was reported. */
  async live(name: string, version: number, result: RunSummary): Promise<LiveView> {
    const key = `${name}:${version}`;
    let view = this.views.get(key);
    if (!view) {
      const { store } = this.options;
      const { timesCounted } = this;
      const id = (await versionKey(store, name, version)) ?? -1;
      const outcomes = await recentOutcomes(store, id, MEASURED);
      const { all, learned } = await countOutcomes(store, id);
      const figures = measureLive(result, outcomes);
      view = { outcomes: all, learned, measured: outcomes.length, needed: LEAST_OUTCOMES, figures };
      // An outcome that was reported meanwhile is not included.
      if (this.timesCounted === timesCounted) this.views.set(key, view);
    }
    return view;
  }

  /** Null if the live version has no challenger. Compared again only after an outcome was reported. */
  async challenge(name: string): Promise<ChallengerView | null> {
    const { store, challenger } = this.options;
    const { liveVersion = null, challengerVersion = null } = (await findModel(store, name)) ?? {};
    if (liveVersion === null || challengerVersion === null) return null;
    const version = (await findVersion(store, name, challengerVersion))!;
    const about = { skipped: challenger.skippedBy(version), msPerRow: challenger.msPerRow(version) };
    const answered = await countChallengerAnswers(store, (await versionKey(store, name, challengerVersion))!);
    return {
      ...(await this.compare((await findVersion(store, name, liveVersion))!, version)),
      ...about,
      answered,
    };
  }

  private async compare(live: StoredVersion, challenger: StoredVersion) {
    const { store } = this.options;
    const key = `${live.name}:${live.version}:${challenger.version}`;
    const known = this.comparisons.get(key);
    if (known) return known;
    const { timesCounted } = this;
    const keyOf = async ({ name, version }: StoredVersion) => (await versionKey(store, name, version))!;
    const ids = { liveId: await keyOf(live), challengerId: await keyOf(challenger) };
    const pairs = await comparedOutcomes(store, { ...ids, limit: MEASURED });
    const figures = comparedFigures({ live: live.result, challenger: challenger.result }, pairs);
    const verdict = overall(figures, live.result.metric);
    const learned = await countLearnedOutcomes(store, ids);
    const about = {
      ...{ version: challenger.version, liveVersion: live.version, compared: pairs.length },
      ...{ learned, figures },
    };
    const sentence = comparisonSentence(verdict, about);
    const comparison = { ...about, needed: LEAST_OUTCOMES, verdict, sentence };
    if (this.timesCounted === timesCounted) this.comparisons.set(key, comparison);
    return comparison;
  }

  /**
   * Since yesterday; if that is too few, within a week or a month. Null if the version has no reference of its training
   * data.
   */
  async drift(name: string, version: number): Promise<DriftView | null> {
    const { store, references, now } = this.options;
    const reference = await references.of({ name, version });
    if (!reference) return null;
    const today = Math.floor(now() / DAY_MS);
    const versionId = (await versionKey(store, name, version)) ?? -1;
    const stored = await driftDays<DriftCounts>(store, { versionId, day: today - WINDOWS.at(-1)! + 1 });
    const counts = noCounts(reference);
    let days = 0;
    for (const window of WINDOWS) {
      const added = stored.filter(({ day }) => day > today - window && day <= today - days);
      for (const entry of added) addCounts(counts, entry.counts);
      days = window;
      if (counts.rows >= LEAST_PREDICTIONS) break;
    }
    return driftView(reference, counts, days);
  }

  /** A model's logged predictions, newest first. */
  async predictions(model: string, before: number, limit: number) {
    await this.options.traffic.flush();
    const rows = await listPredictions(this.options.store, { model, before, limit });
    return { items: rows.map(viewOf), next: rows.length === limit ? rows.at(-1)!.position : null };
  }

  /** Predicted rows may be copies of the file's rows: they and their outcomes are deleted with it. */
  async forgetDataset(datasetId: string): Promise<void> {
    const { store, traffic } = this.options;
    await traffic.settle();
    for (const id of await versionKeysOf(store, datasetId)) await this.forget(id);
  }

  /** A new version may have the name and number of a deleted one. */
  keepVersion(name: string, version: number): void {
    this.options.traffic.keepAgain({ name, version });
  }

  async forgetVersion(name: string, version: number): Promise<() => void> {
    const { store, traffic } = this.options;
    const takeBack = traffic.withhold({ name, version });
    try {
      await traffic.settle();
      await this.forget((await versionKey(store, name, version)) ?? -1);
      return takeBack;
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /** A few rows at a time, because everything else waits while the database deletes. */
  private async forget(versionId: number): Promise<void> {
    const { store } = this.options;
    while (
      (await deleteSomePredictions(store, versionId, ROWS_AT_ONCE)) +
        (await deleteChallengerAnswers(store, versionId, ROWS_AT_ONCE)) >
      0
    ) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await deleteDriftDays(store, versionId);
    this.timesCounted += 1;
    this.views.clear();
    this.comparisons.clear();
  }
}

async function orRefusal(tell: () => Promise<Told>): Promise<Told | AppError> {
  try {
    return await tell();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function viewOf({ id, model, version, at, row, answer, actual }: StoredPrediction & { position: number }) {
  const made = { id, model, version, at: new Date(at).toISOString(), row, ...answer };
  return { ...made, ...(actual !== null && { actual }) };
}
