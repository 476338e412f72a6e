/**
 * Fetches from hosts that a source may reach. Each address, of each redirect too, is checked before a connection goes
 * to exactly that address; credentials never follow a redirect to another origin.
 */
import { AppError } from "../../platform/errors.ts";
import { checkedAddress, type Lookup, type Reach } from "./reach.ts";

export interface Network {
  reach: Reach;
  lookup: Lookup;
  signal: AbortSignal;
}

export interface Asked {
  method?: "GET" | "PUT" | "POST";
  headers?: Record<string, string>;
  body?: Blob | string;
}

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Throws AppError: `forbidden` for a host that is not listed, `invalid` for an address that is none, `unavailable`. */
export async function checkedFetch(address: string, asked: Asked, network: Network): Promise<Response> {
  let url = webAddress(address);
  let headers = asked.headers ?? {};
  for (let redirects = 0; ; redirects++) {
    const answer = await fetchOnce(url, { ...asked, headers }, network);
    const target = REDIRECTS.has(answer.status) ? answer.headers.get("location") : null;
    if (target === null) return answer;
    await answer.body?.cancel();
    if (asked.body !== undefined || redirects >= MOST_REDIRECTS)
      throw new AppError("invalid", `${url.host} redirects ${asked.body ? "an upload" : "too often"}`, {
        fix: "Name the address that it leads to.",
      });
    const next = webAddress(new URL(target, url).href);
    if (url.protocol === "https:" && next.protocol !== "https:")
      throw new AppError("forbidden", `${url.host} redirects from https to http`, {
        fix: "Name an https address.",
      });
    if (next.origin !== url.origin) headers = {};
    url = next;
  }
}

/** Throws AppError `invalid` for anything but http and https, and for a user or password in it. */
export function webAddress(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new AppError("invalid", "The address must begin with http:// or https://", {
      example: "https://example.com/sales.csv",
    });
  if (url.username || url.password)
    throw new AppError("invalid", "The address must not contain a user name or password", {
      fix: "Send them in `headers`, as Authorization.",
      example: '{"headers":{"Authorization":"Basic …"}}',
    });
  return url;
}

async function fetchOnce(url: URL, asked: Asked, { reach, lookup, signal }: Network): Promise<Response> {
  const isSecure = url.protocol === "https:";
  const port = Number(url.port) || (isSecure ? 443 : 80);
  const address = await checkedAddress(url.hostname, port, { reach, lookup });
  const target = new URL(url);
  target.hostname = address.includes(":") ? `[${address}]` : address;
  try {
    return await fetch(target, {
      method: asked.method ?? "GET",
      headers: { "accept-encoding": "identity", ...asked.headers, host: url.host },
      ...(asked.body !== undefined && { body: asked.body }),
      redirect: "manual",
      keepalive: false,
      signal,
      ...(isSecure && { tls: { serverName: url.hostname.replace(/^\[|\]$/g, "") } }),
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new AppError("unavailable", `${url.host} cannot be reached${reasonOf(error)}`, {
      fix: "Check that it is up and that its certificate is valid, then try again.",
    });
  }
}

/** Its code alone: a message may hold the address with its query. */
function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^[A-Za-z_]+$/.test(code) ? ` (${code})` : "";
}
