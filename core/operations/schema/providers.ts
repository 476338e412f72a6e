/**
 * Settings of sign-in by OpenID Connect, and the providers that they name. Several providers are given as lists in the
 * same order.
 */
import * as z from "zod";
import { isLoopback } from "../networks.ts";
import { list, number, secret, setting, text } from "./kinds.ts";

export interface ProviderConfig {
  /** Part of its addresses here: "accounts-google-com". */
  id: string;
  /** The button's text. */
  name: string;
  issuer: string;
  clientId: string;
  /** Empty: a public client, with PKCE alone. */
  clientSecret: string;
}

const MEANINGS = ["viewer", "trainer", "admin", "read", "predict", "train", "deploy", "sources"] as const;
const ONE_OF = MEANINGS.join(", ");

/** Names may hold spaces. */
const names = () => z.string().transform((value) => value.split(/\s*[,\n]\s*/).filter(Boolean));

/** Plain http would let an attacker on the network sign in as another person; loopback has no network. */
const isIssuer = (value: string) => {
  const url = URL.parse(value);
  if (!url || url.search || url.hash || url.username) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
};

/** "admins=admin, *=viewer", or JSON if names of groups contain commas: {"cn=ml,dc=example": "trainer"}. */
const roles = () =>
  z
    .string()
    .transform((value) => (value.trim().startsWith("{") ? jsonPairs(value) : listedPairs(value)))
    .pipe(z.array(z.object({ group: z.string().min(1), role: z.enum(MEANINGS) })));

function listedPairs(value: string): { group: string; role: string }[] {
  const entries = value.split(/[,\n]/).map((entry) => entry.trim());
  return entries.filter(Boolean).map((entry) => {
    const at = Math.max(entry.lastIndexOf("="), entry.lastIndexOf(":"));
    return { group: entry.slice(0, Math.max(0, at)).trim(), role: entry.slice(at + 1).trim() };
  });
}

function jsonPairs(value: string): { group: string; role: string }[] {
  const parsed = z.record(z.string(), z.string().or(z.array(z.string()))).safeParse(safeJson(value));
  if (!parsed.success) return [{ group: "", role: "" }];
  return Object.entries(parsed.data).flatMap(([group, given]) =>
    [given].flat().map((role) => ({ group, role })),
  );
}

function safeJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}

export const PROVIDER_SETTINGS = {
  OIDC_ISSUER: setting(
    list().pipe(
      z.array(z.string().refine(isIssuer, "must be https URLs such as https://sso.example.com/realms/main")),
    ),
    "",
    "AUTH=token: OpenID Connect provider that people can sign in with, by its issuer URL; several separated by commas",
  ),
  OIDC_CLIENT_ID: setting(list(), "", "client ID at each provider of OIDC_ISSUER, in the same order"),
  OIDC_CLIENT_SECRET: secret(
    text(),
    "client secret at each provider of OIDC_ISSUER, in the same order, separated by commas or line breaks; - for none",
  ),
  OIDC_NAME: setting(names(), "", "what each provider's button says, in the same order; unset: its host"),
  OIDC_ROLES: setting(
    roles(),
    "*=viewer",
    `what members of a group may do, such as admins=admin,ml-team=trainer,*=viewer (* is everyone whom the provider signs in; one of ${ONE_OF}); people without a role are refused`,
  ),
  OIDC_GROUPS_CLAIM: setting(
    z.string().regex(/^[^\s,]+$/, "must be a claim's name, or a path such as realm_access.roles"),
    "groups",
    "claim that lists a person's groups; a path such as realm_access.roles reads inside one",
  ),
  OIDC_SCOPES: setting(
    z.string().regex(/(?:^|\s)openid(?:\s|$)/, "must contain openid"),
    "openid profile email",
    "scopes to request from the providers",
  ),
  OIDC_SESSION_HOURS: setting(number(0.01, 8760), "12", "hours that a sign-in with a provider lasts"),
};

interface GivenProviders {
  OIDC_ISSUER: string[];
  OIDC_CLIENT_ID: string[];
  OIDC_CLIENT_SECRET: string;
  OIDC_NAME: string[];
}

/** Throws Error with one sentence if the lists do not fit together. */
export function readProviders(given: GivenProviders): ProviderConfig[] {
  const { OIDC_ISSUER: issuers, OIDC_CLIENT_ID: clientIds, OIDC_NAME: labels } = given;
  const secrets =
    issuers.length < 2
      ? [given.OIDC_CLIENT_SECRET]
      : given.OIDC_CLIENT_SECRET.split(/[\s,]+/).filter(Boolean);
  const count = `${issuers.length} issuer${issuers.length === 1 ? "" : "s"}`;
  if (issuers.length !== clientIds.length)
    throw new Error(
      `OIDC_CLIENT_ID must have as many entries as OIDC_ISSUER: ${count}, ${clientIds.length} client IDs`,
    );
  if (secrets.length > 0 && issuers.length > 0 && secrets.length !== issuers.length)
    throw new Error(
      `OIDC_CLIENT_SECRET must have as many entries as OIDC_ISSUER: ${count}, ${secrets.length} secrets`,
    );
  if (labels.length > 0 && labels.length !== issuers.length)
    throw new Error(`OIDC_NAME must have as many entries as OIDC_ISSUER: ${count}, ${labels.length} names`);
  const taken = new Set<string>();
  return issuers.map((issuer, index) => {
    const { host } = new URL(issuer);
    const name = labels[index] ?? host;
    const clientSecret = secrets[index] ?? "";
    const id = freeId(name, taken);
    return {
      id,
      name,
      issuer,
      clientId: clientIds[index]!,
      clientSecret: clientSecret === "-" ? "" : clientSecret,
    };
  });
}

function freeId(name: string, taken: Set<string>): string {
  const plain =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "provider";
  let id = plain;
  for (let number = 2; taken.has(id); number++) id = `${plain}-${number}`;
  taken.add(id);
  return id;
}
