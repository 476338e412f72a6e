/**
 * Manages API tokens. A token is 256 random bits, shown once and stored as its hash. The admin's own comes from
 * ADMIN_TOKEN, or is generated at the first start.
 */

import * as z from "zod";
import type { EventLog } from "../../events/event-log.ts";
import type { Config } from "../../operations/config.ts";
import { AppError } from "../../platform/errors.ts";
import { DAY_MS } from "../../platform/figures.ts";
import { newId } from "../../platform/ids.ts";
import type { Leases } from "../../platform/leases.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import { keptValue, knownValue, type Store } from "../../store/database.ts";
import { findSession, insertSession } from "../../store/sessions.ts";
import {
  countTokens,
  deleteToken,
  findTokenByHash,
  insertToken,
  listTokens,
  type StoredToken,
  touchToken,
} from "../../store/tokens.ts";
import { hashOf, type Identity, newSecret, sessionId } from "./identity.ts";
import { isScope, SCOPES, type Scope } from "./scopes.ts";

const ADMIN_HASH = "admin_token_hash";
const MAX_TOKENS = 1000;
const MAX_SESSIONS = 10_000;
const SESSION_MS = 30 * DAY_MS;
/** The precision of "last used": a busy token does not cause a write for each request. */
const TOUCH_MS = 60_000;

/** The body of `POST /api/tokens`. */
export const TOKEN_REQUEST = lazily(() =>
  z.strictObject({
    name: z.string().trim().min(1).max(100),
    scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
    /** RFC 3339; absent: it does not expire. */
    expiresAt: z.iso.datetime({ offset: true }).optional(),
  }),
);

export interface TokenView {
  id: string;
  name: string;
  scopes: string[];
  createdBy: string;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  isExpired: boolean;
}

export interface TokensOptions {
  store: Store;
  log: EventLog;
  config: Config;
  holds: Leases;
  now: () => number;
}

export class Tokens {
  private readonly touchedAt = new Map<string, number>();
  /** Tokens that were used, by hash: dropped by the event of their revocation. */
  private readonly shown = new Map<string, StoredToken>();
  private revocations = 0;

  private constructor(
    private readonly options: TokensOptions,
    private readonly adminHash: string | null,
    /** The admin token, if this start generated it: to be shown once, and then stored by `keepAdminToken`. */
    readonly freshAdminToken: string | null,
  ) {
    options.log.hear((type, data) => {
      if (type === "token.revoked") this.forget(String(data.tokenId));
    });
  }

  static async open(options: TokensOptions): Promise<Tokens> {
    const { config, store } = options;
    const isMade = config.AUTH === "token" && !config.ADMIN_TOKEN;
    const kept = isMade ? await knownValue(store, ADMIN_HASH) : null;
    const fresh = isMade && kept === null ? newSecret("sbx_admin_") : null;
    const shown = config.ADMIN_TOKEN || fresh;
    return new Tokens(options, shown ? hashOf(shown) : kept, fresh);
  }

  /** From the next start on the new token is the admin's: it has been shown. */
  async keepAdminToken(): Promise<void> {
    const { freshAdminToken: fresh } = this;
    if (fresh !== null) await keptValue(this.options.store, ADMIN_HASH, () => hashOf(fresh));
  }

  async list(): Promise<TokenView[]> {
    return (await listTokens(this.options.store)).map((token) => this.viewOf(token));
  }

  /** The only response that contains the token itself. Throws AppError: `invalid`, or `conflict` at the limit. */
  async create(
    request: OutputOf<typeof TOKEN_REQUEST>,
    createdBy: string,
  ): Promise<TokenView & { token: string }> {
    const { store, now } = this.options;
    const expiresAt = request.expiresAt === undefined ? null : Date.parse(request.expiresAt);
    if (expiresAt !== null && expiresAt <= now())
      throw new AppError("syntax", "expiresAt is in the past", {
        column: "expiresAt",
        fix: "Choose a later time.",
      });
    const token = newSecret("sbx_");
    const { name, scopes } = request;
    const about = {
      name,
      scopes: [...new Set(scopes)],
      createdBy,
      createdAt: now(),
      lastUsedAt: null,
      expiresAt,
    };
    const stored = { id: newId(), hash: hashOf(token), ...about };
    await store.transaction(async (tx) => {
      if ((await countTokens(tx)) >= MAX_TOKENS)
        throw new AppError("conflict", `The limit of ${MAX_TOKENS} tokens is reached`, {
          fix: "Revoke some first.",
        });
      await insertToken(tx, stored);
    });
    return { ...this.viewOf(stored), token };
  }

  /** Immediately: its browser sessions, sockets and streams end with it. Throws AppError `missing`. */
  async revoke(id: string): Promise<void> {
    const { store, log, holds } = this.options;
    const token = (await listTokens(store)).find((candidate) => candidate.id === id);
    const isDeleted =
      token &&
      (await log.record(async (tx) => {
        if (!(await deleteToken(tx, id))) return false;
        await tx.append("token.revoked", { tokenId: id });
        return true;
      }));
    if (!isDeleted) throw new AppError("missing", `Token ${id} does not exist`);
    holds.revoke(token.hash);
  }

  /** Whichever server revoked it: what was opened here with it ends, including its browser sessions. */
  private forget(id: string): void {
    this.revocations += 1;
    for (const [hash, token] of this.shown) {
      if (token.id !== id) continue;
      this.shown.delete(hash);
      this.options.holds.revoke(hash);
    }
  }

  /** Throws AppError `unauthorized`: unknown or expired. */
  async identify(token: string): Promise<Identity> {
    return this.identityOf(hashOf(token));
  }

  /** Whether it was chosen by a person and could be guessed. Generated tokens have 256 random bits. */
  async isGuess(token: string): Promise<boolean> {
    return (await this.findMade(hashOf(token))) === null;
  }

  /** Opens a session for a browser that sent this token: the cookie's value. Throws AppError `unauthorized`. */
  async signIn(token: string): Promise<{ cookie: string; identity: Identity; expiresAt: number }> {
    const { store, now } = this.options;
    const identity = await this.identify(token);
    const cookie = newSecret("");
    const expiresAt = Math.min(now() + SESSION_MS, identity.expiresAt ?? Number.POSITIVE_INFINITY);
    await insertSession(
      store,
      { hash: hashOf(cookie), tokenHash: hashOf(token), createdAt: now(), expiresAt },
      MAX_SESSIONS,
    );
    return { cookie, identity, expiresAt };
  }

  /** Null: no such session, or it has ended with its token or expired. */
  async identifyBrowser(cookie: string): Promise<Identity | null> {
    const { store, now } = this.options;
    const session = await findSession(store, hashOf(cookie));
    if (!session || session.expiresAt <= now()) return null;
    const token = await this.find(session.tokenHash);
    if (!token || isOver(token, now())) return null;
    const { credentials, ...identity } = await this.identityOf(session.tokenHash);
    const expiresAt = session.expiresAt;
    return { ...identity, via: "browser", credentials: [...credentials, sessionId(session.hash)], expiresAt };
  }

  /** What a token with this hash opens; null: it was revoked or has expired. */
  async accessOf(hash: string): Promise<{ name: string; scopes: Scope[] } | null> {
    const token = await this.find(hash);
    if (!token || isOver(token, this.options.now())) return null;
    return { name: token.name, scopes: token.scopes.filter(isScope) };
  }

  private async identityOf(hash: string): Promise<Identity> {
    const { now } = this.options;
    const token = await this.find(hash);
    if (!token) throw unknown();
    if (isOver(token, now())) throw expired(token.name);
    await this.touch(token);
    const { id, name, scopes, expiresAt } = token;
    return {
      name,
      via: "token",
      scopes: scopes.filter(isScope),
      key: `token:${id}`,
      credentials: [hash],
      expiresAt,
      panel: null,
    };
  }

  private async find(hash: string): Promise<StoredToken | null> {
    if (hash !== this.adminHash) return this.findMade(hash);
    const about = { createdBy: "", createdAt: 0, lastUsedAt: null, expiresAt: null };
    return { id: "admin", hash, name: "admin", scopes: ["admin"], ...about };
  }

  private async findMade(hash: string): Promise<StoredToken | null> {
    const known = this.shown.get(hash);
    if (known) return known;
    const { revocations } = this;
    const token = await findTokenByHash(this.options.store, hash);
    // One that was revoked during the lookup is not cached.
    if (token && revocations === this.revocations) this.shown.set(hash, token);
    return token;
  }

  private async touch({ id }: StoredToken): Promise<void> {
    const at = this.options.now();
    if (id === "admin" || at - (this.touchedAt.get(id) ?? 0) < TOUCH_MS) return;
    if (this.touchedAt.size >= MAX_TOKENS) this.touchedAt.clear();
    this.touchedAt.set(id, at);
    await touchToken(this.options.store, id, at);
  }

  private viewOf({ hash: _, createdAt, lastUsedAt, expiresAt, ...token }: StoredToken): TokenView {
    const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
    return {
      ...token,
      createdAt: new Date(createdAt).toISOString(),
      lastUsedAt: time(lastUsedAt),
      expiresAt: time(expiresAt),
      isExpired: expiresAt !== null && expiresAt <= this.options.now(),
    };
  }
}

function isOver({ expiresAt }: StoredToken, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

function unknown(): AppError {
  return new AppError("unauthorized", "This token is wrong, or was revoked", {
    fix: "Check that you copied all of it, or ask an admin for another.",
  });
}

function expired(name: string): AppError {
  return new AppError("unauthorized", `The token ${name} has expired`, { fix: "Ask an admin for another." });
}
