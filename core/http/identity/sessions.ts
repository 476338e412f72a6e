/**
 * Lists the browsers that are signed in, with a token or by a provider, and ends their sessions on every server. Never
 * shows a cookie or its hash.
 */
import type { EventLog } from "../../events/event-log.ts";
import { AppError } from "../../platform/errors.ts";
import type { Leases } from "../../platform/leases.ts";
import type { Store } from "../../store/database.ts";
import { deleteSession, listSessions } from "../../store/sessions.ts";
import { deleteSignIn, listSignIns } from "../../store/sign-ins.ts";
import { sessionId } from "./identity.ts";
import type { SignIns } from "./providers/sign-ins.ts";
import type { Scope } from "./scopes.ts";
import type { Tokens } from "./tokens.ts";

export interface SessionView {
  id: string;
  /** Of the person, or of the token that the browser signed in with. */
  name: string;
  via: "token" | "oidc";
  /** The provider's name; null: it was a token. */
  provider: string | null;
  /** As the provider reported them when the person signed in. */
  groups: string[];
  scopes: Scope[];
  createdAt: string;
  expiresAt: string;
  /** The one that asks. */
  isOwn: boolean;
}

interface Found extends Omit<SessionView, "id" | "createdAt" | "expiresAt" | "isOwn"> {
  hash: string;
  createdAt: number;
  expiresAt: number;
}

export interface SessionsOptions {
  store: Store;
  log: EventLog;
  holds: Leases;
  tokens: Tokens;
  signIns: SignIns;
  now: () => number;
}

export class Sessions {
  constructor(private readonly options: SessionsOptions) {
    const { log, holds } = options;
    log.hear((type, data) => {
      if (type === "session.ended") holds.revoke(String(data.sessionId));
    });
  }

  /** Newest first; `offset` and `next` count sessions. `credentials`: of the identity that asks. */
  async page(
    { offset, limit }: { offset: number; limit: number },
    credentials: readonly string[],
  ): Promise<{ items: SessionView[]; next: number | null }> {
    const all = await this.active();
    const items = all.slice(offset, offset + limit).map(({ hash, createdAt, expiresAt, ...session }) => ({
      id: sessionId(hash),
      ...session,
      createdAt: new Date(createdAt).toISOString(),
      expiresAt: new Date(expiresAt).toISOString(),
      isOwn: credentials.includes(sessionId(hash)),
    }));
    return { items, next: offset + limit < all.length ? offset + limit : null };
  }

  /** With its sockets and streams, at once. Throws AppError `missing`. */
  async end(id: string): Promise<void> {
    const found = (await this.active()).find(({ hash }) => sessionId(hash) === id);
    if (found && (await this.endBy(found.hash))) return;
    throw new AppError("missing", `Session ${id.slice(0, 60)} does not exist`, {
      fix: "It may have ended. GET /api/sessions lists the active ones.",
    });
  }

  /** Signs out the browser whose cookie has this hash; false if it had no session. */
  async endBy(hash: string): Promise<boolean> {
    const { log, holds } = this.options;
    const isEnded = await log.record(async (tx) => {
      const deleted = [await deleteSession(tx, hash), await deleteSignIn(tx, hash)];
      if (!deleted.includes(true)) return false;
      await tx.append("session.ended", { sessionId: sessionId(hash) });
      return true;
    });
    if (isEnded) holds.revoke(sessionId(hash));
    return isEnded;
  }

  /** Those that still open something. */
  private async active(): Promise<Found[]> {
    const { store, tokens, signIns, now } = this.options;
    const withTokens = (await listSessions(store, now())).map(async (session): Promise<Found | null> => {
      const { hash, tokenHash, createdAt, expiresAt } = session;
      const token = await tokens.accessOf(tokenHash);
      return token && { ...token, via: "token", provider: null, groups: [], hash, createdAt, expiresAt };
    });
    const byProviders = (await listSignIns(store, now())).map((signIn): Found | null => {
      const { hash, issuer, name, groups, createdAt, expiresAt } = signIn;
      const known = signIns.accessOf(issuer, groups);
      return known && { ...known, name, via: "oidc", groups, hash, createdAt, expiresAt };
    });
    return [...(await Promise.all(withTokens)), ...byProviders]
      .filter((session) => session !== null)
      .sort((a, b) => b.createdAt - a.createdAt || (a.hash < b.hash ? -1 : 1));
  }
}
