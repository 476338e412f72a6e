/**
 * Lists the scopes of tokens and the roles of people. The scopes of tokens, the roles of people, and what each
 * includes. It knows no request.
 */

export const SCOPES = ["read", "predict", "train", "deploy", "sources", "admin", "embed"] as const;
export type Scope = (typeof SCOPES)[number];

/** A word of the database that is none opens nothing. */
export function isScope(word: string): word is Scope {
  return (SCOPES as readonly string[]).includes(word);
}

/** What a route asks of who comes. "open": nothing. "panel": to see one panel, as readers and embedding portals do. */
export type Access = Scope | "open" | "panel";

/**
 * Who trains or deploys must see what happens, and training never deploys; who only predicts need not see any data. A reader sees every panel, but handing
 * them on to the outside ("embed") is more than reading.
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

/** Do these scopes open what asks for `access`? */
export function includes(scopes: readonly Scope[], access: Access): boolean {
  return access === "open" || scopes.some((scope) => INCLUDED[scope].includes(access));
}
