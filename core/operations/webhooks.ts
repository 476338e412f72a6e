/**
 * Delivers events to webhooks: addresses that the operator configured. Each reads the log by its own cursor: in order,
 * one request at a time, with retries until delivery succeeds. The receiver's response body is never shown.
 */

import * as z from "zod";
import type { EventLog, LogEntry, LoggedEvent } from "../events/event-log.ts";
import { activityOf, EVENT_NAMES, EVENTS } from "../events/events.ts";
import type { Privacy } from "../events/privacy.ts";
import { AppError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Logger } from "../platform/logger.ts";
import { lazily, type OutputOf } from "../platform/zod-setup.ts";
import type { Handle, Store } from "../store/database.ts";
import { holdDelivery, leaveDeliveries } from "../store/deliveries.ts";
import {
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  moveWebhook,
  type StoredWebhook,
  saveProgress,
} from "../store/webhooks.ts";
import { deliverInOrder, MAX_ATTEMPTS, waitFor } from "./alert-routes/ordered-delivery.ts";
import { post } from "./alert-routes/post.ts";
import type { Config } from "./config.ts";

const MAX_WEBHOOKS = 20;
const TIMEOUT_MS = 10_000;
/** Longer than an attempt takes: the server that holds a webhook may deliver until then. */
const HOLD_MS = 15_000;
const HOLD_EVERY_MS = 3000;
/** The ID of the webhook that WEBHOOK_URL names. */
const CONFIGURED = "environment";

const SECRET = lazily(() => z.string().min(16).max(200));

/** The body of `POST /api/webhooks`. */
export const WEBHOOK_REQUEST = lazily(() =>
  z.strictObject({
    url: z.string().max(2000).refine(isWebAddress, "must be an http or https address without a password"),
    types: z.array(z.enum(EVENT_NAMES)).max(EVENT_NAMES.length).default([]),
    secret: SECRET().optional(),
  }),
);

/** Only the web: no file, no other kind of socket; a password in an address would be stored and shown. */
export function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return (url?.protocol === "http:" || url?.protocol === "https:") && !url.username && !url.password;
}

export interface WebhookView {
  id: string;
  url: string;
  types: string[];
  /** The last event that was delivered, skipped or dropped. */
  cursor: number;
  delivered: number;
  givenUp: number;
  attempts: number;
  lastError: string | null;
  createdAt: string;
  /** Set by WEBHOOK_URL: unset that to delete it. */
  isLocked: boolean;
}

export interface WebhooksOptions {
  store: Store;
  log: EventLog;
  privacy: Pick<Privacy, "teamSees">;
  logger: Logger;
  now: () => number;
  /** This server among those on the same database: only one of them delivers. */
  workerId: string;
  /** The current WEBHOOK_URL, WEBHOOK_SECRET and WEBHOOK_TYPES; an empty address: none. */
  configured: Pick<Config, "WEBHOOK_URL" | "WEBHOOK_SECRET" | "WEBHOOK_TYPES">;
  /** Resolves after `ms`, or when the signal is aborted. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export class Webhooks {
  /** Since the start: failed deliveries, and events that were given up. */
  readonly failures = { failed: 0, given_up: 0 };
  private readonly serving = new Map<string, AbortController>();
  private timer: Timer | null = null;
  private looking: Promise<void> = Promise.resolve();

  constructor(private readonly options: WebhooksOptions) {}

  async start(): Promise<void> {
    await this.saveConfigured();
    await this.serveHeld();
    if (this.options.store.isShared) this.timer = setInterval(() => this.look(), HOLD_EVERY_MS);
  }

  private look(): void {
    this.looking = this.serveHeld().catch((error: unknown) => {
      // After its lease has run out, another server may have taken it.
      for (const id of [...this.serving.keys()]) this.endServing(id);
      this.options.logger.warn({ reason: String(error) }, "webhooks wait for the database");
    });
  }

  /** Delivers the webhooks that this server holds, and no others. */
  private async serveHeld(): Promise<void> {
    const { store, workerId: worker } = this.options;
    const webhooks = await listWebhooks(store);
    for (const id of [...this.serving.keys()])
      if (!webhooks.some((webhook) => webhook.id === id)) this.endServing(id);
    for (const { id } of webhooks) {
      const isHeld =
        !store.isShared || (await holdDelivery(store, "webhooks", { id, worker, holdMs: HOLD_MS }));
      if (!isHeld) this.endServing(id);
      // Read again: another server may have delivered until now.
      const webhook = isHeld && !this.serving.has(id) ? await findWebhook(store, id) : null;
      if (webhook) this.serve(webhook);
    }
  }

  private endServing(id: string): void {
    this.serving.get(id)?.abort();
    this.serving.delete(id);
  }

  /** Continues with the current settings. */
  async reconfigure(): Promise<void> {
    this.endServing(CONFIGURED);
    await this.saveConfigured();
    await this.serveHeld();
  }

  private async saveConfigured(): Promise<void> {
    const { store, configured } = this.options;
    const { WEBHOOK_URL: url, WEBHOOK_TYPES: types } = configured;
    const known = await findWebhook(store, CONFIGURED);
    if (!url) await deleteWebhook(store, CONFIGURED);
    else if (!known) await this.insert(store, CONFIGURED, { url, types });
    else await moveWebhook(store, { ...known, url, types });
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.looking;
    for (const abort of this.serving.values()) abort.abort();
    const { store, workerId, logger } = this.options;
    if (!store.isShared) return;
    await leaveDeliveries(store, "webhooks", workerId).catch((error: unknown) =>
      logger.warn({ reason: String(error) }, "webhooks could not be handed over to other servers"),
    );
  }

  async list(): Promise<WebhookView[]> {
    return (await listWebhooks(this.options.store)).map(viewOf);
  }

  /** Delivers to an address from now on. The secret is shown only once. Throws AppError `conflict` at the limit. */
  async create(request: OutputOf<typeof WEBHOOK_REQUEST>): Promise<WebhookView & { secret: string }> {
    const webhook = await this.options.store.transaction(async (tx) => {
      if ((await listWebhooks(tx)).length >= MAX_WEBHOOKS)
        throw new AppError("conflict", `The limit of ${MAX_WEBHOOKS} webhooks is reached`, {
          fix: "Delete one first.",
        });
      return this.insert(tx, newId(), request);
    });
    await this.serveHeld();
    return { ...viewOf(webhook), secret: webhook.secret };
  }

  /** Throws AppError: `missing`, or `conflict` for the one that the environment sets. */
  async delete(id: string): Promise<void> {
    if (id === CONFIGURED && (await findWebhook(this.options.store, id)))
      throw new AppError("conflict", "This webhook is set by WEBHOOK_URL", { fix: "Unset WEBHOOK_URL." });
    if (!(await deleteWebhook(this.options.store, id)))
      throw new AppError("missing", `Webhook ${id} does not exist`);
    this.endServing(id);
  }

  private async insert(
    store: Handle,
    id: string,
    request: { url: string; types: string[]; secret?: string },
  ): Promise<StoredWebhook> {
    const { log, now } = this.options;
    const secret = request.secret || `whsec_${crypto.getRandomValues(new Uint8Array(24)).toBase64()}`;
    await insertWebhook(store, {
      id,
      secret,
      url: request.url,
      types: request.types,
      cursor: log.lastSeq,
      createdAt: now(),
    });
    return (await findWebhook(store, id))!;
  }

  private serve(webhook: StoredWebhook): void {
    const abort = new AbortController();
    this.serving.get(webhook.id)?.abort();
    this.serving.set(webhook.id, abort);
    this.pull(webhook, abort.signal).catch((error: unknown) => {
      this.options.logger.error({ webhook: webhook.id, error: String(error) }, "a webhook stopped");
    });
  }

  private async pull(webhook: StoredWebhook, signal: AbortSignal): Promise<void> {
    const { store, log, logger, wait = waitFor } = this.options;
    const tried = ({ seq, type }: LogEntry, how: "taken" | "failed" | "given up") => {
      if (how === "failed") this.failures.failed += 1;
      if (how !== "given up") return;
      this.failures.given_up += 1;
      const { id: webhookId, url, lastError: reason } = webhook;
      logger.warn(
        { webhook: webhookId, host: new URL(url).host, seq, type, attempts: MAX_ATTEMPTS, reason },
        "a webhook gave up on an event",
      );
    };
    const receiver = {
      progress: webhook,
      // Webhooks leave the team's own pages: private items are not sent.
      isWanted: async (entry: LogEntry) =>
        isWanted(entry, webhook.types) && (await this.options.privacy.teamSees(entry)),
      deliver: (entry: LogEntry) => this.deliver(webhook, entry, signal),
      save: (progress: StoredWebhook) => saveProgress(store, progress),
      tried,
      wait,
    };
    await deliverInOrder(log, receiver, signal);
  }

  /** One that the environment sets is never stored. */
  private secretOf({ id, secret }: StoredWebhook): string {
    return (id === CONFIGURED && this.options.configured.WEBHOOK_SECRET) || secret;
  }

  /** Null: delivered. Otherwise the reason; never with the response's text. */
  private async deliver(
    webhook: StoredWebhook,
    entry: LogEntry,
    signal: AbortSignal,
  ): Promise<string | null> {
    const id = `${this.options.log.epoch}-${entry.seq}`;
    const timestamp = Math.floor(this.options.now() / 1000);
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signature(this.secretOf(webhook), `${id}.${timestamp}.${entry.json}`),
    };
    return post(webhook.url, { headers, body: entry.json, signal, timeoutMs: TIMEOUT_MS });
  }
}

/** As https://www.standardwebhooks.com defines it: HMAC-SHA256 over "id.timestamp.body", in base 64. */
function signature(secret: string, signed: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
  return `v1,${new Bun.CryptoHasher("sha256", key).update(signed).digest("base64")}`;
}

/** Without a choice: the types that appear in the activity feed. */
function isWanted({ type, json }: LogEntry, types: readonly string[]): boolean {
  if (types.length) return types.includes(type);
  return EVENTS[type].sentence !== null && activityOf(type, (JSON.parse(json) as LoggedEvent).data) !== null;
}

function viewOf({ secret: _, createdAt, ...webhook }: StoredWebhook): WebhookView {
  return { ...webhook, createdAt: new Date(createdAt).toISOString(), isLocked: webhook.id === CONFIGURED };
}
