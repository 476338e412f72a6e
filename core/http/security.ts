/** Which headers go with every answer? Nothing is loaded from elsewhere, framed elsewhere or run inline. */
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
} as const;

/** Headers for a path; an embed may be framed, and by the listed origins only. */
export function securityHeaders(isEmbed: boolean, embedOrigins: readonly string[]): Record<string, string> {
  if (!isEmbed) return SECURITY_HEADERS;
  const { "x-frame-options": _, ...headers } = SECURITY_HEADERS;
  const policy = headers["content-security-policy"];
  const ancestors = ["frame-ancestors 'self'", ...embedOrigins].join(" ");
  return { ...headers, "content-security-policy": policy.replace("frame-ancestors 'none'", ancestors) };
}
