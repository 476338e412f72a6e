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
import { readSessionCookie } from "./cookies.ts";
import { readCredential } from "./credentials.ts";
import { curlCommand } from "./curl.ts";
import { embedGrant, refuseOtherPanels } from "./embeds/embeds.ts";
import { embedIdentity, type Identity, may, OPERATOR } from "./identity.ts";
import type { SignIns } from "./providers/sign-ins.ts";
import { identityOfProxy } from "./proxy.ts";
import { returnPath } from "./return-path.ts";
import type { Access } from "./scopes.ts";
import type { Tokens } from "./tokens.ts";

/** The state of one request. */
export interface Visit {
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
  arrive(request: Request, about: { peer: string; path: string }): Visit {
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
  origin(visit: Visit): string {
    const { PUBLIC_URL } = this.signalbox.config;
    if (PUBLIC_URL) return PUBLIC_URL.replace(/\/$/, "");
    this.lookForProxy(visit);
    return seenAt(visit);
  }

  /** Logged once per reason, for the operator who can set PUBLIC_URL. */
  private lookForProxy({ request, peer, isTrustedPeer, identity }: Visit): void {
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
  admit(visit: Visit, key: string | null): Response | null | Promise<Response | null> {
    const { request } = visit;
    guardRequest(request, this.signalbox.config, () => seenAt(visit));
    if (isPreflight(request)) return new Response(null, { status: 204, headers: preflightHeaders(request) });
    visit.route = key === null ? null : (this.routes.get(key) ?? unlisted(key));
    const access = visit.route?.scope ?? "open";
    const known = this.identifyAtOnce(visit, access);
    return known ? this.enter(visit, known, access) : this.admitByCredential(visit, access);
  }

  private async admitByCredential(visit: Visit, access: RouteAccess["scope"]): Promise<Response | null> {
    if (access === "open") {
      // The page still says who is signed in.
      visit.identity = await this.identifyBrowser(visit);
      return null;
    }
    const identity = await this.identifyByCredential(visit);
    return identity ? this.enter(visit, identity, access) : this.sendToSignIn(visit);
  }

  private enter(visit: Visit, identity: Identity, access: RouteAccess["scope"]): null {
    visit.identity = identity;
    if (access === "open") return null;
    this.authorise(visit, identity, access);
    if (visit.route?.rate) this.take(visit, visit.route.rate);
    return null;
  }

  /**
   * What `leave` adds to a response that already has the JSON headers: built at once, because setting them one by one
   * takes as long as a prediction. Null: this response must go through `leave`.
   */
  headersOf({ requestId, headers, route }: Visit): Record<string, string> | null {
    const { AUTH, CORS_ORIGINS } = this.signalbox.config;
    if (CORS_ORIGINS.length || route?.isChange) return null;
    return { "x-request-id": requestId, ...headers, ...(AUTH !== "none" && NOT_SHARED) };
  }

  /** Sets the response's last headers, and audits changes; null if nothing is written. */
  leave(visit: Visit, response: Response): Promise<void> | null {
    const { config } = this.signalbox;
    const { headers } = response;
    const { identity, route } = visit;
    if (!headers.has("x-content-type-options"))
      setHeaders(headers, securityHeaders(visit.path, config.EMBED_ORIGINS));
    headers.set("x-request-id", visit.requestId);
    if (config.CORS_ORIGINS.length) {
      const { vary, ...cors } = corsHeaders(visit.request.headers.get("origin"), config.CORS_ORIGINS);
      if (vary) headers.append("vary", vary);
      setHeaders(headers, cors);
    }
    setHeaders(headers, visit.headers);
    // A cache must not show one client's response to another.
    if (config.AUTH !== "none" && route?.scope !== "open" && !headers.has("cache-control"))
      setHeaders(headers, NOT_SHARED);
    if (response.status === 401 && !headers.has("www-authenticate"))
      headers.set("www-authenticate", 'Bearer realm="Signalbox"');
    const isDone = response.status < 400 || response.status === 403;
    // A replayed response changed nothing.
    if (identity && route?.isChange && isDone && !headers.has("idempotency-replayed"))
      return this.signalbox.audit.record(visit, route.action, { identity, response });
    return null;
  }

  /**
   * Identifies a token. Failures count for the address; after too many, tokens that a person chose are not checked for
   * a while. Generated tokens cannot be guessed. Throws AppError: unauthorized, too_many.
   */
  async identifyToken(visit: Visit, token: string): Promise<Identity> {
    const { tokens } = this.signalbox;
    const failures = this.limitFor(visit, "sign-in");
    const allowance = failures?.peek(networkOf(visit.address));
    if (allowance?.isAllowed === false && (await tokens.isGuess(token))) {
      Object.assign(visit.headers, rateHeaders("sign-in", allowance));
      throw tooMany("sign-in", allowance);
    }
    try {
      return await tokens.identify(token);
    } catch (error) {
      if (failures)
        Object.assign(visit.headers, rateHeaders("sign-in", failures.take(networkOf(visit.address))));
      visit.headers["www-authenticate"] = 'Bearer realm="Signalbox", error="invalid_token"';
      this.signalbox.logger.warn(
        { address: visit.address, requestId: visit.requestId, reason: (error as Error).message },
        "sign-in refused",
      );
      throw error;
    }
  }

  /** Null: a token or a session must be looked up. */
  private identifyAtOnce(visit: Visit, access: RouteAccess["scope"]): Identity | null {
    const { config, now } = this.signalbox;
    const embed = access === "panel" ? embedGrant(visit.request, this.signalbox.embedSecret, now()) : null;
    if (embed) return embedIdentity(embed.panel, embed.expires);
    if (config.AUTH === "none") return OPERATOR;
    if (config.AUTH !== "proxy" || access === "open") return null;
    return identityOfProxy(visit.request.headers, {
      config,
      isTrustedPeer: visit.isTrustedPeer,
      now: now(),
    });
  }

  private async identifyByCredential(visit: Visit): Promise<Identity | null> {
    const credential = readCredential(visit.request.headers);
    const browser = await this.identifyBrowser(visit);
    // A proxy's own Basic credentials come with every request: they must not block a session.
    if (!credential || (credential.scheme === "basic" && browser)) {
      if (browser) refuseBlindCookie(visit.request);
      return browser;
    }
    return this.identifyToken(visit, credential.token);
  }

  private async identifyBrowser({ request }: Visit): Promise<Identity | null> {
    const { config, tokens, signIns } = this.signalbox;
    if (config.AUTH !== "token") return null;
    const cookie = readSessionCookie(request.headers, config.PORT);
    if (cookie === null) return null;
    return (await tokens.identifyBrowser(cookie)) ?? (await signIns.identify(cookie));
  }

  private sendToSignIn(visit: Visit): Response {
    const { config } = this.signalbox;
    const { request, path } = visit;
    const isPage = wantedForm(request) === "html" && !/^\/(embed|panels|ws)\b/.test(path);
    const refused = this.unknown(visit);
    if (config.AUTH !== "token" || !isPage) throw refused;
    const isReading = request.method === "GET" || request.method === "HEAD";
    const asked = isReading ? request.url : request.headers.get("referer");
    const back = new URLSearchParams({ next: returnPath(asked, config.BASE_PATH) });
    const location = `${config.BASE_PATH}/sign-in?${back}`;
    if (request.headers.has("hx-request")) {
      visit.headers["hx-redirect"] = location;
      throw refused;
    }
    return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
  }

  private unknown(visit: Visit): AppError {
    const { config } = this.signalbox;
    const { method, url } = visit.request;
    if (config.AUTH === "proxy")
      return new AppError("unauthorized", "The proxy did not identify you", {
        fix: `Use the proxy that sets ${config.TRUSTED_AUTH_HEADER}, or send a token.`,
      });
    const scope = visit.route?.scope === "panel" ? "read" : visit.route?.scope;
    const how = method === "GET" ? "" : ` -X ${method}`;
    const address = `${this.origin(visit)}${new URL(url).pathname}`;
    return new AppError("unauthorized", `This needs a token with the scope ${scope}`, {
      fix: "Put a token into the variable SIGNALBOX_TOKEN and send it. An admin can create one on the settings page.",
      example: `${curlCommand(config)} --fail-with-body${how} '${address}'`,
    });
  }

  private authorise(visit: Visit, identity: Identity, access: Access): void {
    const needed = access === "panel" ? this.neededForPanel(visit, identity) : access;
    if (may(identity, needed)) return;
    const scope = needed === "panel" ? "read" : needed;
    visit.headers["www-authenticate"] =
      `Bearer realm="Signalbox", error="insufficient_scope", scope="${scope}"`;
    const held = identity.scopes.join(", ");
    throw new AppError("forbidden", `This needs the scope ${scope}; ${identity.name} has ${held}`, {
      fix: "Ask an admin for a token or role with that scope.",
    });
  }

  private neededForPanel({ request, path }: Visit, { panel }: Identity): Access {
    const url = new URL(request.url);
    if (panel !== null) refuseOtherPanels(url, path, panel);
    // The event socket shows everything, not one panel.
    return url.searchParams.get("format") === "json" ? "read" : "panel";
  }

  private take(visit: Visit, rate: RateClass): void {
    const buckets = this.limitFor(visit, rate);
    if (!buckets) return;
    const allowance = buckets.take(visit.identity?.key ?? networkOf(visit.address));
    Object.assign(visit.headers, rateHeaders(rate, allowance));
    if (!allowance.isAllowed) throw tooMany(rate, allowance);
  }

  /** Null: this client is not limited. Behind a proxy on this machine every client looks like loopback. */
  private limitFor({ address, request }: Visit, rate: RateClass): RateLimit | null {
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

function seenAt({ request, host, isSecure }: Visit): string {
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
