/** What is an API route? A row of data: address, what it says of itself, what it takes, and what answers. */
import * as z from "zod";
import { AppError } from "../errors.ts";
import { linkHeader, readPage } from "../http/negotiate.ts";
import type { RateClass } from "../http/rate-limit.ts";
import type { Hold } from "../identity/holds.ts";
import type { Identity } from "../identity/identity.ts";
import type { Access } from "../identity/scopes.ts";
import type { PanelSource } from "../panel-data.ts";
import type { StoredVersion } from "../store/models.ts";

/** One request, without the router that brought it. */
export interface Call {
  box: PanelSource;
  request: Request;
  url: URL;
  params: Record<string, string>;
  /** Last value of each query parameter. */
  query: Record<string, string>;
  /** Origin and base path as the client sees them, for URLs that are printed. */
  home: string;
  requestId: string;
  identity: Identity;
  /** Registers what ends when the identity's access does: streams. */
  hold: Hold;
  /** The page of a model that is taken along: HTML is made by views, which core does not know. */
  standalonePage: (version: StoredVersion, module: string) => string;
  /** Lifts the server's limit on silence: for uploads and streams. */
  takeTime: () => void;
}

export interface Route {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with `:parameters`, below BASE_PATH. */
  path: string;
  /** What an identity needs to call it; "open" only for what says nothing of the data. */
  scope: Access;
  /** Which limit counts it. */
  rate?: RateClass;
  /** One sentence for the docs. */
  says: string;
  /** The JSON body, where it takes one. */
  body?: z.ZodType;
  /** What can be appended to the URL: name -> meaning. */
  query?: Record<string, string>;
  /** A line to paste; {home}, {dataset}, {run} and {model} stand for what this server has. */
  example: string;
  handle: (call: Call) => Response | Promise<Response>;
}

/** A newest-first list, paged by `?limit=&cursor=`, its next page in `next` and in Link. Throws AppError `invalid`. */
export function listAnswer<T>(
  call: Call,
  pageOf: (box: PanelSource, before: number, limit: number) => { items: T[]; next: number | null },
): Response {
  const { before, limit } = readPage(call.url);
  const { items, next } = pageOf(call.box, before, limit);
  return Response.json({ items, next }, { headers: linkHeader(call.url, next) });
}

export const LIST_QUERY = { limit: "how many, at most 1000", cursor: "`next` of the page before" };

/** `?version=`: another version than the live one. */
export const VERSION_QUERY = z.object({
  version: z.coerce.number("must be a whole number").int().min(1).optional(),
});

/** Why an address does not answer: nothing is there, or it takes other methods. */
export function nothingAt(routes: readonly Route[], method: string, path: string, base: string): AppError {
  const isHere = (route: Route) => new RegExp(`^${base}${route.path.replace(/:\w+/g, "[^/]+")}$`).test(path);
  const methods = [...new Set(routes.filter(isHere).map((route) => route.method))];
  if (!methods.length) return new AppError("missing", `There is nothing at ${path}`, { fix: "See /docs." });
  return new AppError("method", `${path} does not take ${method}`, {
    fix: `It takes ${methods.join(", ")}.`,
  });
}
