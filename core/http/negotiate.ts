/**
 * Chooses the format of a response. RFC 9110's Accept with its q-values; and the Link to a list's next page.
 */
import { AppError } from "../platform/errors.ts";

export type Form = "html" | "json" | "text";

interface Range {
  type: string;
  q: number;
}

/** What a header lists, without what it refuses by q=0; in its order where q is the same. */
function rangesOf(accept: string): Range[] {
  return accept
    .split(",")
    .map((part) => {
      const [type = "", ...parameters] = part.split(";").map((word) => word.trim().toLowerCase());
      const q = parameters.find((word) => word.startsWith("q="))?.slice(2);
      return { type, q: q === undefined ? 1 : Number(q) || 0 };
    })
    .filter(({ type }) => type !== "");
}

/** How much a type is wanted: the most exact range decides, as RFC 9110 has it. */
function weight(ranges: readonly Range[], type: string): { q: number; exactness: number } {
  const general = `${type.split("/")[0]}/*`;
  const found =
    ranges.find((range) => range.type === type) ??
    ranges.find((range) => range.type === general) ??
    ranges.find((range) => range.type === "*/*");
  if (!found) return { q: 0, exactness: 0 };
  return { q: found.q, exactness: found.type === type ? 2 : found.type === general ? 1 : 0 };
}

/** The best of the types that an answer may have, in our order where the client has none; null: none is wanted. */
export function preferredType<T extends string>(accept: string | null, types: readonly T[]): T | null {
  if (accept === null || accept === "*/*" || accept === "") return types[0] ?? null;
  const ranges = rangesOf(accept);
  let best: { type: T; q: number; exactness: number } | null = null;
  for (const type of types) {
    const found = weight(ranges, type);
    const isBetter = !best || found.q > best.q || (found.q === best.q && found.exactness > best.exactness);
    if (found.q > 0 && isBetter) best = { type, ...found };
  }
  return best?.type ?? null;
}

/** As `preferredType`. Throws AppError `not_acceptable` where none is wanted. */
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

/** Browsers name text/html, scripts application/json; curl's bare "anything" gets text. */
export function wantedForm(request: Request): Form {
  const accept = request.headers.get("accept");
  if (accept?.includes("application/problem+json")) return "json";
  const type = preferredType(accept, PAGE_TYPES);
  return type ? FORMS[type] : "text";
}

/** Does the client take gzip? */
export function takesGzip(acceptEncoding: string | null): boolean {
  if (!acceptEncoding) return false;
  const ranges = rangesOf(acceptEncoding);
  const found = ranges.find(({ type }) => type === "gzip") ?? ranges.find(({ type }) => type === "*");
  return (found?.q ?? 0) > 0;
}

/**
 * The path as our routes name it: inside the base path, whether a proxy kept that or took it away, and without a slash
 * behind it.
 */
export function pathBelow(base: string, path: string): string {
  const isInside = path === base || path.startsWith(`${base}/`);
  const inside = isInside ? path : `${base}${path}`;
  return inside === `${base}/` ? base || "/" : inside;
}

/** The address of the next page as a Link header; nothing on the last page. */
export function linkHeader(url: URL, next: number | null, name = "cursor"): Record<string, string> {
  if (next === null) return {};
  const query = new URLSearchParams(url.searchParams);
  query.set(name, String(next));
  return { link: `<${url.pathname}?${query}>; rel="next"` };
}

export interface Preference {
  isAsync: boolean;
  /** How long it waits at most; null: not said. */
  waitSeconds: number | null;
  /** What was understood, for Preference-Applied. */
  applied: Record<string, string>;
}

/** What is not understood is ignored, as the RFC asks. */
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

/** What it comes to within the time; null where that is over. A failure within it is thrown. */
export async function within<T>(promise: Promise<T>, seconds: number): Promise<T | null> {
  let timer: Timer | undefined;
  // Who does not wait hears of a failure elsewhere.
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
