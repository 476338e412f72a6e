/**
 * Reads the identity that a trusted proxy sends: only from a trusted peer that sends the shared secret. Headers that
 * could have come twice, or that another program would read as the same name, are refused: one of them may be the
 * client's.
 */
import type { Config } from "../../operations/config.ts";
import { AppError } from "../../platform/errors.ts";
import { hashOf, type Identity, proxyIdentity } from "./identity.ts";
import { ROLES, type Role } from "./scopes.ts";

/** Null: no identity from here. Throws AppError `unauthorized` or `forbidden` if the claim cannot be trusted. */
export function identityOfProxy(
  headers: Headers,
  { config, isTrustedPeer, now }: { config: Config; isTrustedPeer: boolean; now: number },
): Identity | null {
  if (!isTrustedPeer) return null;
  const believed = [config.TRUSTED_AUTH_HEADER, config.TRUSTED_SECRET_HEADER, config.TRUSTED_ROLE_HEADER];
  for (const name of believed) if (name) refuseLookalikes(headers, name);
  const user = oneValue(headers, config.TRUSTED_AUTH_HEADER);
  if (user === null) return null;
  const secret = headers.get(config.TRUSTED_SECRET_HEADER) ?? "";
  if (!isSame(secret, config.TRUSTED_AUTH_SECRET)) {
    throw new AppError("unauthorized", "The proxy did not send the shared secret", {
      fix: `Configure the proxy to send TRUSTED_AUTH_SECRET in the header ${config.TRUSTED_SECRET_HEADER}.`,
    });
  }
  const role = roleOf(
    user,
    config.TRUSTED_ROLE_HEADER && oneValue(headers, config.TRUSTED_ROLE_HEADER),
    config,
  );
  if (role) return proxyIdentity(user, role, now);
  throw new AppError("forbidden", `${user} has no role here`, {
    fix: "Ask the operator to add the name to TRUSTED_TRAINERS or TRUSTED_ADMINS.",
  });
}

/** Many programs treat "X_Forwarded_User" as "X-Forwarded-User". */
function refuseLookalikes(headers: Headers, name: string): void {
  const exact = name.toLowerCase();
  for (const [given] of headers) {
    if (given !== exact && given.replaceAll("_", "-") === exact)
      throw new AppError("unauthorized", `The header ${given} is not accepted`, {
        fix: `Configure the proxy to remove it and send only ${name}.`,
      });
  }
}

/** Null if it is absent. Two headers with one name arrive joined by a comma. */
function oneValue(headers: Headers, name: string): string | null {
  const value = headers.get(name);
  if (!value) return null;
  if (value.length <= 200 && !value.includes(",")) return value;
  throw new AppError("unauthorized", `The header ${name} was sent twice, or is not a single name`, {
    fix: `Configure the proxy to replace ${name} instead of adding to it.`,
  });
}

function roleOf(user: string, said: string | null, config: Config): Role | null {
  const given = [said];
  if (config.TRUSTED_ADMINS.includes(user)) given.push("admin");
  if (config.TRUSTED_TRAINERS.includes(user)) given.push("trainer");
  const { TRUSTED_DEFAULT_ROLE: other } = config;
  return ROLES.findLast((role) => given.includes(role)) ?? (other === "none" ? null : other);
}

/** In constant time. */
function isSame(given: string, expected: string): boolean {
  return crypto.timingSafeEqual(Buffer.from(hashOf(given)), Buffer.from(hashOf(expected)));
}
