/** Which form of an answer does the client want? And how are lists asked for and answered? */
import * as z from "zod";
import { checked } from "./body.ts";

export type Form = "html" | "json" | "text";

/** Browsers name text/html, scripts application/json; curl's bare "anything" gets text. */
export function wantedForm(request: Request): Form {
  const accept = request.headers.get("accept") ?? "";
  if (/\btext\/html\b|application\/xhtml/.test(accept)) return "html";
  if (/\bapplication\/(problem\+)?json\b/.test(accept)) return "json";
  return "text";
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

const PAGE = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z.coerce.number().int().min(0).default(Number.MAX_SAFE_INTEGER),
});

/** `?limit=&cursor=`; lists are newest first, so the cursor is "before". Throws AppError `invalid`. */
export function readPage(url: URL): { before: number; limit: number } {
  const { limit, cursor } = checked(Object.fromEntries(url.searchParams), PAGE);
  return { before: cursor, limit };
}

/** The address of the next page as a Link header; nothing on the last page. */
export function linkHeader(url: URL, next: number | null, name = "cursor"): Record<string, string> {
  if (next === null) return {};
  const query = new URLSearchParams(url.searchParams);
  query.set(name, String(next));
  return { link: `<${url.pathname}?${query}>; rel="next"` };
}
