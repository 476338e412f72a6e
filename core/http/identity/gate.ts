/**
 * Checks every request before it is handled: host and origin, identity, scope and rate limit on the way in; headers and
 * the audit on the way out. It responds only to preflights, and redirects to the sign-in page.
 */
import { type Config, isLoopback, RATES, type RateClass } from "../../operations/config.ts";
import { clientAddress, networkOf, type Proxies, readProxies } from "../../operations/networks.ts";
import { AppError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import { forwardedAddress, hiddenAddress, NOT_FORWARDED, type ProxyNotice } from "../forwarded.ts";
import { wantedForm } from "../negotiate.ts";
import { RateLimit, rateHeaders, tooMany } from "../rate-limit.ts";
import { corsHeaders, guardRequest, isPreflight, preflightHeaders, securityHeaders } from "../security.ts";
import { type RouteAccess, unlisted } from "./access-table.ts";
import type { Audit } from "./audit.ts";
import { readSessionCookie } from "./browser/cookies.ts";
import { returnPath } from "./browser/return-path.ts";
import { readCredential } from "./credentials.ts";
import { curlCommand } from "./curl.ts";
import { embedGrant, refuseOtherPanels } from "./embeds/embeds.ts";
import { embedIdentity, type Identity, may, OPERATOR } from "./identity.ts";
import type { SignIns } from "./providers/sign-ins.ts";
import { identityOfProxy } from "./proxy.ts";
import type { Access } from "./scopes.ts";
import type { Tokens } from "./tokens.ts";

/** The state of one request. */
export interface RequestContext {
  request: Request;
  requestId: string;
  /** Below BASE_PATH. */
  path: string;
  isTrustedPeer: boolean;
  /** The client's address, read through trusted proxies. */
  address: string;
  /** The address of the connection: the proxy's, if there is one. */
  peer: string;
  /** Whether the client used https. */
  isSecure: boolean;
  /** The host that the client requested, as reported by a trusted proxy; null: as in the request. */
  host: string | null;
  identity: Identity | null;
  route: RouteAccess | null;
  /** Headers to add to the response. */
  headers: Record<string, string>;
}

interface Limit {
  buckets: RateLimit;
  /** Set explicitly: then it applies to clients on this machine too. */
  isSet: boolean;
}

const NOT_SHARED = { "cache-control": "private, no-cache" };

interface GateOptions {
  config: Config;
  tokens: Tokens;
  signIns: Pick<SignIns, "identify">;
  audit: Audit;
  embedSecret: string;
  logger: Logger;
  proxyNotice: ProxyNotice;
  now: () => number;
}

export class Gate {
  private readonly proxies: Proxies;
  private readonly limits: Partial<Record<RateClass, Limit>>;

  constructor(
    private readonly signalbox: GateOptions,
    private readonly routes: ReadonlyMap<string, RouteAccess>,
  ) {
    const { config, now } = signalbox;
    this.proxies = readProxies(config.TRUSTED_PROXIES);
    this.limits = Object.fromEntries(
      Object.entries(perMinute(config)).flatMap(([rate, { limit, isSet }]) =>
        limit > 0 ? [[rate, { isSet, buckets: new RateLimit(limit, now) }]] : [],
      ),
    );
  }

  /** `path`: below BASE_PATH. */
  arrive(request: Request, about: { peer: string; path: string }): RequestContext {
    const { config } = this.signalbox;
    const { headers } = request;
    const { peer, path } = about;
    const isTrustedPeer = this.proxies.isTrusted(peer);
    const { scheme, host } = isTrustedPeer ? forwardedAddress(headers) : NOT_FORWARDED;
    return {
      request,
      requestId: requestIdOf(headers.get("x-request-id")),
      path,
      isTrustedPeer,
      address: clientAddress(headers, peer, this.proxies),
      peer,
      host,
      isSecure: scheme === null ? config.PUBLIC_URL.startsWith("https:") : scheme === "https",
      identity: null,
      route: null,
      headers: closeHeader(headers),
    };
  }

  /** The server's address as the client sees it: PUBLIC_URL, or the requested host with the scheme and host that a trusted proxy reports. */
  origin(context: RequestContext): string {
    const { PUBLIC_URL } = this.signalbox.config;
    if (PUBLIC_URL) return PUBLIC_URL.replace(/\/$/, "");
    this.lookForProxy(context);
    return seenAt(context);
  }

  /** Logged once per reason, for the operator who can set PUBLIC_URL. */
  private lookForProxy({ request, peer, isTrustedPeer, identity }: RequestContext): void {
    const { proxyNotice, logger } = this.signalbox;
    // Anonymous clients cause no warnings.
    if (!identity?.scopes.length) return;
    const hidden = hiddenAddress(request.headers, { address: peer, isTrusted: isTrustedPeer });
    if (hidden === null || hidden === proxyNotice.sentence) return;
    proxyNotice.sentence = hidden;
    logger.warn({ peer }, hidden);
  }

  /**
   * Null: continue. `key`: "METHOD /path/:as-listed", null if no route matched. Synchronous if nothing must be looked
   * up. Throws AppError, or rejects with it.
   */
  admit(context: RequestContext, key: string | null): Response | null | Promise<Response | null> {
    const { request } = context;
    guardRequest(request, this.signalbox.config, () => seenAt(context));
    if (isPreflight(request)) return new Response(null, { status: 204, headers: preflightHeaders(request) });
    context.route = key === null ? null : (this.routes.get(key) ?? unlisted(key));
    const access = context.route?.scope ?? "open";
    const known = this.identifyAtOnce(context, access);
    return known ? this.enter(context, known, access) : this.admitByCredential(context, access);
  }

  private async admitByCredential(
    context: RequestContext,
    access: RouteAccess["scope"],
  ): Promise<Response | null> {
    if (access === "open") {
      // The page still says who is signed in.
      context.identity = await this.identifyBrowser(context);
      return null;
    }
    const identity = await this.identifyByCredential(context);
    return identity ? this.enter(context, identity, access) : this.sendToSignIn(context);
  }

  private enter(context: RequestContext, identity: Identity, access: RouteAccess["scope"]): null {
    context.identity = identity;
    if (access === "open") return null;
    this.authorise(context, identity, access);
    if (context.route?.rate) this.take(context, context.route.rate);
    return null;
  }

  /**
   * What `leave` adds to a response that already has the JSON headers: built at once, because setting them one by one
   * takes as long as a prediction. Null: this response must go through `leave`.
   */
  headersOf({ requestId, headers, route }: RequestContext): Record<string, string> | null {
    const { AUTH, CORS_ORIGINS } = this.signalbox.config;
    if (CORS_ORIGINS.length || route?.isChange) return null;
    return { "x-request-id": requestId, ...headers, ...(AUTH !== "none" && NOT_SHARED) };
  }

  /** Sets the response's last headers, and audits changes; null if nothing is written. */
  leave(context: RequestContext, response: Response): Promise<void> | null {
    const { config } = this.signalbox;
    const { headers } = response;
    const { identity, route } = context;
    if (!headers.has("x-content-type-options"))
      setHeaders(headers, securityHeaders(context.path, config.EMBED_ORIGINS));
    headers.set("x-request-id", context.requestId);
    if (config.CORS_ORIGINS.length) {
      const { vary, ...cors } = corsHeaders(context.request.headers.get("origin"), config.CORS_ORIGINS);
      if (vary) headers.append("vary", vary);
      setHeaders(headers, cors);
    }
    setHeaders(headers, context.headers);
    // A cache must not show one client's response to another.
    if (config.AUTH !== "none" && route?.scope !== "open" && !headers.has("cache-control"))
      setHeaders(headers, NOT_SHARED);
    if (response.status === 401 && !headers.has("www-authenticate"))
      headers.set("www-authenticate", 'Bearer realm="Signalbox"');
    const isDone = response.status < 400 || response.status === 403;
    // A replayed response changed nothing.
    if (identity && route?.isChange && isDone && !headers.has("idempotency-replayed"))
      return this.signalbox.audit.record(context, route.action, { identity, response });
    return null;
  }

  /**
   * Identifies a token. Failures count for the address; after too many, tokens that a person chose are not checked for
   * a while. Generated tokens cannot be guessed. Throws AppError: unauthorized, too_many.
   */
  async identifyToken(context: RequestContext, token: string): Promise<Identity> {
    const { tokens } = this.signalbox;
    const failures = this.limitFor(context, "sign-in");
    const allowance = failures?.peek(networkOf(context.address));
    if (allowance?.isAllowed === false && (await tokens.isGuess(token))) {
      Object.assign(context.headers, rateHeaders("sign-in", allowance));
      throw tooMany("sign-in", allowance);
    }
    try {
      return await tokens.identify(token);
    } catch (error) {
      if (failures)
        Object.assign(context.headers, rateHeaders("sign-in", failures.take(networkOf(context.address))));
      context.headers["www-authenticate"] = 'Bearer realm="Signalbox", error="invalid_token"';
      this.signalbox.logger.warn(
        { address: context.address, requestId: context.requestId, reason: (error as Error).message },
        "sign-in refused",
      );
      throw error;
    }
  }

  /** Null: a token or a session must be looked up. */
  private identifyAtOnce(context: RequestContext, access: RouteAccess["scope"]): Identity | null {
    const { config, now } = this.signalbox;
    const embed = access === "panel" ? embedGrant(context.request, this.signalbox.embedSecret, now()) : null;
    if (embed) return embedIdentity(embed.panel, embed.expires);
    if (config.AUTH === "none") return OPERATOR;
    if (config.AUTH !== "proxy" || access === "open") return null;
    return identityOfProxy(context.request.headers, {
      config,
      isTrustedPeer: context.isTrustedPeer,
      now: now(),
    });
  }

  private async identifyByCredential(context: RequestContext): Promise<Identity | null> {
    const credential = readCredential(context.request.headers);
    const browser = await this.identifyBrowser(context);
    // A proxy's own Basic credentials come with every request: they must not block a session.
    if (!credential || (credential.scheme === "basic" && browser)) {
      if (browser) refuseBlindCookie(context.request);
      return browser;
    }
    return this.identifyToken(context, credential.token);
  }

  private async identifyBrowser({ request }: RequestContext): Promise<Identity | null> {
    const { config, tokens, signIns } = this.signalbox;
    if (config.AUTH !== "token") return null;
    const cookie = readSessionCookie(request.headers, config.PORT);
    if (cookie === null) return null;
    return (await tokens.identifyBrowser(cookie)) ?? (await signIns.identify(cookie));
  }

  private sendToSignIn(context: RequestContext): Response {
    const { config } = this.signalbox;
    const { request, path } = context;
    const isPage = wantedForm(request) === "html" && !/^\/(embed|panels|ws)\b/.test(path);
    const refused = this.unknown(context);
    if (config.AUTH !== "token" || !isPage) throw refused;
    const isReading = request.method === "GET" || request.method === "HEAD";
    const asked = isReading ? request.url : request.headers.get("referer");
    const back = new URLSearchParams({ next: returnPath(asked, config.BASE_PATH) });
    const location = `${config.BASE_PATH}/sign-in?${back}`;
    if (request.headers.has("hx-request")) {
      context.headers["hx-redirect"] = location;
      throw refused;
    }
    return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
  }

  private unknown(context: RequestContext): AppError {
    const { config } = this.signalbox;
    const { method, url } = context.request;
    if (config.AUTH === "proxy")
      return new AppError("unauthorized", "The proxy did not identify you", {
        fix: `Use the proxy that sets ${config.TRUSTED_AUTH_HEADER}, or send a token.`,
      });
    const scope = context.route?.scope === "panel" ? "read" : context.route?.scope;
    const how = method === "GET" ? "" : ` -X ${method}`;
    const address = `${this.origin(context)}${new URL(url).pathname}`;
    return new AppError("unauthorized", `This needs a token with the scope ${scope}`, {
      fix: "Put a token into the variable SIGNALBOX_TOKEN and send it. An admin can create one on the settings page.",
      example: `${curlCommand(config)} --fail-with-body${how} '${address}'`,
    });
  }

  private authorise(context: RequestContext, identity: Identity, access: Access): void {
    const needed = access === "panel" ? this.neededForPanel(context, identity) : access;
    if (may(identity, needed)) return;
    const scope = needed === "panel" ? "read" : needed;
    context.headers["www-authenticate"] =
      `Bearer realm="Signalbox", error="insufficient_scope", scope="${scope}"`;
    const held = identity.scopes.join(", ");
    throw new AppError("forbidden", `This needs the scope ${scope}; ${identity.name} has ${held}`, {
      fix: "Ask an admin for a token or role with that scope.",
    });
  }

  private neededForPanel({ request, path }: RequestContext, { panel }: Identity): Access {
    const url = new URL(request.url);
    if (panel !== null) refuseOtherPanels(url, path, panel);
    // The event socket shows everything, not one panel.
    return url.searchParams.get("format") === "json" ? "read" : "panel";
  }

  private take(context: RequestContext, rate: RateClass): void {
    const buckets = this.limitFor(context, rate);
    if (!buckets) return;
    const allowance = buckets.take(context.identity?.key ?? networkOf(context.address));
    Object.assign(context.headers, rateHeaders(rate, allowance));
    if (!allowance.isAllowed) throw tooMany(rate, allowance);
  }

  /** Null: this client is not limited. Behind a proxy on this machine every client looks like loopback. */
  private limitFor({ address, request }: RequestContext, rate: RateClass): RateLimit | null {
    const limit = this.limits[rate];
    if (!limit) return null;
    const isOwn = isLoopback(address) && !(rate === "sign-in" && request.headers.has("x-forwarded-for"));
    return isOwn && !limit.isSet ? null : limit.buckets;
  }
}

/** The limits from the settings, or the defaults that --help shows. */
function perMinute(config: Config): Record<RateClass, { limit: number; isSet: boolean }> {
  const of = (value: number | "", rate: RateClass) => ({
    limit: value === "" ? RATES[rate] : value,
    isSet: value !== "",
  });
  return {
    "sign-in": of(config.RATE_SIGN_IN, "sign-in"),
    upload: of(config.RATE_UPLOAD, "upload"),
    train: of(config.RATE_TRAIN, "train"),
    predict: of(config.RATE_PREDICT, "predict"),
    socket: of(config.RATE_SOCKET, "socket"),
  };
}

function seenAt({ request, host, isSecure }: RequestContext): string {
  const { host: asked } = new URL(request.url);
  return `${isSecure ? "https" : "http"}://${host ?? asked}`;
}

function setHeaders(headers: Headers, given: Record<string, string>): void {
  for (const name in given) headers.set(name, given[name]!);
}

/** The client's own request ID, if it is short and plain. */
function requestIdOf(said: string | null): string {
  return said !== null && /^[\w=-]{1,255}$/.test(said) ? said : crypto.randomUUID();
}

/**
 * Browsers say which page a request comes from. A request with a session but without that is not from a current
 * browser.
 */
function refuseBlindCookie(request: Request): void {
  const isSafe = request.method === "GET" || request.method === "HEAD";
  const { headers } = request;
  if (isSafe || headers.has("origin") || headers.has("sec-fetch-site")) return;
  throw new AppError("forbidden", "A request with a session cookie must say which page it comes from", {
    fix: "In a program, send a token instead: Authorization: Bearer TOKEN.",
  });
}

/**
 * A client that asked to close the connection is told that it closes, which Bun leaves out (RFC 9112, 9.6): a proxy
 * that keeps connections would send its next request on one that is about to close.
 */
function closeHeader(headers: Headers): Record<string, string> {
  return headers.get("connection") === "close" ? { connection: "close" } : {};
}
