/**
 * Checks the logout tokens that providers send when somebody signs out there (OpenID Connect Back-Channel Logout 1.0).
 */
import { AppError } from "../../../platform/errors.ts";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** Signatures by a secret that both know prove nothing here, and "none" is none. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
/** A smaller clock difference is tolerated. */
export const CLOCK_TOLERANCE_SECONDS = 60;
const OLDEST_SECONDS = 300;
const MOST_CHARACTERS = 20_000;

/** Keys are fetched once, and again when one is unknown. */
const keySets = new Map<string, ReturnType<typeof import("jose").createRemoteJWKSet>>();

/** The session that it signs out. Throws AppError `syntax` if the token is not valid. */
export async function readLogoutToken(
  token: string,
  keysAt: string,
  { issuer, audience, now }: { issuer: string; audience: string; now: number },
): Promise<{ subject: string | null; sid: string | null }> {
  if (token.length > MOST_CHARACTERS) throw notBelieved("it is too long");
  const { createRemoteJWKSet, jwtVerify } = await import("jose");
  const keys = keySets.getOrInsertComputed(keysAt, () => createRemoteJWKSet(new URL(keysAt)));
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    ...{ issuer, audience, algorithms: ALGORITHMS, currentDate: new Date(now) },
    ...{ clockTolerance: CLOCK_TOLERANCE_SECONDS, maxTokenAge: OLDEST_SECONDS },
    requiredClaims: ["iat", "jti", "events"],
  }).catch((error: unknown) => {
    throw notBelieved((error as Error).message);
  });
  const { sub, sid, events, nonce } = payload;
  // An ID token is signed by the same key: it must not pass for this.
  const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, "");
  if (type !== undefined && type !== "logout+jwt" && type !== "jwt") throw notBelieved("it has another type");
  if (nonce !== undefined) throw notBelieved("it has a nonce");
  const isLogout = typeof events === "object" && events !== null && Object.hasOwn(events, EVENT);
  if (!isLogout) throw notBelieved("it names no sign-out");
  const named = { subject: sub ?? null, sid: typeof sid === "string" ? sid : null };
  if (named.subject === null && named.sid === null) throw notBelieved("it names no user");
  return named;
}

function notBelieved(reason: string): AppError {
  return new AppError("syntax", `The logout token was refused: ${reason}`);
}
