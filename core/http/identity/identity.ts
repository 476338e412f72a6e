/**
 * Represents who makes a request, with one type for all: anonymous access, a token, a browser session, a proxy's user,
 * an embedded panel.
 */
import { ALL_VISIBLE, TEAM_VISIBLE, type ViewScope } from "../../events/privacy.ts";
import type { Maker } from "../../store/ownership.ts";
import { type Access, includes, ROLE_SCOPES, type Role, type Scope } from "./scopes.ts";

export interface Identity {
  /** The name that people and the audit log see. */
  name: string;
  via: "open" | "token" | "browser" | "oidc" | "proxy" | "embed";
  scopes: readonly Scope[];
  /** The key that limits count by; null: the address. */
  key: string | null;
  /** Hashes of its credentials: when one is revoked, what it holds open ends. */
  credentials: readonly string[];
  expiresAt: number | null;
  /** The only panel that it may see; null: every panel. */
  panel: string | null;
}

/** AUTH=none: anyone who reaches the port. */
export const OPERATOR: Identity = {
  name: "operator",
  via: "open",
  scopes: ["admin"],
  key: null,
  credentials: [],
  expiresAt: null,
  panel: null,
};

/** A client without credentials, on a public route. */
export const ANONYMOUS: Identity = { ...OPERATOR, name: "", scopes: [] };

/**
 * How long sockets and streams of a proxy's user stay open before the proxy must confirm the user again: viewers
 * reconnect on their own.
 */
const PROXY_HOLD_MS = 3_600_000;

export function proxyIdentity(name: string, role: Role, now: number): Identity {
  const scopes = ROLE_SCOPES[role];
  return { ...OPERATOR, name, via: "proxy", scopes, key: `proxy:${name}`, expiresAt: now + PROXY_HOLD_MS };
}

export function embedIdentity(panel: string, expiresAt: number): Identity {
  return { ...OPERATOR, name: `embed of ${panel}`, via: "embed", scopes: ["embed"], expiresAt, panel };
}

/** What a page shows about its user. */
export function viewerOf(identity: Identity | null) {
  const { name, via, scopes } = identity ?? ANONYMOUS;
  const may = ACTIONS.filter((access) => includes(scopes, access)).join(" ");
  return {
    name: via === "open" || via === "embed" ? "" : name,
    may,
    canSignOut: via === "browser" || via === "oidc",
  };
}

const ACTIONS = ["read", "predict", "train", "deploy", "sources", "admin"] as const;

/** What it may see of what others keep private. */
export function viewScopeOf({ scopes, panel, key }: Identity): ViewScope {
  if (panel !== null) return TEAM_VISIBLE;
  return includes(scopes, "admin") ? ALL_VISIBLE : { isAll: false, owner: key };
}

/** Owns what it creates; if sign-in is off, nobody does. */
export function ownershipBy(identity: Identity, visibility: Maker["visibility"] = null): Maker {
  const { key, name } = identity;
  const isAdmin = may(identity, "admin");
  return { owner: key ?? "", ownerName: key === null ? "" : name, visibility, isAdmin };
}

/** Can the access end while something is open? */
export function isRevocable({ credentials, expiresAt }: Identity): boolean {
  return credentials.length > 0 || expiresAt !== null;
}

/** Whether its scopes include `access`. */
export function may({ scopes }: Identity, access: Access): boolean {
  return includes(scopes, access);
}

/** 256 random bits in 43 characters; the prefix lets scanners for leaked secrets recognise it. */
export function newSecret(prefix: string): string {
  return `${prefix}${crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

/** Names a session where admins, and everybody who reads events, may see it: the cookie's hash stays in the database. */
export function sessionId(hash: string): string {
  return hashOf(hash).slice(0, 16);
}

/** Secrets are 256 random bits, so one round is enough: a hash gives nothing to guess. */
export function hashOf(secret: string): string {
  return new Bun.CryptoHasher("sha256").update(secret).digest("hex");
}
