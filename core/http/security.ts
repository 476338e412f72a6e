/**
 * Sets the security headers and checks the origin of requests. Nothing is loaded from elsewhere, framed elsewhere or
 * run inline.
 */
import { hostname } from "node:os";
import { type Config, isLoopback } from "../operations/config.ts";
import { AppError } from "../platform/errors.ts";
import { pageOrigin } from "./forwarded.ts";

const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
} as const;

/** Headers of a JSON response, built at once: set one by one they take longer than a prediction. */
export const JSON_HEADERS = {
  "content-type": "application/json;charset=utf-8",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** What pages of other origins load: the frame, the script that makes it, badges. */
const FOR_OTHERS = /^\/embed\/|^\/static\/signalbox-panel\.js$|^\/panels\/\w+\.svg$/;

/**
 * Headers for a path below BASE_PATH. An embed may be framed, only by the listed origins; badges appear elsewhere only
 * where embedding is allowed, because an image's size reveals its contents.
 */
export function securityHeaders(path: string, embedOrigins: readonly string[]): Record<string, string> {
  const isBadge = path.startsWith("/panels/");
  if (!FOR_OTHERS.test(path) || (isBadge && !embedOrigins.length)) return SECURITY_HEADERS;
  const headers = { ...SECURITY_HEADERS, "cross-origin-resource-policy": "cross-origin" };
  if (!path.startsWith("/embed/")) return headers;
  const { "x-frame-options": _, "cross-origin-opener-policy": __, ...framed } = headers;
  const ancestors = ["frame-ancestors 'self'", ...embedOrigins].join(" ");
  return {
    ...framed,
    "content-security-policy": framed["content-security-policy"].replace("frame-ancestors 'none'", ancestors),
  };
}

/** Response headers that a page's script may read. */
const EXPOSED = [
  ...["Link", "Location", "ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "RateLimit-Limit"],
  ...["RateLimit-Remaining", "RateLimit-Reset", "X-Request-Id", "Server-Timing", "Content-Disposition"],
  ...[
    "Signalbox-Epoch",
    "Signalbox-Truncated",
    "WWW-Authenticate",
    "Preference-Applied",
    "Idempotency-Replayed",
  ],
].join(", ");
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const PREFLIGHT_SECONDS = "600";

export function corsHeaders(origin: string | null, listed: readonly string[]): Record<string, string> {
  if (origin === null) return { vary: "origin" };
  if (listed.includes(origin))
    return {
      vary: "origin",
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": EXPOSED,
    };
  if (listed.includes("*"))
    return { "access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED };
  return { vary: "origin" };
}

export function isPreflight(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("access-control-request-method");
}

/** What may be sent. Any header is allowed: none of ours is secret, and htmx has several. */
export function preflightHeaders(request: Request): Record<string, string> {
  return {
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "",
    "access-control-max-age": PREFLIGHT_SECONDS,
  };
}

/** The last host that was checked: the next one is usually the same. */
const accepted = new WeakMap<Config, string>();

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** `seenAt`: our origin as the client sees it. Throws AppError `syntax`, `host` or `forbidden`. */
export function guardRequest(request: Request, config: Config, seenAt: () => string): void {
  if (request.url.includes("%")) refuseMalformed(request.url);
  const host = request.headers.get("host") ?? "";
  if (host !== accepted.get(config) && !isOurHost(host, config)) {
    throw new AppError("host", `This server does not serve the host ${JSON.stringify(host.slice(0, 100))}`, {
      fix: "Add the name to ALLOWED_HOSTS, or set PUBLIC_URL.",
    });
  }
  accepted.set(config, host);
  const isUpgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  if (SAFE_METHODS.has(request.method) && !isUpgrade) return;
  const isOurs = (origin: string) =>
    origin === `http://${host}` || origin === `https://${host}` || origin === seenAt();
  if (isAllowedOrigin(request.headers, config, isOurs)) return;
  const page = pageOrigin(request.headers);
  throw new AppError("forbidden", "A page from another origin may not do this", {
    fix: page
      ? `If ${page.origin} is this server behind a proxy, set PUBLIC_URL=${page.origin}.`
      : "Open Signalbox itself, or call the API from a program.",
  });
}

/** For path and query alike: what cannot be decoded is not a valid address, whichever route would match. */
function refuseMalformed(url: string): void {
  try {
    decodeURIComponent(url);
  } catch {
    throw new AppError("syntax", "The address has a percent sign that is not followed by valid UTF-8", {
      fix: "Encode the address as UTF-8, and a percent sign itself as %25.",
    });
  }
}

/**
 * Against DNS rebinding: a stranger's name that points to our address is not our host. An address cannot be rebound, so
 * a server that listens on the network accepts any address and the machine's own name.
 */
function isOurHost(host: string, config: Config): boolean {
  const match = /^(\[[0-9a-f:]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(host);
  if (!match) return false;
  const name = match[1]!.toLowerCase();
  if (isLoopback(name)) return true;
  const listed = config.ALLOWED_HOSTS.map((entry) => entry.toLowerCase());
  if (listed.includes(name) || listed.includes(host.toLowerCase())) return true;
  if (config.PUBLIC_URL && new URL(config.PUBLIC_URL).host === host.toLowerCase()) return true;
  if (isLoopback(config.HOST)) return false;
  const isAddress = name.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
  return isAddress || name === hostname().toLowerCase();
}

function isAllowedOrigin(headers: Headers, config: Config, isOurs: (origin: string) => boolean): boolean {
  const origin = headers.get("origin");
  if (origin !== null && isListed(origin, headers, config)) return true;
  const site = headers.get("sec-fetch-site");
  if (site === "cross-site" || site === "same-site") return false;
  if (origin === null) return true;
  return isOurs(origin);
}

/** If every origin may call, only requests with a token are accepted: a browser never adds one itself. */
function isListed(origin: string, headers: Headers, config: Config): boolean {
  if (config.PUBLIC_URL !== "" && new URL(config.PUBLIC_URL).origin === origin) return true;
  const isEvery = config.CORS_ORIGINS.includes("*") && config.AUTH === "token";
  return config.CORS_ORIGINS.includes(origin) || (isEvery && headers.has("authorization"));
}
