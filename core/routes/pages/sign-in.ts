/**
 * Signs a browser in and out: with a token, or by a provider that knows the person. From then on it has a cookie that
 * no script can read.
 */

import { readSessionCookie, sessionCookie } from "../../http/identity/browser/cookies.ts";
import { returnPath } from "../../http/identity/browser/return-path.ts";
import type { Gate, RequestContext } from "../../http/identity/gate.ts";
import { hashOf, type Identity } from "../../http/identity/identity.ts";
import { attemptCookie, endedAttempt, readAttempt } from "../../http/identity/providers/attempt-cookie.ts";
import type { Provider } from "../../http/identity/providers/provider.ts";
import { wantedForm } from "../../http/negotiate.ts";
import { type Problem, problem } from "../../http/problem.ts";
import { AppError } from "../../platform/errors.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import type { Call } from "../api/route.ts";
import { filled, readForm, signInForm } from "./form-fields.ts";

type SignInBox = Pick<
  Signalbox,
  "config" | "tokens" | "signIns" | "sessions" | "audit" | "logger" | "embedSecret" | "now"
>;

export interface SignInData {
  /** The path to show then. */
  next: string;
  /** One button each. */
  providers: { id: string; name: string; isReachable: boolean }[];
  problem?: Problem;
}

/** Throws AppError `missing` if sign-in is turned off. */
export async function signInData({
  signalbox,
  query,
}: Pick<Call, "signalbox" | "query">): Promise<SignInData> {
  refuseOtherWays(signalbox.config.AUTH);
  return shownWith(signalbox, returnPath(query.next ?? null, signalbox.config.BASE_PATH));
}

/** The form again, with the error. */
export type RefusedForm = (shown: SignInData & { problem: Problem }) => Promise<Response>;

/** A sign-in request: where it came from, how the form is drawn again, and the parameters of its address. */
export interface SignInRequest {
  gate: Gate;
  context: RequestContext;
  again: RefusedForm;
  params: Record<string, string>;
}

/** A redirect with a cookie; on failure a person gets the form again, a script the error. */
async function signIn(signalbox: SignInBox, entrance: SignInRequest): Promise<Response> {
  const { context, gate } = entrance;
  const { config, tokens } = signalbox;
  refuseOtherWays(config.AUTH);
  const { token, next: asked } = await signInForm(context.request);
  const next = returnPath(asked, config.BASE_PATH);
  return entered(signalbox, entrance, {
    ...{ action: "POST /sign-in", next },
    open: async () => {
      await gate.identifyToken(context, token);
      return tokens.signIn(token);
    },
  });
}

/** Redirects to the provider; if it cannot be reached, the form says so. */
async function startSignIn(signalbox: SignInBox, entrance: SignInRequest): Promise<Response> {
  const { context, gate, params } = entrance;
  const { config, signIns, embedSecret: secret, now } = signalbox;
  const provider = signIns.provider(params.provider!);
  const next = returnPath(new URL(context.request.url).searchParams.get("next"), config.BASE_PATH);
  try {
    const { url, attempt } = await provider.address(redirectUri(gate, context, { config, provider }));
    const kept = { ...attempt, provider: provider.about.id, next };
    const cookie = attemptCookie(kept, { ...scopeOf(config, context), secret, now: now() });
    const headers = { location: url, "set-cookie": cookie, "cache-control": "no-store" };
    return new Response(null, { status: 303, headers });
  } catch (error) {
    return refused(signalbox, entrance, { error, next });
  }
}

/** Back from the provider. Only the browser that began may end it, once. */
async function endSignIn(signalbox: SignInBox, entrance: SignInRequest): Promise<Response> {
  const { context, gate, params } = entrance;
  const { config, signIns, embedSecret: secret, now } = signalbox;
  const provider = signIns.provider(params.provider!);
  const { searchParams, search } = new URL(context.request.url);
  const state = searchParams.get("state") ?? "";
  const attempt = readAttempt(context.request.headers, state, { port: config.PORT, secret, now: now() });
  const isOurs = attempt?.provider === provider.about.id;
  const next = isOurs ? returnPath(attempt.next, config.BASE_PATH) : "/";
  const answer = await entered(signalbox, entrance, {
    ...{ action: "GET /sign-in/:provider/callback", next },
    open: async () => {
      if (!isOurs)
        throw new AppError("unauthorized", "This sign-in was not started in this browser, or took too long", {
          fix: "Start again with the button.",
        });
      const url = new URL(`${redirectUri(gate, context, { config, provider })}${search}`);
      return signIns.open(await provider.person(url, attempt));
    },
  });
  if (isOurs) answer.headers.append("set-cookie", endedAttempt(state, scopeOf(config, context)));
  return answer;
}

/** From the provider itself, when somebody signed out there (back-channel sign-out). Throws AppError `syntax`. */
async function signOutByProvider(
  { signIns, audit }: SignInBox,
  { context, params }: SignInRequest,
): Promise<Response> {
  const provider = signIns.provider(params.provider!);
  const token = filled(await readForm(context.request), "logout_token");
  if (!token)
    throw new AppError("syntax", "The form has no logout_token", {
      fix: "Only providers send this request.",
    });
  const who = await provider.signedOut(token);
  const ended = await signIns.endBy(provider, who);
  const said = `${provider.about.name}: ${who.subject ?? who.sid}`;
  if (ended)
    await audit.note(context, "POST /sign-in/:provider/sign-out", { who: said, via: "oidc", status: 200 });
  return new Response(null, { status: 200, headers: { "cache-control": "no-store" } });
}

async function signOut(signalbox: SignInBox, { context }: Pick<SignInRequest, "context">): Promise<Response> {
  const { config, audit } = signalbox;
  const { identity } = context;
  await endSession(signalbox, context);
  if (identity)
    await audit.note(context, "POST /sign-out", { who: identity.name, via: identity.via, status: 303 });
  return leaveFor(config, context, `${config.BASE_PATH}/sign-in`, ["", 0]);
}

interface Entry {
  action: string;
  next: string;
  open: () => Promise<{ cookie: string; identity: Identity; expiresAt: number }>;
}

/** A session of its own for each sign-in: what the browser had before ends. */
async function entered(
  signalbox: SignInBox,
  entrance: SignInRequest,
  { action, next, open }: Entry,
): Promise<Response> {
  const { config, audit, now } = signalbox;
  const { context } = entrance;
  try {
    const { cookie, identity, expiresAt } = await open();
    await endSession(signalbox, context);
    await audit.note(context, action, { who: identity.name, via: identity.via, status: 303 });
    const seconds = Math.ceil((expiresAt - now()) / 1000);
    return leaveFor(config, context, `${config.BASE_PATH}${next}`, [cookie, seconds]);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await audit.note(context, action, { who: "", status: problem(error, context.requestId).status });
    return refused(signalbox, entrance, { error, next });
  }
}

async function refused(
  signalbox: SignInBox,
  { context, again }: SignInRequest,
  { error, next }: { error: unknown; next: string },
): Promise<Response> {
  if (!(error instanceof AppError) || wantedForm(context.request) !== "html") throw error;
  return again({ ...(await shownWith(signalbox, next)), problem: problem(error, context.requestId) });
}

async function shownWith({ signIns }: Pick<Signalbox, "signIns">, next: string): Promise<SignInData> {
  const providers = signIns.providers.map(async (provider) => {
    const { id, name } = provider.about;
    return { id, name, isReachable: await provider.isReachable() };
  });
  return { next, providers: await Promise.all(providers) };
}

async function endSession({ config, sessions }: SignInBox, { request }: RequestContext): Promise<void> {
  const cookie = readSessionCookie(request.headers, config.PORT);
  if (cookie) await sessions.endBy(hashOf(cookie));
}

/** One per provider, so that one's response is never taken for another's. */
function redirectUri(
  gate: Gate,
  context: RequestContext,
  { config, provider }: { config: Signalbox["config"]; provider: Provider },
): string {
  return `${gate.origin(context)}${config.BASE_PATH}/sign-in/${provider.about.id}/callback`;
}

function scopeOf({ PORT: port, BASE_PATH: basePath }: Signalbox["config"], { isSecure }: RequestContext) {
  return { port, basePath, isSecure };
}

function leaveFor(
  config: Signalbox["config"],
  context: RequestContext,
  location: string,
  [value, maxAge]: [string, number],
): Response {
  const cookie = sessionCookie(value, maxAge, scopeOf(config, context));
  const headers = { "set-cookie": cookie, "cache-control": "no-store" };
  if (context.request.headers.has("hx-request"))
    return new Response(null, { status: 204, headers: { ...headers, "hx-redirect": location } });
  return new Response(null, { status: 303, headers: { ...headers, location } });
}

function refuseOtherWays(auth: string): void {
  if (auth === "token") return;
  throw new AppError("missing", "Sign-in is turned off", {
    fix: auth === "proxy" ? "The proxy signs people in." : "Start the server with AUTH=token to turn it on.",
  });
}

/** What server.ts serves besides the page itself. */
export const SIGN_IN_ROUTES = [
  { method: "POST", path: "/sign-in", answer: signIn },
  { method: "GET", path: "/sign-in/:provider", answer: startSignIn },
  { method: "GET", path: "/sign-in/:provider/callback", answer: endSignIn },
  { method: "POST", path: "/sign-in/:provider/sign-out", answer: signOutByProvider },
  { method: "POST", path: "/sign-out", answer: signOut },
] as const;
