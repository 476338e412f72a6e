/**
 * Sends alerts where people read them: by mail, Slack, Teams, Discord, ntfy or a webhook. Each route reads the log by
 * its own cursor, in order, and retries until delivery succeeds; or it collects alerts in a digest.
 */

import type { EventLog, LogEntry } from "../../events/event-log.ts";
import type { Privacy } from "../../events/privacy.ts";
import { AppError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { Logger } from "../../platform/logger.ts";
import {
  changeAlertRoute,
  claimDigest,
  deleteAlertRoute,
  endDigest,
  failDigest,
  findAlertRoute,
  insertAlertRoute,
  listAlertRoutes,
  type RouteProgress,
  type StoredAlertRoute,
  saveRouteProgress,
  sealAlertRoute,
} from "../../store/alert-routes.ts";
import type { Store } from "../../store/database.ts";
import { holdDelivery, leaveDeliveries } from "../../store/deliveries.ts";
import { eventCounts } from "../../store/log.ts";
import type { Sealer } from "../../store/sealed.ts";
import { digestAfter } from "./clock.ts";
import { COUNTED_EVENTS, type DigestFigures, digestLines } from "./digest.ts";
import type { Message } from "./messages.ts";
import { deliverInOrder, MAX_ATTEMPTS, waitFor } from "./ordered-delivery.ts";
import { hasUrgentLane, RouteDelivery } from "./route-delivery.ts";
import { type Mailer, send } from "./send.ts";
import { checkTarget, type RouteRequest, type RouteSpec, type RouteTarget, shownTarget } from "./spec.ts";

const MOST_ROUTES = 50;
const LOOK_MS = 20_000;
/** Longer than an attempt takes: the server that holds a route may deliver until then. */
const HOLD_MS = 20_000;
const HOLD_EVERY_MS = 3000;
const RETRY_MS = 300_000;

export interface AlertRouteView extends RouteSpec {
  id: string;
  name: string;
  enabled: boolean;
  /** The part of an address that may be shown. */
  to: string;
  delivered: number;
  givenUp: number;
  attempts: number;
  lastError: string | null;
  nextDigestAt: string | null;
  createdAt: string;
}

export interface AlertRoutesOptions {
  privacy: Pick<Privacy, "teamSees">;
  store: Store;
  log: EventLog;
  logger: Logger;
  sealer: Sealer;
  config: Mailer;
  /** The URL by which people reach this server. */
  home: () => string;
  figures: () => Promise<DigestFigures>;
  /** This server among those on the same database: only one of them delivers. */
  workerId: string;
  now: () => number;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export class AlertRoutes {
  /** By route, what ends its delivery, and the route's settings when that started. */
  private readonly serving = new Map<string, { abort: AbortController; as: string }>();
  private timer: Timer | null = null;
  private looking: Promise<void> = Promise.resolve();

  constructor(private readonly options: AlertRoutesOptions) {}

  async start(): Promise<void> {
    const { store, sealer } = this.options;
    for (const route of await listAlertRoutes(store)) {
      const { id, target } = route;
      if (sealer.isExposed(target))
        await sealAlertRoute(store, {
          id,
          target: sealer.seal(sealer.open(target, ownerOf(id)), ownerOf(id)),
        });
    }
    await this.serveHeld();
    this.timer = setInterval(
      () => {
        this.looking = this.look();
      },
      store.isShared ? HOLD_EVERY_MS : LOOK_MS,
    );
  }

  private async look(): Promise<void> {
    try {
      await this.serveHeld();
      await this.tick();
    } catch (error) {
      // After its lease has run out, another server may have taken it.
      for (const id of [...this.serving.keys()]) this.endServing(id);
      this.options.logger.warn({ reason: String(error) }, "alert routes wait for the database");
    }
  }

  /** Delivers the routes that this server holds now, and no others. */
  private async serveHeld(): Promise<void> {
    const { store, workerId: worker } = this.options;
    const routes = await listAlertRoutes(store);
    for (const id of [...this.serving.keys()])
      if (!routes.some((route) => route.id === id)) this.endServing(id);
    for (const { id, ...route } of routes) {
      const isHeld =
        !store.isShared || (await holdDelivery(store, "alert_routes", { id, worker, holdMs: HOLD_MS }));
      if (!isHeld) this.endServing(id);
      else if (this.serving.get(id)?.as !== nature(route)) {
        // Read again: another server may have delivered until now.
        const found = await findAlertRoute(store, id);
        if (found) this.serve(found);
      }
    }
  }

  private endServing(id: string): void {
    this.serving.get(id)?.abort.abort();
    this.serving.delete(id);
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.looking;
    for (const id of [...this.serving.keys()]) this.endServing(id);
    const { store, workerId, logger } = this.options;
    if (!store.isShared) return;
    await leaveDeliveries(store, "alert_routes", workerId).catch((error: unknown) =>
      logger.warn({ reason: String(error) }, "alert routes could not be handed over to other servers"),
    );
  }

  async list(): Promise<AlertRouteView[]> {
    return (await listAlertRoutes(this.options.store)).map(viewOf);
  }

  /** Throws AppError `missing`. */
  async find(id: string): Promise<AlertRouteView> {
    return viewOf(await this.stored(id));
  }

  private async stored(id: string): Promise<StoredAlertRoute> {
    const route = await findAlertRoute(this.options.store, id);
    if (!route)
      throw new AppError("missing", `Alert route ${id} does not exist`, {
        fix: "GET /api/alert-routes lists them.",
      });
    return route;
  }

  /** For alerts from now on. Throws AppError: `invalid`, `conflict`. */
  async create(request: RouteRequest): Promise<AlertRouteView> {
    const { store, log, now } = this.options;
    if ((await listAlertRoutes(store)).length >= MOST_ROUTES)
      throw new AppError("conflict", `The limit of ${MOST_ROUTES} alert routes is reached`, {
        fix: "Delete one first.",
      });
    const id = newId();
    await insertAlertRoute(store, {
      ...this.entryOf(id, request),
      cursor: log.lastSeq,
      urgentCursor: log.lastSeq,
      delivered: 0,
      givenUp: 0,
      attempts: 0,
      lastError: null,
      figures: null,
      figuresAt: now(),
      createdAt: now(),
    });
    await this.serveHeld();
    return this.find(id);
  }

  /** What is left out stays; alerts that waited for the old address are not sent to a new one. Throws AppError. */
  async change(id: string, patch: Partial<RouteRequest>): Promise<AlertRouteView> {
    const { store, log } = this.options;
    const route = await this.stored(id);
    const { name, isEnabled } = route;
    const old = {
      name,
      enabled: isEnabled === 1,
      ...(JSON.parse(route.spec) as RouteSpec),
      ...this.targetOf(route),
    };
    if (patch.channel !== undefined && patch.channel !== old.channel && patch.to === undefined)
      throw new AppError("invalid", "A new channel needs a new address", {
        column: "to",
        fix: "Send `to`.",
      });
    const entry = this.entryOf(id, { ...old, ...patch });
    const isMoved = patch.to !== undefined || patch.enabled === true;
    const { cursor, urgentCursor } = isMoved ? { cursor: log.lastSeq, urgentCursor: log.lastSeq } : route;
    await changeAlertRoute(store, { ...entry, cursor, urgentCursor });
    await this.serveHeld();
    return this.find(id);
  }

  private entryOf(id: string, { name, to, token, enabled = true, ...spec }: RouteRequest) {
    const { sealer, config, now } = this.options;
    checkTarget({ channel: spec.channel, to });
    if (spec.channel === "email" && !config.SMTP_URL)
      throw new AppError("conflict", "Mail cannot be sent, because SMTP_URL is not set", {
        fix: "Set SMTP_URL in the server's environment.",
        example: "SMTP_URL=smtp://user:password@mail.example.com:587",
      });
    // The path of a webhook's address is the key to it.
    if (spec.channel !== "email" || token) sealer.requireKey();
    return {
      id,
      name,
      spec: JSON.stringify(spec),
      target: sealer.seal({ to, ...(token && { token }) }, ownerOf(id)),
      shown: shownTarget({ channel: spec.channel, to }),
      isEnabled: enabled ? 1 : 0,
      digestAt: spec.digest ? digestAfter(spec.digest, now()) : null,
    };
  }

  /** Throws AppError `missing`. */
  async delete(id: string): Promise<void> {
    await this.stored(id);
    await deleteAlertRoute(this.options.store, id);
    this.endServing(id);
  }

  /** Sends a test message now. Throws AppError `unavailable` with the reason if delivery fails. */
  async test(id: string): Promise<void> {
    const route = await this.stored(id);
    const failure = await this.send(route, {
      title: "Test message from Signalbox",
      lines: [`Alerts of the route “${route.name}” will arrive here.`],
      severity: "info",
      url: this.options.home(),
      data: { kind: "test" },
    });
    if (failure === null) return;
    throw new AppError("unavailable", `The test message was not delivered: ${failure}`, {
      fix: "Check the address, and that this server can reach it.",
    });
  }

  private serve(route: StoredAlertRoute): void {
    this.endServing(route.id);
    const spec = JSON.parse(route.spec) as RouteSpec;
    const abort = new AbortController();
    this.serving.set(route.id, { abort, as: nature(route) });
    if (!route.isEnabled || spec.digest) return;
    this.follow({ route, spec, isUrgent: false }, abort.signal);
    if (hasUrgentLane(spec)) this.follow({ route, spec, isUrgent: true }, abort.signal);
  }

  /** Delivers the alerts of a lane until the signal is aborted. */
  private follow(
    { route, spec, isUrgent }: { route: StoredAlertRoute; spec: RouteSpec; isUrgent: boolean },
    signal: AbortSignal,
  ): void {
    const { log, store, logger, wait = waitFor } = this.options;
    const { id, attempts, lastError } = route;
    const cursor = isUrgent ? route.urgentCursor : route.cursor;
    const delivery = new RouteDelivery(route, spec, {
      ...this.options,
      wait,
      isUrgent,
      send: (message) => this.send(route, message),
    });
    const receiver = {
      progress: {
        id,
        isUrgent,
        cursor,
        attempts: isUrgent ? 0 : attempts,
        lastError,
        delivered: 0,
        givenUp: 0,
      },
      isWanted: async (entry: LogEntry) =>
        (entry.type === "alert.raised" || entry.type === "alert.resolved") &&
        (await this.options.privacy.teamSees(entry)),
      deliver: (entry: LogEntry) => delivery.deliver(entry, signal),
      save: async (progress: RouteProgress) => {
        await saveRouteProgress(store, progress);
        Object.assign(progress, { delivered: 0, givenUp: 0 });
      },
      tried: ({ seq }: LogEntry, how: string) => {
        if (how === "given up") logger.warn({ route: id, seq }, "an alert route gave up on an alert");
      },
      wait,
    };
    deliverInOrder(log, receiver, signal).catch((error: unknown) => {
      logger.error({ route: id, error: String(error) }, "an alert route stopped and is restarted");
      if (!signal.aborted) this.endServing(id);
    });
  }

  private send(route: StoredAlertRoute, message: Message): Promise<string | null> {
    const { channel } = JSON.parse(route.spec) as RouteSpec;
    const abort = this.serving.get(route.id)?.abort.signal ?? new AbortController().signal;
    try {
      const target = this.targetOf(route);
      return send({ channel, target, message }, { mailer: this.options.config, signal: abort });
    } catch (error) {
      if (error instanceof AppError) return Promise.resolve(error.message);
      throw error;
    }
  }

  private targetOf({ id, target }: StoredAlertRoute): RouteTarget {
    return this.options.sealer.open<RouteTarget>(target, ownerOf(id));
  }

  /** Sends the digests that are due. */
  async tick(): Promise<void> {
    const { store, now } = this.options;
    for (const route of await listAlertRoutes(store)) {
      const { digest } = JSON.parse(route.spec) as RouteSpec;
      if (!digest || !route.isEnabled || route.digestAt === null || route.digestAt > now()) continue;
      const { id, digestAt: dueAt } = route;
      if (await claimDigest(store, { id, dueAt, until: now() + RETRY_MS }))
        await this.sendDigest(route, digestAfter(digest, now()));
    }
  }

  private async sendDigest(route: StoredAlertRoute, nextAt: number): Promise<void> {
    const { store, figures, home, now } = this.options;
    const current = await figures();
    const before = route.figures ? (JSON.parse(route.figures) as DigestFigures) : null;
    const happened = await eventCounts(store, {
      types: COUNTED_EVENTS,
      since: route.figuresAt ?? route.createdAt,
    });
    const lines = digestLines(before, current, happened);
    const failure = await this.send(route, {
      title: `Signalbox digest: ${lines.length ? "what changed" : "nothing changed"}`,
      lines: lines.length ? lines : ["Nothing changed since the last digest."],
      severity: "info",
      url: home(),
      data: { kind: "digest", figures: current },
    });
    const { id } = route;
    if (failure === null) {
      await endDigest(store, { id, figures: JSON.stringify(current), at: now(), nextAt });
      return;
    }
    const isGivenUp = route.attempts + 1 >= MAX_ATTEMPTS;
    const retryAt = isGivenUp ? nextAt : now() + RETRY_MS;
    await failDigest(store, { id, error: failure, nextAt: retryAt, isGivenUp });
  }
}

/** The settings that its delivery depends on. */
function nature({ name, spec, target, isEnabled }: Omit<StoredAlertRoute, "id">): string {
  return JSON.stringify([name, spec, target, isEnabled]);
}

const ownerOf = (id: string) => `alert route ${id}`;

function viewOf(route: StoredAlertRoute): AlertRouteView {
  const { id, name, isEnabled, shown, delivered, givenUp, attempts, lastError, digestAt, createdAt } = route;
  return {
    id,
    name,
    enabled: isEnabled === 1,
    ...(JSON.parse(route.spec) as RouteSpec),
    to: shown,
    delivered,
    givenUp,
    attempts,
    lastError,
    nextDigestAt: digestAt === null ? null : new Date(digestAt).toISOString(),
    createdAt: new Date(createdAt).toISOString(),
  };
}
