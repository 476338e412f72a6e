/** Opens the parts of the server in order, and closes them in reverse. */
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import { Datasets } from "../datasets/datasets.ts";
import { Sources } from "../datasets/sources/sources.ts";
import { Alerts } from "../events/alerts.ts";
import { EventLog } from "../events/event-log.ts";
import { Privacy, TEAM_VISIBLE } from "../events/privacy.ts";
import type { ProxyNotice } from "../http/forwarded.ts";
import { Idempotency } from "../http/idempotency.ts";
import { Audit } from "../http/identity/audit.ts";
import { embedSecretOf } from "../http/identity/embeds/embeds.ts";
import { SignIns } from "../http/identity/providers/sign-ins.ts";
import { Sessions } from "../http/identity/sessions.ts";
import { Tokens } from "../http/identity/tokens.ts";
import { Canaries } from "../models/canary/canaries.ts";
import { SplitServing } from "../models/canary/split-serving.ts";
import { ModelCache } from "../models/model-cache.ts";
import { Challenger } from "../models/monitoring/challenger.ts";
import { References } from "../models/monitoring/drift/references.ts";
import { Monitor } from "../models/monitoring/monitor.ts";
import { PredictionLog } from "../models/monitoring/prediction-log.ts";
import { Models } from "../models/registry.ts";
import { Schedules } from "../models/schedules/schedules.ts";
import { Serving } from "../models/serving.ts";
import { AlertRoutes } from "../operations/alert-routes/alert-routes.ts";
import { adoptRestored, sweepStages } from "../operations/backup/restore.ts";
import type { Config } from "../operations/config.ts";
import { Health } from "../operations/health.ts";
import { Settings } from "../operations/settings.ts";
import { Webhooks } from "../operations/webhooks.ts";
import { diskFailure } from "../platform/disk.ts";
import { DiskReserve } from "../platform/disk-reserve.ts";
import { AppError } from "../platform/errors.ts";
import { Leases } from "../platform/leases.ts";
import { type Logger, openLogger } from "../platform/logger.ts";
import { refuseUnfinished } from "../store/copying/copy-tables.ts";
import type { Store } from "../store/database.ts";
import type { SharedStorage } from "../store/files/shared-storage.ts";
import type { FileStorage } from "../store/files/storage.ts";
import { queueWaitSeconds } from "../store/runs.ts";
import { ScopedStore } from "../store/scoped-store.ts";
import { Sealer } from "../store/sealed.ts";
import { Presence } from "../training/queue/presence.ts";
import { Runs } from "../training/runs.ts";
import { logEvents } from "./event-lines.ts";
import { holdFolder } from "./folder-lock.ts";
import { Annotations } from "./organise/annotations.ts";
import { Deletions } from "./organise/deletions.ts";
import { SavedFilters } from "./organise/saved-filters.ts";
import { makePrivateFolder } from "./private-folder.ts";
import { startPurging } from "./purge.ts";
import { startRetention } from "./retention.ts";
import { checkClock } from "./start/check-clock.ts";
import { checkSecretKey } from "./start/check-secret-key.ts";
import { openFiles } from "./start/open-files.ts";
import { openStore } from "./start/open-store.ts";
import { type Role, workerIdentity } from "./start/worker-identity.ts";

/** A shorter token can be guessed even when attempts are slowed down. */
const SHORTEST_TOKEN = 16;

export interface Signalbox {
  config: Config;
  logger: Logger;
  store: Store;
  log: EventLog;
  privacy: Privacy;
  alerts: Alerts;
  datasets: Datasets;
  sources: Sources;
  models: Models;
  runs: Runs;
  deletions: Deletions;
  annotations: Annotations;
  savedFilters: SavedFilters;
  serving: Serving;
  canaries: Canaries;
  /** Predictions that name no version. */
  splitServing: SplitServing;
  schedules: Schedules;
  feedback: Monitor;
  challenger: Challenger;
  health: Health;
  presence: Presence;
  files: FileStorage;
  webhooks: Webhooks;
  alertRoutes: AlertRoutes;
  settings: Settings;
  tokens: Tokens;
  signIns: SignIns;
  sessions: Sessions;
  holds: Leases;
  audit: Audit;
  idempotency: Idempotency;
  proxyNotice: ProxyNotice;
  /** Signs the links of embedded panels. */
  embedSecret: string;
  now: () => number;
  close: () => Promise<void>;
}

/** Throws AppError if the folder is held by another process or the database cannot be opened. */
export async function openSignalbox(
  config: Config,
  now: () => number = Date.now,
  role: Role = "server",
): Promise<Signalbox> {
  const folder = resolve(config.DATA_DIR);
  const logger = openLogger(config.LOG_LEVEL);
  const open = makePrivateFolder(folder);
  if (open) logger.warn({ reason: open }, "the data folder could not be made private");
  const release = holdFolder(folder);
  sweepStages(folder);
  const kept = adoptRestored(folder, now());
  if (kept) logger.warn({ kept }, "a backup was restored; the previous data is kept");
  const store = await openStore({ config, folder, role, logger });
  await refuseUnfinished(store);
  if (store.isShared) await checkClock(store, logger);
  const files = await openFiles(config, folder);
  const log = await EventLog.open(store, now);
  const endFollowing = log.followOthers((error) =>
    logger.error({ error: String((error as Error).stack ?? error) }, "the log could not be followed"),
  );
  const privacy = await Privacy.open(store, log, (error) =>
    logger.error({ error: String(error) }, "what is private could not be read yet"),
  );
  const worker = workerIdentity(folder, role);
  const endLines = logEvents(log, { logger, now });
  const alerts = new Alerts({ store, log, logger, now });
  const settings = await Settings.open({ config, store, log, logger });
  const holds = new Leases(now);
  const tokens = await Tokens.open({ store, log, config, holds, now });
  const signIns = new SignIns({ store, log, config, holds, logger, now });
  const sessions = new Sessions({ store, log, holds, tokens, signIns, now });
  const audit = new Audit({ store, logger, now });
  if (config.ADMIN_TOKEN && config.ADMIN_TOKEN.length < SHORTEST_TOKEN)
    logger.warn({ characters: config.ADMIN_TOKEN.length }, "ADMIN_TOKEN is short enough to be guessed");
  const embedSecret = await embedSecretOf(config.EMBED_SECRET, store);
  const memoryBytes = memoryFor(config);
  const diskReserve = new DiskReserve(folder);
  const models = new Models({
    store,
    log,
    alerts,
    forget: (name, version) => feedback.forgetVersion(name, version),
    keep: (name, version) => feedback.keepVersion(name, version),
    files,
    folder: join(folder, "models"),
    now,
  });
  const cache = new ModelCache(models);
  const references = new References(store);
  const load = cache.load.bind(cache);
  const challenger = new Challenger({ store, load, logger });
  const traffic = new PredictionLog({ store, log, logger, config, references, challenger, now });
  const feedback = new Monitor({
    ...{ store, log, logger, alerts, config, references, load, challenger, traffic, now },
  });
  const datasets = new Datasets({
    store,
    log,
    logger,
    forget: (datasetId) => feedback.forgetDataset(datasetId),
    files,
    folder: join(folder, "datasets"),
    workerId: worker.id,
    readsHere: config.TRAIN_CONCURRENCY > 0,
    runsFolder: join(folder, "runs"),
    maxBytes: config.MAX_UPLOAD_MB * 1e6,
    readMs: config.READ_SECONDS * 1000,
    memoryBytes,
    now,
  });
  const sealer = new Sealer(config.SECRET_KEY, store);
  if (store.isShared && role === "server") await checkSecretKey(store, sealer, { own: worker.id, logger });
  const sources = new Sources({
    store,
    log,
    alerts,
    logger,
    datasets,
    files,
    sealer,
    workerId: worker.id,
    config,
    folder: join(folder, "datasets"),
    maxBytes: config.MAX_UPLOAD_MB * 1e6,
    memoryBytes,
    now,
  });
  const runs = new Runs({
    store,
    log,
    alerts,
    logger,
    datasets,
    models,
    files,
    folder: join(folder, "runs"),
    budgetSeconds: config.TRAIN_BUDGET_SECONDS,
    concurrency: config.TRAIN_CONCURRENCY,
    resumes: config.RESUME,
    memoryBytes,
    worker,
    now,
  });
  const parts = { store, log, logger, alerts, datasets, runs, models, now };
  const deletions = new Deletions({ ...parts, diskReserve });
  const serving = new Serving(cache, references, traffic);
  const canaries = new Canaries({ store, log, alerts, models, logger, now });
  const splitServing = new SplitServing(models, serving, canaries, logger);
  const home = () => `${config.PUBLIC_URL || `http://${config.HOST}:${config.PORT}`}${config.BASE_PATH}`;
  const schedules = new Schedules({
    store,
    log,
    alerts,
    logger,
    sealer,
    sources,
    datasets,
    runs,
    models,
    cache,
    serving,
    feedback,
    files,
    folder: join(folder, "scores"),
    home,
    now,
  });
  const health = new Health({
    ...{ config, store, log, alerts, logger, now },
    queueLength: () => runs.queueLength(),
    queueWaitSeconds: () => queueWaitSeconds(store, now()),
    host: store.isShared ? worker : null,
  });
  const alertRoutes = new AlertRoutes({
    store,
    log,
    privacy,
    logger,
    sealer,
    config,
    home,
    figures: async () => {
      const { digestFigures } = await import("../models/schedules/digest-figures.ts");
      const seen = new ScopedStore(store, null, () => privacy.isEmpty);
      const active = async () =>
        (await alerts.active()).filter((alert) => privacy.seesAlert(TEAM_VISIBLE, alert));
      return digestFigures({ store: seen, feedback, alerts: { active } });
    },
    workerId: worker.id,
    now,
  });
  const webhooks = new Webhooks({
    store,
    log,
    privacy,
    logger,
    now,
    workerId: worker.id,
    configured: config,
  });
  const presence = new Presence({
    ...{ store, log, alerts, worker, logger, now },
    takeUp: async (deadMs) => {
      await datasets.takeUp(deadMs);
      await sources.takeUp(deadMs);
      await runs.takeUp(deadMs);
    },
  });
  try {
    await models.start();
    // First: a process that takes work must be known to be alive.
    await presence.start();
    await datasets.start();
    await runs.start();
    // A worker leaves out tasks that run once for all hosts, and those that only a server needs.
    const more =
      role === "server" ? [sources, alerts, schedules, health, webhooks, alertRoutes, deletions] : [];
    for (const part of more) await part.start();
  } catch (error) {
    throw diskFailure(error) ?? (error instanceof AppError ? error : unusable(error, logger));
  }
  settings.subscribe(async (names) => {
    if (names.some((name) => name.startsWith("WEBHOOK_"))) await webhooks.reconfigure();
  });
  const endPurging = startPurging({ store, logger });
  const endRetention =
    role === "server" ? startRetention({ store, logger, config, diskReserve, now }) : () => {};
  const endUpkeep = files.isShared
    ? (await import("./upkeep.ts")).startUpkeep({ store, logger, now, files: files as SharedStorage })
    : () => {};
  // Another server deployed it: its first prediction here should not wait for the file.
  if (files.isShared)
    log.hear((type, data, isOurs) => {
      if (isOurs || role === "worker" || (type !== "model.deployed" && type !== "model.rolledback")) return;
      preload(data as { model: string; version: number });
    });
  const preload = ({ model, version }: { model: string; version: number }) => {
    models
      .serving(model, version)
      .then((found) => cache.load(found))
      .catch((error: unknown) =>
        logger.warn({ model, version, reason: String(error) }, "a model could not be loaded in advance"),
      );
  };
  const close = async () => {
    endUpkeep();
    endRetention();
    await deletions.stop();
    await endPurging();
    endLines();
    holds.stop();
    await webhooks.stop();
    await alertRoutes.stop();
    health.stop();
    alerts.stop();
    await schedules.stop();
    await runs.stop();
    sources.stop();
    datasets.stop();
    await canaries.stop();
    await serving.stop();
    await feedback.stop();
    await presence.stop();
    endFollowing();
    privacy.stop();
    await store.close();
    release();
  };
  return {
    config,
    logger,
    store,
    log,
    privacy,
    alerts,
    datasets,
    sources,
    models,
    runs,
    deletions,
    savedFilters: new SavedFilters({ store, now }),
    annotations: new Annotations({ ...parts, feedback }),
    serving,
    canaries,
    splitServing,
    schedules,
    feedback,
    challenger,
    health,
    presence,
    files,
    webhooks,
    alertRoutes,
    settings,
    tokens,
    signIns,
    sessions,
    holds,
    audit,
    idempotency: new Idempotency({ store, now }),
    proxyNotice: { sentence: null },
    embedSecret,
    now,
    close,
  };
}

/** Names the damaged database; the log has the details. */
function unusable(error: unknown, logger: Logger): AppError {
  logger.error({ error: String((error as Error).stack ?? error) }, "stored data could not be loaded");
  return new AppError("unavailable", `The data in DATA_DIR cannot be used: ${(error as Error).message}`, {
    fix: "Nothing was changed. `signalbox check` verifies the database. Restore a backup, or choose another DATA_DIR.",
  });
}

function memoryFor(config: Config): number {
  if (config.TRAIN_MEMORY_MB > 0) return config.TRAIN_MEMORY_MB * 1e6;
  const constrained = process.constrainedMemory();
  return 0.75 * (constrained > 0 ? Math.min(constrained, totalmem()) : totalmem());
}
