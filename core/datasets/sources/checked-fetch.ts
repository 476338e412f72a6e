/**
 * Fetches from hosts that a source may reach. Each address, including those of redirects, is checked before a
 * connection goes to exactly that address; credentials never follow a redirect to another origin.
 */
import { AppError } from "../../platform/errors.ts";
import { checkedAddress, type Lookup, type Reach, readReach, systemLookup } from "./allowed-hosts.ts";
import { checkPlace, databaseOf, kindOf, objectOf, type Place, webAddress } from "./place.ts";
import { oneStatement } from "./query.ts";

export interface Network {
  reach: Reach;
  lookup: Lookup;
  signal: AbortSignal;
  /** PEM texts of trusted certificates; null: the default ones. */
  authorities: string[] | null;
}

export interface Asked {
  method?: "GET" | "PUT" | "POST";
  headers?: Record<string, string>;
  body?: Blob | string;
}

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Throws AppError: `forbidden` for a host that is not listed, `invalid` for an invalid address, `unavailable`. */
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
        fix: "Use the address that it redirects to.",
      });
    const next = webAddress(new URL(target, url).href);
    if (url.protocol === "https:" && next.protocol !== "https:")
      throw new AppError("forbidden", `${url.host} redirects from https to http`, {
        fix: "Use an https address.",
      });
    if (next.origin !== url.origin) headers = {};
    url = next;
  }
}

async function fetchOnce(
  url: URL,
  asked: Asked,
  { reach, lookup, signal, authorities }: Network,
): Promise<Response> {
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
      ...(isSecure && {
        tls: {
          serverName: url.hostname.replace(/^\[|\]$/g, ""),
          ...(authorities && { ca: authorities }),
        },
      }),
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new AppError("unavailable", `${url.host} cannot be reached${reasonOf(error)}`, {
      fix: isSecure
        ? "Check that it is up and that its certificate is valid (SOURCE_CA adds authorities), then try again."
        : "Check that it is up, then try again.",
    });
  }
}

/** Its code alone: a message may contain the address with its query. */
function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^[A-Za-z_]+$/.test(code) ? ` (${code})` : "";
}

/**
 * Refuses a place that a source could never read from. `hosts`: SOURCE_HOSTS. Throws AppError `invalid` or `forbidden`.
 */
export async function checkReach(place: Place, hosts: readonly string[]): Promise<void> {
  checkPlace(place);
  if (place.query) oneStatement(place.query);
  const to = { reach: readReach(hosts), lookup: systemLookup };
  const kind = kindOf(place.url);
  if (kind === "query") {
    const { adapter, host, port } = databaseOf(place);
    // A file's folder is checked when the file is opened.
    if (adapter !== "sqlite") await checkedAddress(host, port, to);
    return;
  }
  const url = webAddress(kind === "s3" ? objectOf(place).endpoint : place.url);
  await checkedAddress(url.hostname, Number(url.port) || (url.protocol === "https:" ? 443 : 80), to);
}
