/**
 * Chooses the format of a response: RFC 9110's Accept with its q-values; also the Link header to a list's next page.
 */
import { AppError } from "../platform/errors.ts";

export type Form = "html" | "json" | "text";

/** Loaded with the first request that names what it accepts, because it slows the start. */
const negotiator = () => require("negotiator") as typeof import("negotiator");

/**
 * A parameter of a media range other than q: our types have none, so charset=utf-8 or version=1.0.0 refuses nothing.
 */
const PARAMETER = /;\s*(?!q\s*=)[^\s;,="]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^;,"]*)/gi;

/**
 * The best of the available types by RFC 9110: the highest q, then the most specific range, then the client's order,
 * then ours. Null: none is acceptable.
 */
export function preferredType<T extends string>(accept: string | null, types: readonly T[]): T | null {
  if (!accept || accept === "*/*") return types[0] ?? null;
  const Negotiator = negotiator();
  const ranges = new Negotiator({ headers: { accept: accept.replace(PARAMETER, "") } });
  const [best] = ranges.mediaTypes([...types]);
  return types.find((type) => type === best) ?? null;
}

/** As `preferredType`. Throws AppError `not_acceptable` if none is acceptable. */
export function acceptedType<T extends string>(request: Request, types: readonly T[]): T {
  const accept = request.headers.get("accept");
  const type = preferredType(accept, types);
  if (type) return type;
  throw new AppError("not_acceptable", `This address does not offer ${accept?.slice(0, 100)}`, {
    fix: `Accept ${types.join(" or ")}.`,
  });
}

const FORMS = { "text/plain": "text", "text/html": "html", "application/json": "json" } as const;
const PAGE_TYPES = Object.keys(FORMS) as (keyof typeof FORMS)[];

/** Browsers name text/html, scripts application/json; curl's "anything" gets text. */
export function wantedForm(request: Request): Form {
  const accept = request.headers.get("accept");
  if (accept?.includes("application/problem+json")) return "json";
  const type = preferredType(accept, PAGE_TYPES);
  return type ? FORMS[type] : "text";
}

/** The first of our codings that the client accepts; null: it wants the bytes unchanged. */
export function preferredCoding<T extends string>(
  acceptEncoding: string | null,
  codings: readonly T[],
): T | null {
  const Negotiator = negotiator();
  const offers = new Negotiator({ headers: { "accept-encoding": acceptEncoding ?? "" } });
  const accepted = offers.encodings([...codings]);
  return codings.find((coding) => accepted.includes(coding)) ?? null;
}

/**
 * The path in the form of our routes: inside the base path, whether a proxy kept that or removed it, and without a
 * trailing slash.
 */
export function pathBelow(base: string, path: string): string {
  const isInside = path === base || path.startsWith(`${base}/`);
  const inside = isInside ? path : `${base}${path}`;
  return inside === `${base}/` ? base || "/" : inside;
}

/** The next page's address as a Link header; nothing on the last page. */
export function linkHeader(url: URL, next: number | null, name = "cursor"): Record<string, string> {
  if (next === null) return {};
  const query = new URLSearchParams(url.searchParams);
  query.set(name, String(next));
  return { link: `<${url.pathname}?${query}>; rel="next"` };
}

export interface Preference {
  isAsync: boolean;
  /** The maximum wait; null: not given. */
  waitSeconds: number | null;
  /** What was understood, for Preference-Applied. */
  applied: Record<string, string>;
}

/** What is not understood is ignored, as the RFC requires. */
export function readPreference(request: Request): Preference {
  const text = request.headers.get("prefer");
  if (text === null) return { isAsync: false, waitSeconds: null, applied: {} };
  const isAsync = /(^|[,\s])respond-async\b/i.test(text);
  const wait = /(?:^|[,\s])wait\s*=\s*"?(\d{1,9})\b/i.exec(text)?.[1];
  const understood = [...(isAsync ? ["respond-async"] : []), ...(wait ? [`wait=${wait}`] : [])];
  return {
    isAsync,
    waitSeconds: wait === undefined ? null : Number(wait),
    applied: understood.length ? { "preference-applied": understood.join(", "), vary: "prefer" } : {},
  };
}

/** The result within the time; null if that is over. A failure within it is thrown. */
export async function within<T>(promise: Promise<T>, seconds: number): Promise<T | null> {
  let timer: Timer | undefined;
  // A client that does not wait learns of a failure elsewhere.
  promise.catch(() => {});
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, Math.min(seconds * 1000, 2 ** 31 - 1), null);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
