/** Which other origins' pages may call us? Those that are listed; "*" lets every page read, but never with cookies. */

/** What a page's script may read beside the body. */
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

/** What may be sent. Whatever header is asked for: none of ours is secret, and htmx has several. */
export function preflightHeaders(request: Request): Record<string, string> {
  return {
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "",
    "access-control-max-age": PREFLIGHT_SECONDS,
  };
}
