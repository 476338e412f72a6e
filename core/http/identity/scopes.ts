/** Lists the scopes of tokens, the roles of people, and what each includes. Knows nothing of requests. */

export const SCOPES = ["read", "predict", "train", "deploy", "sources", "admin", "embed"] as const;
export type Scope = (typeof SCOPES)[number];

/** An unknown scope in the database grants nothing. */
export function isScope(word: string): word is Scope {
  return (SCOPES as readonly string[]).includes(word);
}

/** What a route requires. "open": nothing. "panel": access to one panel, as readers and embedding portals have it. */
export type Access = Scope | "open" | "panel";

/**
 * Those who train or deploy must see what happens, and training never deploys; those who only predict need not see any
 * data. A reader sees every panel, but sharing them with the outside ("embed") is more than reading.
 */
const INCLUDED: Record<Scope, readonly Access[]> = {
  embed: ["embed", "panel"],
  read: ["read", "panel"],
  predict: ["predict"],
  train: ["train", "read", "predict", "panel"],
  deploy: ["deploy", "read", "panel"],
  sources: ["sources", "read", "panel"],
  admin: ["admin", "train", "deploy", "sources", "read", "predict", "embed", "panel"],
};

export const ROLES = ["viewer", "trainer", "admin"] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_SCOPES: Record<Role, readonly Scope[]> = {
  viewer: ["read", "predict"],
  trainer: ["train", "deploy", "sources"],
  admin: ["admin"],
};

/** Whether these scopes grant `access`. */
export function includes(scopes: readonly Scope[], access: Access): boolean {
  return access === "open" || scopes.some((scope) => INCLUDED[scope].includes(access));
}
