/** Signs a browser in and out. With a token, once; then a cookie that no script can read. */

import { readSessionCookie, sessionCookie } from "../../http/identity/cookies.ts";
import type { Gate, Visit } from "../../http/identity/gate.ts";
import { returnPath } from "../../http/identity/return-path.ts";
import { wantedForm } from "../../http/negotiate.ts";
import { type Problem, problem } from "../../http/problem.ts";
import { AppError } from "../../platform/errors.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import type { Call } from "../api/route.ts";
import { signInForm } from "./form-fields.ts";

type SignInBox = Pick<Signalbox, "config" | "tokens" | "audit" | "now">;

/** Throws AppError `missing` if sign-in is turned off. */
export function signInData({ signalbox: { config }, query }: Call): { next: string; problem?: Problem } {
  refuseOtherWays(config.AUTH);
  return { next: returnPath(query.next ?? null, config.BASE_PATH) };
}

/** The form again, with the error. */
export type FormAgain = (shown: { next: string; problem: Problem }) => Promise<Response>;

/** The way on with a cookie; a person gets the form again, a script the error. */
export async function signIn(
  signalbox: SignInBox,
  gate: Gate,
  { visit, again }: { visit: Visit; again: FormAgain },
): Promise<Response> {
  const { config, tokens, audit, now } = signalbox;
  refuseOtherWays(config.AUTH);
  const { token, next: asked } = await signInForm(visit.request);
  const next = returnPath(asked, config.BASE_PATH);
  try {
    await gate.identifyToken(visit, token);
    const { cookie, identity, expiresAt } = await tokens.signIn(token);
    await audit.note(visit, "POST /sign-in", { who: identity.name, status: 303 });
    return leaveFor(signalbox, visit, `${config.BASE_PATH}${next}`, [
      cookie,
      Math.ceil((expiresAt - now()) / 1000),
    ]);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const told = problem(error, visit.requestId);
    await audit.note(visit, "POST /sign-in", { who: "", status: told.status });
    if (wantedForm(visit.request) !== "html") throw error;
    return again({ next, problem: told });
  }
}

export async function signOut(signalbox: SignInBox, visit: Visit): Promise<Response> {
  const { config, tokens, audit } = signalbox;
  const cookie = readSessionCookie(visit.request.headers, config.PORT);
  if (cookie) await tokens.signOut(cookie);
  if (visit.identity) await audit.note(visit, "POST /sign-out", { who: visit.identity.name, status: 303 });
  return leaveFor(signalbox, visit, `${config.BASE_PATH}/sign-in`, ["", 0]);
}

function leaveFor(
  { config }: SignInBox,
  { isSecure, request }: Visit,
  location: string,
  [value, maxAge]: [string, number],
): Response {
  const cookie = sessionCookie(value, maxAge, { port: config.PORT, basePath: config.BASE_PATH, isSecure });
  const headers = { "set-cookie": cookie, "cache-control": "no-store" };
  if (request.headers.has("hx-request"))
    return new Response(null, { status: 204, headers: { ...headers, "hx-redirect": location } });
  return new Response(null, { status: 303, headers: { ...headers, location } });
}

function refuseOtherWays(auth: string): void {
  if (auth === "token") return;
  throw new AppError("missing", "Sign-in is turned off", {
    fix: auth === "proxy" ? "The proxy signs people in." : "Start the server with AUTH=token to turn it on.",
  });
}
