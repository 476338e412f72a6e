/**
 * Sends alerts where people read them: by mail, Slack, Teams, Discord, ntfy or a webhook, each route from the log by its
 * own cursor, in order, tried again until it is taken; or gathers them in a digest.
 */
import { ALERTS, type AlertCode } from "../../events/alert-records.ts";
import type { EventLog, LogEntry, LoggedEvent } from "../../events/event-log.ts";
import type { EventData } from "../../events/events.ts";
import { AppError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { Logger } from "../../platform/logger.ts";
import {
  changeAlertRoute,
  claimDigest,
  deleteAlertRoute,
  endDigest,
  findAlertRoute,
  insertAlertRoute,
  listAlertRoutes,
  type StoredAlertRoute,
  saveRouteProgress,
  sealAlertRoute,
} from "../../store/alert-routes.ts";
import { findAlert } from "../../store/alerts.ts";
import type { Store } from "../../store/database.ts";
import { eventCounts } from "../../store/log.ts";
import { findRun } from "../../store/runs.ts";
import type { Sealer } from "../../store/sealed.ts";
import { digestAfter, quietFor } from "./clock.ts";
import { COUNTED_EVENTS, type DigestFigures, digestLines } from "./digest.ts";
import { deliverInOrder, MAX_ATTEMPTS, waitFor } from "./in-order.ts";
import type { Message } from "./messages.ts";
import { type Mailer, send } from "./send.ts";
import { checkTarget, type RouteRequest, type RouteSpec, type RouteTarget, shownTarget } from "./spec.ts";

const MOST_ROUTES = 50;
const LOOK_MS = 20_000;
const RETRY_MS = 300_000;
/** Told later than this, an alert must still stand. */
const FRESH_MS = 60_000;

export interface AlertRouteView extends RouteSpec {
  id: string;
  name: string;
  enabled: boolean;
  /** Of an address, what may be seen. */
  to: string;
  delivered: number;
  givenUp: number;
  attempts: number;
  lastError: string | null;
  nextDigestAt: string | null;
  createdAt: string;
}

export interface AlertRoutesOptions {
  store: Store;
  log: EventLog;
  logger: Logger;
  sealer: Sealer;
  config: Mailer;
  /** How people reach this server. */
  home: () => string;
  figures: () => Promise<DigestFigures>;
  now: () => number;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export class AlertRoutes {
  private readonly serving = new Map<string, AbortController>();
  private timer: Timer | null = null;

  constructor(private readonly options: AlertRoutesOptions) {}

  async start(): Promise<void> {
    const { store, sealer, logger } = this.options;
    for (const route of await listAlertRoutes(store)) {
      const { id, target } = route;
      if (sealer.isExposed(target))
        await sealAlertRoute(store, {
          id,
          target: sealer.seal(sealer.open(target, ownerOf(id)), ownerOf(id)),
        });
      this.serve((await findAlertRoute(store, id))!);
    }
    this.timer = setInterval(() => {
      this.tick().catch((error: unknown) =>
        logger.error({ error: String(error) }, "a digest could not be made"),
      );
    }, LOOK_MS);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    for (const abort of this.serving.values()) abort.abort();
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

  /** Alerts from now on. Throws AppError: `invalid`, `conflict`. */
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
      delivered: 0,
      givenUp: 0,
      attempts: 0,
      lastError: null,
      figures: null,
      figuresAt: now(),
      createdAt: now(),
    });
    const route = await this.stored(id);
    this.serve(route);
    return viewOf(route);
  }

  /** What is left out stays; what waited for the old address does not go to a new one. Throws AppError. */
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
      throw new AppError("invalid", "Another channel needs another address", {
        column: "to",
        fix: "Send `to`.",
      });
    const entry = this.entryOf(id, { ...old, ...patch });
    const isMoved = patch.to !== undefined || patch.enabled === true;
    await changeAlertRoute(store, { ...entry, cursor: isMoved ? log.lastSeq : route.cursor });
    const changed = await this.stored(id);
    this.serve(changed);
    return viewOf(changed);
  }

  private entryOf(id: string, { name, to, token, enabled = true, ...spec }: RouteRequest) {
    const { sealer, config, now } = this.options;
    checkTarget({ channel: spec.channel, to });
    if (spec.channel === "email" && !config.SMTP_URL)
      throw new AppError("conflict", "Mail cannot be sent, because SMTP_URL is not set", {
        fix: "Set SMTP_URL in the server's environment.",
        example: "SMTP_URL=smtp://user:password@mail.example.com:587",
      });
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
    this.serving.get(id)?.abort();
    this.serving.delete(id);
  }

  /** Sends a test message now. Throws AppError `unavailable` with the reason where it is not taken. */
  async test(id: string): Promise<void> {
    const route = await this.stored(id);
    const failure = await this.send(route, {
      title: "Test message from Signalbox",
      lines: [`Alerts of the route “${route.name}” arrive here.`],
      severity: "info",
      url: this.options.home(),
      data: { kind: "test" },
    });
    if (failure === null) return;
    throw new AppError("unavailable", `The test message was not delivered: ${failure}`, {
      fix: "Check the address, and that it can be reached from this server.",
    });
  }

  private serve(route: StoredAlertRoute): void {
    const { log, store, logger, wait = waitFor } = this.options;
    this.serving.get(route.id)?.abort();
    this.serving.delete(route.id);
    const spec = JSON.parse(route.spec) as RouteSpec;
    if (!route.isEnabled || spec.digest) return;
    const abort = new AbortController();
    this.serving.set(route.id, abort);
    const delivery = new RouteDelivery(route, spec, {
      ...this.options,
      wait,
      send: (message) => this.send(route, message),
    });
    const receiver = {
      progress: route,
      isWanted: ({ type }: LogEntry) => type === "alert.raised" || type === "alert.resolved",
      deliver: (entry: LogEntry) => delivery.deliver(entry, abort.signal),
      save: (progress: StoredAlertRoute) => saveRouteProgress(store, progress),
      tried: ({ seq }: LogEntry, how: string) => {
        if (how === "given up") logger.warn({ route: route.id, seq }, "an alert route gave up on an alert");
      },
      wait,
    };
    deliverInOrder(log, receiver, abort.signal).catch((error: unknown) =>
      logger.error({ route: route.id, error: String(error) }, "an alert route stopped"),
    );
  }

  private send(route: StoredAlertRoute, message: Message): Promise<string | null> {
    const { channel } = JSON.parse(route.spec) as RouteSpec;
    const abort = this.serving.get(route.id)?.signal ?? new AbortController().signal;
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
      const nextAt = digestAfter(digest, now());
      if (await claimDigest(store, { id: route.id, dueAt: route.digestAt, nextAt }))
        await this.sendDigest(route);
    }
  }

  private async sendDigest(route: StoredAlertRoute): Promise<void> {
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
    const isGivenUp = route.attempts + 1 >= MAX_ATTEMPTS;
    await endDigest(store, {
      id: route.id,
      figures: JSON.stringify(current),
      at: now(),
      error: failure,
      retryAt: failure === null || isGivenUp ? null : now() + RETRY_MS,
    });
  }
}

type Told = EventData<"alert.raised"> | EventData<"alert.resolved">;
interface DeliveryOptions extends Pick<AlertRoutesOptions, "store" | "home" | "now"> {
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  send: (message: Message) => Promise<string | null>;
}

/** One route's way of telling an alert: whether, when and how. */
class RouteDelivery {
  /** Alerts that were over before they were told: their end is not told either. */
  private readonly passedOver = new Set<string>();

  constructor(
    private readonly route: StoredAlertRoute,
    private readonly spec: RouteSpec,
    private readonly options: DeliveryOptions,
  ) {}

  /** Null: told, or not for this route. */
  async deliver(entry: LogEntry, signal: AbortSignal): Promise<string | null> {
    const { at, data } = JSON.parse(entry.json) as LoggedEvent;
    const alert = data as unknown as Told;
    const isOver = entry.type === "alert.resolved";
    if (isOver && (this.spec.resolved === false || this.passedOver.delete(alert.id))) return null;
    const model = await this.modelOf(alert);
    const severity = "severity" in alert ? alert.severity : await this.severityOf(alert);
    if (!this.isFor({ code: alert.code as AlertCode, severity, model })) return null;
    await this.waitWhileQuiet(severity, signal);
    if (signal.aborted) return null;
    if (!isOver && (await this.isPassed(alert, Date.parse(at)))) {
      this.passedOver.add(alert.id);
      return null;
    }
    return this.options.send(this.messageOf(alert, { isOver, severity, model }));
  }

  private isFor({
    code,
    severity,
    model,
  }: {
    code: AlertCode;
    severity: string;
    model: string | null;
  }): boolean {
    const { severities, kinds, models } = this.spec;
    if (severities?.length && !severities.some((wanted) => wanted === severity)) return false;
    if (kinds?.length && !kinds.includes(code)) return false;
    return !models?.length || (model !== null && models.includes(model));
  }

  private async waitWhileQuiet(severity: string, signal: AbortSignal): Promise<void> {
    const { quiet } = this.spec;
    if (!quiet || (quiet.exceptErrors && severity === "error")) return;
    for (;;) {
      const left = quietFor(quiet, this.options.now());
      if (left <= 0 || signal.aborted) return;
      await this.options.wait(left, signal);
    }
  }

  /** It ended while it waited. */
  private async isPassed({ code, subject }: Told, raisedAt: number): Promise<boolean> {
    if (this.options.now() - raisedAt < FRESH_MS) return false;
    const known = await findAlert(this.options.store, code as AlertCode, subject);
    return known === null || known.endedAt !== null;
  }

  private async severityOf({ code, subject }: Told): Promise<"warning" | "error"> {
    return (await findAlert(this.options.store, code as AlertCode, subject))?.severity ?? "warning";
  }

  private async modelOf({ code, subject }: Told): Promise<string | null> {
    const { subject: kind } = ALERTS[code as AlertCode] ?? {};
    if (kind === "model") return subject;
    return kind === "run" ? ((await findRun(this.options.store, subject))?.modelName ?? null) : null;
  }

  private messageOf(
    alert: Told,
    { isOver, severity, model }: { isOver: boolean; severity: "warning" | "error"; model: string | null },
  ): Message {
    const path = ALERTS[alert.code as AlertCode]?.path(alert.subject) ?? "/";
    const word = isOver ? "Resolved" : severity === "error" ? "Error" : "Warning";
    return {
      title: `${word}${model ? `: ${model}` : ""} (Signalbox)`,
      lines: [alert.sentence],
      severity: isOver ? "info" : severity,
      url: `${this.options.home()}${path}`,
      data: { kind: alert.code, subject: alert.subject, model, resolved: isOver, route: this.route.name },
    };
  }
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
