/**
 * The address that the client used, behind a proxy: RFC 7239's Forwarded, or X-Forwarded-Proto, -Host and -Port. Only a
 * trusted proxy is believed. If links may be wrong because a proxy hides that address, it says why.
 */

export interface ForwardedAddress {
  scheme: "http" | "https" | null;
  /** With its port, if it has one. */
  host: string | null;
}

export const NOT_FORWARDED: ForwardedAddress = { scheme: null, host: null };

/** Why links may be wrong, as last seen; null: there is no sign of that. */
export interface ProxyNotice {
  sentence: string | null;
}

const HOST = /^(\[[0-9a-f:]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

/** What the proxy that the client reached sent: the first of several values. */
export function forwardedAddress(headers: Headers): ForwardedAddress {
  const pairs = (headers.get("forwarded") ?? "").split(",")[0]!.split(";");
  const standard = new Map(
    pairs.map((pair) => {
      const [name = "", value = ""] = pair.split("=");
      return [name.trim().toLowerCase(), value.trim().replace(/^"|"$/g, "")];
    }),
  );
  const first = (name: string) => (headers.get(name) ?? "").split(",")[0]!.trim();
  const scheme = (standard.get("proto") || first("x-forwarded-proto") || "").toLowerCase();
  const host = standard.get("host") || withPort(first("x-forwarded-host"), first("x-forwarded-port"));
  return {
    scheme: scheme === "https" || scheme === "http" ? scheme : null,
    host: host && HOST.test(host) ? host.toLowerCase() : null,
  };
}

const DEFAULT_PORTS = new Set(["80", "443"]);

function withPort(host: string, port: string): string {
  if (!host || !/^\d{1,5}$/.test(port) || DEFAULT_PORTS.has(port) || /:\d+$/.test(host)) return host;
  return `${host}:${port}`;
}

const PROXY_HEADERS = [
  ...["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-real-ip", "via"],
];

/** Why links made for this request may be wrong, and what to set; null: there is no sign of that. */
export function hiddenAddress(
  headers: Headers,
  peer: { isTrusted: boolean; address: string },
): string | null {
  const sent = PROXY_HEADERS.filter((name) => headers.has(name));
  if (peer.isTrusted) {
    const { scheme, host } = forwardedAddress(headers);
    if (scheme || host) return null;
    return `The proxy at ${peer.address} sends neither X-Forwarded-Proto nor X-Forwarded-Host, so links may be wrong. Let it send them, or set PUBLIC_URL.`;
  }
  if (sent.length)
    return `A proxy at ${peer.address} sends ${sent.join(", ")}, which is ignored because TRUSTED_PROXIES does not list it, so links may be wrong. Set TRUSTED_PROXIES or PUBLIC_URL.`;
  const page = pageOrigin(headers);
  const host = headers.get("host")?.toLowerCase();
  if (!page || page.host === host) return null;
  return `Browsers open ${page.origin}, but a proxy passes on ${host} as Host, so links are wrong. Set PUBLIC_URL=${page.origin}.`;
}

/** Of the page that a browser shows, if it says that this request is that page's own. */
export function pageOrigin(headers: Headers): URL | null {
  if (headers.get("sec-fetch-site") !== "same-origin") return null;
  return URL.parse(headers.get("origin") ?? headers.get("referer") ?? "");
}
