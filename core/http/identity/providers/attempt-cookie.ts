/**
 * Keeps an attempt to sign in with the browser that began it, in a signed cookie: another browser cannot end it, and
 * any server of a cluster can. One cookie for each attempt, so that two tabs do not disturb each other.
 */
import * as z from "zod";
import { lazily } from "../../../platform/zod-setup.ts";
import type { CookieScope } from "../browser/cookies.ts";
import type { Attempt } from "./provider.ts";

const LIFETIME_SECONDS = 600;

const ATTEMPT = lazily(() =>
  z.strictObject({
    provider: z.string(),
    state: z.string().min(20),
    nonce: z.string().min(20),
    verifier: z.string().min(20),
    next: z.string(),
    expires: z.number(),
  }),
);
export interface SignInAttempt extends Attempt {
  provider: string;
  /** The path to show then. */
  next: string;
}

const nameOf = (port: number, state: string) => `signalbox-${port}-sign-in-${state.slice(0, 12)}`;

export function attemptCookie(
  attempt: SignInAttempt,
  { secret, now, ...scope }: CookieScope & { secret: string; now: number },
): string {
  const kept = { ...attempt, expires: now + LIFETIME_SECONDS * 1000 };
  const text = Buffer.from(JSON.stringify(kept)).toString("base64url");
  return cookieOf(attempt.state, `${text}.${signature(text, secret)}`, {
    maxAge: LIFETIME_SECONDS,
    ...scope,
  });
}

/** Takes the cookie away: an attempt ends once. */
export function endedAttempt(state: string, scope: CookieScope): string {
  return cookieOf(state, "", { maxAge: 0, ...scope });
}

/** Null: this browser began no such attempt, or too long ago. */
export function readAttempt(
  headers: Headers,
  state: string,
  { port, secret, now }: { port: number; secret: string; now: number },
): SignInAttempt | null {
  const value = new Bun.CookieMap(headers.get("cookie") ?? "").get(nameOf(port, state));
  const [, text = "", signed = ""] = /^([\w-]{1,3500})\.([\w-]{43})$/.exec(value ?? "") ?? [];
  if (!text || !crypto.timingSafeEqual(Buffer.from(signed), Buffer.from(signature(text, secret))))
    return null;
  const { expires, ...attempt } = ATTEMPT().parse(JSON.parse(Buffer.from(text, "base64url").toString()));
  return expires > now && attempt.state === state ? attempt : null;
}

function cookieOf(
  state: string,
  value: string,
  { port, basePath, isSecure, maxAge }: CookieScope & { maxAge: number },
): string {
  return new Bun.Cookie(nameOf(port, state), value, {
    ...{ path: `${basePath}/sign-in`, maxAge, httpOnly: true, sameSite: "lax", secure: isSecure },
  }).toString();
}

/** Its purpose is part of what is signed: the same secret signs embeds. */
function signature(text: string, secret: string): string {
  return new Bun.CryptoHasher("sha256", secret).update(`sign-in ${text}`).digest("base64url");
}
