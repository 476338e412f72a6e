/**
 * Which requests may come in at all? Those for a host that is ours, and unsafe ones only from our own pages or from
 * programs that send no Origin. The socket upgrade passes the same rule.
 */
import { hostname } from "node:os";
import { type Config, isLoopback } from "../operations/config.ts";
import { AppError } from "../platform/errors.ts";

/** The host that came last: mostly the next one is the same. */
const accepted = new WeakMap<Config, string>();

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Throws AppError `host` or `forbidden`. */
export function guardRequest(request: Request, config: Config): void {
  const host = request.headers.get("host") ?? "";
  if (host !== accepted.get(config) && !isOurHost(host, config)) {
    throw new AppError(
      "host",
      `This server does not answer for the host ${JSON.stringify(host.slice(0, 100))}`,
      {
        fix: "Add the name to ALLOWED_HOSTS, or set PUBLIC_URL.",
      },
    );
  }
  accepted.set(config, host);
  const isUpgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  if (SAFE_METHODS.has(request.method) && !isUpgrade) return;
  if (!isOurOrigin(request.headers, host, config)) {
    throw new AppError("forbidden", "A page of another origin may not do this", {
      fix: "Open Signalbox itself, or call the API from a program.",
    });
  }
}

/**
 * Against DNS rebinding: a stranger's name that points to our address is not our host. An address cannot be rebound,
 * so a server that listens on the network answers for any address and for the machine's own name.
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

function isOurOrigin(headers: Headers, host: string, config: Config): boolean {
  const origin = headers.get("origin");
  if (origin !== null && isListed(origin, headers, config)) return true;
  const site = headers.get("sec-fetch-site");
  if (site === "cross-site" || site === "same-site") return false;
  if (origin === null) return true;
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** Where every origin may call, only what shows a token of its own: a browser never adds that by itself. */
function isListed(origin: string, headers: Headers, config: Config): boolean {
  if (config.PUBLIC_URL !== "" && new URL(config.PUBLIC_URL).origin === origin) return true;
  const isEvery = config.CORS_ORIGINS.includes("*") && config.AUTH === "token";
  return config.CORS_ORIGINS.includes(origin) || (isEvery && headers.has("authorization"));
}
