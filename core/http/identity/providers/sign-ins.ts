/**
 * Manages the sessions of people whom a provider signed in. What they may do follows from their groups and OIDC_ROLES
 * at each request, so that a changed setting applies at once.
 */
import type { EventLog } from "../../../events/event-log.ts";
import type { Config } from "../../../operations/config.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Leases } from "../../../platform/leases.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Store } from "../../../store/database.ts";
import { deleteSignIns, findSignIn, insertSignIn } from "../../../store/sign-ins.ts";
import { hashOf, type Identity, newSecret, sessionId } from "../identity.ts";
import { ROLE_SCOPES, type Role, type Scope } from "../scopes.ts";
import { type Person, Provider } from "./provider.ts";

const MAX_SIGN_INS = 10_000;
const HOUR_MS = 3_600_000;

export interface SignInsOptions {
  store: Store;
  log: EventLog;
  config: Config;
  holds: Leases;
  logger: Logger;
  now: () => number;
}

export class SignIns {
  readonly providers: readonly Provider[];

  constructor(private readonly options: SignInsOptions) {
    const { config, logger, now } = options;
    const asked = { claim: config.OIDC_GROUPS_CLAIM, scopes: config.OIDC_SCOPES, logger, now };
    this.providers = config.providers.map((about) => new Provider(about, asked));
  }

  /** Throws AppError `missing`. */
  provider(id: string): Provider {
    const provider = this.providers.find(({ about }) => about.id === id);
    if (provider) return provider;
    throw new AppError("missing", `No sign-in provider is called ${id.slice(0, 60)}`, {
      fix: "Open the sign-in page for those that are there.",
    });
  }

  /** Opens a session for a browser: the cookie's value. Throws AppError `forbidden` if no group has a role. */
  async open(person: Person): Promise<{ cookie: string; identity: Identity; expiresAt: number }> {
    const { store, now, config } = this.options;
    const scopes = this.scopesOf(person.groups);
    if (!scopes.length)
      throw new AppError("forbidden", `${person.name} has no role here`, {
        fix: "Ask an admin to give one of your groups a role in OIDC_ROLES.",
      });
    const cookie = newSecret("");
    const hash = hashOf(cookie);
    const expiresAt = now() + config.OIDC_SESSION_HOURS * HOUR_MS;
    await insertSignIn(store, { hash, ...person, createdAt: now(), expiresAt }, MAX_SIGN_INS);
    return { cookie, identity: identityOf(person, { hash, scopes, expiresAt }), expiresAt };
  }

  /** Null: no such session; or it has ended, its provider was removed, or its groups have no role any more. */
  async identify(cookie: string): Promise<Identity | null> {
    const { store, now, config } = this.options;
    if (!config.providers.length) return null;
    const hash = hashOf(cookie);
    const found = await findSignIn(store, hash);
    if (!found || found.expiresAt <= now()) return null;
    const access = this.accessOf(found.issuer, found.groups);
    return access && identityOf(found, { hash, scopes: access.scopes, expiresAt: found.expiresAt });
  }

  /** What people with these groups may do; null: nothing, or their provider was removed. */
  accessOf(issuer: string, groups: readonly string[]): { provider: string; scopes: Scope[] } | null {
    const provider = this.options.config.providers.find((known) => known.issuer === issuer);
    const scopes = this.scopesOf(groups);
    return provider && scopes.length ? { provider: provider.name, scopes } : null;
  }

  /** By the provider's word: one of its sessions, or every session of a person. How many ended. */
  async endBy(provider: Provider, who: { subject: string | null; sid: string | null }): Promise<number> {
    const ended = await deleteSignIns(this.options.store, { issuer: provider.about.issuer, ...who });
    await this.end(ended);
    return ended.length;
  }

  /** What they have open ends on every server. */
  private async end(hashes: readonly string[]): Promise<void> {
    const { log, holds } = this.options;
    if (!hashes.length) return;
    await log.record(async (tx) => {
      for (const hash of hashes) await tx.append("session.ended", { sessionId: sessionId(hash) });
    });
    for (const hash of hashes) holds.revoke(sessionId(hash));
  }

  private scopesOf(groups: readonly string[]): Scope[] {
    const given = this.options.config.OIDC_ROLES.filter(
      ({ group }) => group === "*" || groups.includes(group),
    );
    return [...new Set(given.flatMap(({ role }) => (isRole(role) ? ROLE_SCOPES[role] : [role])))];
  }
}

function isRole(word: string): word is Role {
  return Object.hasOwn(ROLE_SCOPES, word);
}

function identityOf(
  { name, issuer, subject }: Pick<Person, "name" | "issuer" | "subject">,
  { hash, scopes, expiresAt }: { hash: string; scopes: Scope[]; expiresAt: number },
): Identity {
  return {
    ...{ name, via: "oidc", scopes, key: `oidc:${issuer} ${subject}` },
    ...{ credentials: [sessionId(hash)], expiresAt, panel: null },
  };
}
