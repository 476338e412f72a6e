/**
 * Caches what is private, for code that must decide at once: streams, sockets, the fast path. The store has the truth;
 * the cache is read again with each event that changes it, whichever server made the change.
 */
import { AppError } from "../platform/errors.ts";
import type { Annotated } from "../store/annotations.ts";
import type { Store } from "../store/database.ts";
import {
  currentOwner,
  type HiddenSubject,
  markPrivate,
  privateSubjects,
  privateTo,
  settleModel,
} from "../store/ownership.ts";
import { ALERTS, type AlertCode } from "./alert-records.ts";
import type { EventLog, Recording } from "./event-log.ts";

/** What a viewer may see. */
export interface ViewScope {
  /** Admins, and everybody if sign-in is off. */
  isAll: boolean;
  /** As owners are named; null: no one's, as of an embed. */
  owner: string | null;
}

export const ALL_VISIBLE: ViewScope = { isAll: true, owner: null };
/** What everybody with read access sees. */
export const TEAM_VISIBLE: ViewScope = { isAll: false, owner: null };

/** Those who see the same have one name: "" sees all, "-" what the team sees, else an owner's. */
export type Audience = string;
const TEAM_AUDIENCE = "-";
const RETRY_MS = 1000;

/** What everybody with this name of an audience sees. */
export function viewScopeOfAudience(audience: Audience): ViewScope {
  if (audience === "") return ALL_VISIBLE;
  return audience === TEAM_AUDIENCE ? TEAM_VISIBLE : { isAll: false, owner: audience };
}

/** What an event or an alert is about. */
type About = Record<string, unknown>;

export class Privacy {
  private owners: Index = emptyIndex();
  /** Everybody who has private items. */
  private holders = new Set<string>();
  private count = 0;
  private loading: Promise<void> | null = null;
  private isStopped = false;
  private readonly listeners = new Set<() => void>();

  private constructor(
    private readonly store: Store,
    log: EventLog,
    private readonly failed: (error: unknown) => void,
  ) {
    log.hear((type) => {
      // Sources and schedules come and go: their privacy is that of what they are about.
      const isNews =
        type === "visibility.changed" || (this.count > 0 && /^(alert|schedule|source)\./.test(type));
      if (isNews) void this.load();
    });
  }

  /** `failed` hears of readings that are tried again. */
  static async open(store: Store, log: EventLog, failed: (error: unknown) => void): Promise<Privacy> {
    const privacy = new Privacy(store, log, failed);
    privacy.take(await privateSubjects(store));
    return privacy;
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Everybody sees the same: nothing must be looked up. */
  get isEmpty(): boolean {
    return this.count === 0 && this.loading === null;
  }

  /** Resolves once everything that was changed is known; null: it is. */
  get settled(): Promise<void> | null {
    return this.loading;
  }

  /** Calls `listener` after each change; the function returned ends that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** By a dataset's or run's id, or a model's name. */
  sees({ isAll, owner }: ViewScope, kind: Kind, subject: string): boolean {
    if (isAll || this.count === 0) return true;
    const private_ = this.owners[kind].get(subject);
    return private_ === undefined || (owner !== null && private_ === owner);
  }

  /** The narrowest that it names decides: a run of a private dataset may have been shared. */
  seesEvent(viewScope: ViewScope, data: About): boolean {
    if (viewScope.isAll || this.count === 0) return true;
    const { runId, model, datasetId, scheduleId, sourceId, code, subject } = data;
    if (typeof runId === "string") return this.sees(viewScope, "run", runId);
    if (typeof model === "string") return this.sees(viewScope, "model", model);
    if (typeof datasetId === "string") return this.sees(viewScope, "dataset", datasetId);
    if (typeof scheduleId === "string") return this.sees(viewScope, "schedule", scheduleId);
    if (typeof sourceId === "string") return this.sees(viewScope, "source", sourceId);
    if (typeof code === "string" && typeof subject === "string")
      return this.seesAlert(viewScope, { code, subject });
    return true;
  }

  seesAlert(viewScope: ViewScope, { code, subject }: { code: string; subject: string }): boolean {
    const kind = Object.hasOwn(ALERTS, code) ? ALERTS[code as AlertCode].subject : null;
    return kind === null || !Object.hasOwn(this.owners, kind) || this.sees(viewScope, kind as Kind, subject);
  }

  /** As it is stored: `{"seq":…,"data":{…}}`. */
  seesEntry(viewScope: ViewScope, { json }: { json: string }): boolean {
    if (viewScope.isAll || this.count === 0) return true;
    return this.seesEvent(viewScope, (JSON.parse(json) as { data: About }).data);
  }

  /** What may be sent where the team reads: mails, chats, webhooks. */
  async teamSees(entry: { json: string }): Promise<boolean> {
    if (this.loading !== null) await this.loading;
    return this.seesEntry(TEAM_VISIBLE, entry);
  }

  /** Throws AppError `missing`, as for something that does not exist. */
  refuseHidden(viewScope: ViewScope, kind: Annotated, subject: string): void {
    if (!this.sees(viewScope, kind, subject)) throw missingSubject(kind, subject);
  }

  /** Who shares drawings with whom. */
  audienceOf(viewScope: ViewScope): Audience {
    if (viewScope.isAll) return "";
    const { owner } = viewScope;
    return owner !== null && this.holders.has(owner) ? owner : TEAM_AUDIENCE;
  }

  /** Reads what is stored; those that ask meanwhile wait for the newest reading. */
  private load(): Promise<void> {
    const reading: Promise<void> = this.read(() => this.loading === reading).finally(() => {
      if (this.loading === reading) this.loading = null;
    });
    this.loading = reading;
    return reading;
  }

  /** Until it succeeds: what is not known must not be shown meanwhile. */
  private async read(isNewest: () => boolean): Promise<void> {
    while (!this.isStopped) {
      try {
        const found = await privateSubjects(this.store);
        if (isNewest()) this.take(found);
        return;
      } catch (error) {
        this.failed(error);
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  private take(found: readonly HiddenSubject[]): void {
    const owners = emptyIndex();
    for (const { kind, subject, owner } of found) owners[kind].set(subject, owner);
    this.owners = owners;
    this.holders = new Set(found.map(({ owner }) => owner));
    this.count = found.length;
    for (const listener of this.listeners) listener();
  }
}

type Kind = HiddenSubject["kind"];
type Index = Record<Kind, Map<string, string>>;

function emptyIndex(): Index {
  return { dataset: new Map(), run: new Map(), model: new Map(), source: new Map(), schedule: new Map() };
}

/** The same words whether it is hidden or not there. */
export function missingSubject(kind: Annotated, subject: string): AppError {
  const named = { dataset: `Dataset ${subject}`, run: `Run ${subject}`, model: `The model ${subject}` }[kind];
  return new AppError("missing", `${named} does not exist or was deleted`, {
    fix: `GET /api/${kind}s lists them.`,
  });
}

/** Settles who may see a model that has a new version: that is as private as its run. */
export async function inheritPrivacy(tx: Recording, model: string): Promise<void> {
  const before = await privateTo(tx, "model", model);
  await settleModel(tx, model);
  const after = await privateTo(tx, "model", model);
  if (before === after) return;
  const visibility = after === null ? "team" : "private";
  await tx.append("visibility.changed", { label: model, visibility, isAsked: false, model });
}

/** A file that will be private is private from its first byte on, and stays so if it is refused. */
export async function hideUpload(log: EventLog, datasetId: string, label: string): Promise<void> {
  const owner = currentOwner();
  if (owner?.visibility !== "private") return;
  await log.record(async (tx) => {
    await markPrivate(tx, { kind: "dataset", subject: datasetId }, owner.owner);
    await tx.append("visibility.changed", { label, visibility: "private", isAsked: false, datasetId });
  });
}
