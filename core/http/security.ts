/** Which headers go with every answer? Nothing is loaded from elsewhere, framed elsewhere or run inline. */
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

/** Of an answer in JSON, which is nobody's page: made at once, because one by one they take longer than a prediction. */
export const JSON_HEADERS = {
  "content-type": "application/json;charset=utf-8",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** What pages of other origins load: the frame, the script that makes it, badges. */
const FOR_OTHERS = /^\/embed\/|^\/static\/signalbox-panel\.js$|^\/panels\/\w+\.svg$/;

/**
 * Headers for a path below BASE_PATH. An embed may be framed, and by the listed origins only; badges are shown elsewhere
 * only where something may be, because the size of an image tells what is in it.
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
