/** Defines what an API route is: a row of data with its address, description, input and responses. */
import * as z from "zod";
import type { ViewScope } from "../../events/privacy.ts";
import { COMPRESS_FROM } from "../../http/compress.ts";
import type { Tag } from "../../http/conditional-requests.ts";
import type { Identity } from "../../http/identity/identity.ts";
import type { Access } from "../../http/identity/scopes.ts";
import { linkHeader, preferredCoding } from "../../http/negotiate.ts";
import type { Problem } from "../../http/problem.ts";
import type { ExportedChart } from "../../models/exports/chart.ts";
import type { RateClass } from "../../operations/config.ts";
import type { ErrorCode, ErrorPlace } from "../../platform/errors.ts";
import type { Lease } from "../../platform/leases.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import type { Handle, Unchanged } from "../../store/database.ts";
import type { ListFilter, PageRange } from "../../store/lists.ts";
import type { StoredVersion } from "../../store/models.ts";
import type { PanelSource } from "../data/panel-data.ts";

export interface Drawings {
  /** The exported HTML page of a model. */
  standalonePage: (version: StoredVersion, module: string) => Promise<string>;
  /** A whole SVG document. */
  /** A chart as a whole SVG document of this width in pixels. */
  chartSvg: (chart: ExportedChart, look: { theme: "light" | "dark"; width: number }) => Promise<string>;
}

/** One request, independent of the router; params, query and body as the row's schemas parsed them. */
export interface Call<P = Record<string, string>, Q = Record<string, string>, B = unknown> {
  signalbox: PanelSource;
  request: Request;
  url: URL;
  params: P;
  /** Last value of each query parameter. */
  query: Q;
  /** The JSON body, if the row takes one and the request has one. */
  body: B;
  /** Origin and base path as the client sees them, for URLs that are printed. */
  home: string;
  requestId: string;
  /** Makes the problem that a stream writes before it breaks; it is logged like a failed request. */
  problemOf: (error: unknown) => Promise<Problem>;
  /** Throws AppError `precondition` if If-Match no longer holds; called at the moment of the change. */
  unchanged: Unchanged;
  identity: Identity;
  /** What it may see; `signalbox` contains no more than that. */
  viewScope: ViewScope;
  /** Registers what ends with the identity's access: streams. */
  hold: Lease;
  /** HTML and SVG are made by views, which core does not import. */
  drawings: Drawings;
  /** Lifts the server's idle timeout: for uploads and streams. */
  takeTime: () => void;
}

type Schemas = typeof import("./schemas/index.ts");

/** The name of a schema in `schemas/`. Only the name is here: the server starts without the schemas. */
export type SchemaName = { [K in keyof Schemas]: Schemas[K] extends z.ZodType ? K : never }[keyof Schemas];

export interface SchemaRef {
  schema: SchemaName;
  /** A page of such a list. */
  isList: boolean;
}

/** Media types, each with its schema or a sentence; null: no body. */
export type Answer = Readonly<Record<string, SchemaRef | string>> | null;

export function json(schema: SchemaName) {
  return { "application/json": { schema, isList: false } } satisfies Answer;
}

/** A page of a list. */
export function listOf(schema: SchemaName) {
  return { "application/json": { schema, isList: true } } satisfies Answer;
}

type Params = z.ZodRecord<z.ZodString, z.ZodString>;
type Query = z.ZodObject<Record<never, never>>;

export interface RouteOf<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with `:parameters`, below BASE_PATH. */
  path: string;
  /** What an identity needs to call it; "open" only for responses that contain no data. */
  scope: Access;
  /** The rate limit that counts it. */
  rate?: RateClass;
  /** One sentence for the docs. */
  says: string;
  /** Checks of the path's parameters; without it each is any text. This and the next two are made when first needed. */
  params?: () => P;
  /** What can be appended to the URL, each with `.describe()`. */
  query?: () => Q;
  /** The JSON body, if it takes one. */
  body?: () => B;
  /** What the file is for, if the body may be one: raw, gzipped or the multipart field `file`. */
  file?: string;
  /** What to do with a file that is sent here, if another route takes it. */
  fileElsewhere?(call: Pick<Call, "signalbox" | "home">): ErrorPlace;
  /** The response by status. */
  answers: Readonly<Partial<Record<200 | 201 | 202 | 204, Answer>>>;
  /** Why it may refuse, beyond what its parts imply (see `refusalsOf`). */
  refusals?: readonly ErrorCode[];
  /** Its response contains a secret that is shown once: it is never stored for an Idempotency-Key. */
  isSecret?: true;
  /** The current version of what it shows or changes, for ETag and If-Match, read from `store`. Throws AppError `missing`. */
  tag?(call: Pick<Call<z.output<P>>, "signalbox" | "params">, store: Handle): Promise<Tag | null>;
  /** An example to paste; {home}, {dataset}, {run} and {model} are replaced by what this server has. */
  example: string;
  /** A method, so that rows with other types of params, query and body fit into one table. */
  handle(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Response | Promise<Response>;
}

export type Route = RouteOf<z.ZodType, z.ZodType, z.ZodType>;

/** Declares a row, so that its handler sees typed params, query and body. */
export function route<
  P extends z.ZodType = Params,
  Q extends z.ZodType = Query,
  B extends z.ZodType = z.ZodType,
>(row: RouteOf<P, Q, B>): Route {
  const { params, query, body } = row;
  return {
    ...row,
    ...(params && { params: lazily(params) }),
    ...(query && { query: lazily(query) }),
    ...(body && { body: lazily(body) }),
  };
}

/** Whether it takes an Idempotency-Key. */
export function keepsAnswer({ method }: Route): boolean {
  return method === "POST" || method === "PUT";
}

const ANYWHERE: readonly ErrorCode[] = [
  "syntax",
  "unauthorized",
  "forbidden",
  "not_acceptable",
  "host",
  "too_many",
];
const WITH_BODY: readonly ErrorCode[] = ["media_type", "too_large", "invalid"];

/** Every refusal that a row may return: its own, and those of its params, query, body and method. */
export function refusalsOf(row: Route): ErrorCode[] {
  return [
    ...new Set<ErrorCode>([
      ...ANYWHERE,
      ...(row.path.includes(":") ? (["missing"] as const) : []),
      ...(row.body || row.file ? WITH_BODY : []),
      ...(row.file ? (["disk_full"] as const) : []),
      ...(row.tag && row.method !== "GET" ? (["precondition"] as const) : []),
      ...(keepsAnswer(row) ? (["conflict", "invalid"] as const) : []),
      ...(row.refusals ?? []),
    ]),
  ];
}

/** `/models/:name/versions/:v`. */
export const VERSION_NUMBER = lazily(() =>
  z.coerce
    .number("must be a version's number")
    .int()
    .min(1)
    .max(2 ** 31),
);

/** `?version=` */
export const VERSION_QUERY = lazily(() =>
  z.object({
    version: VERSION_NUMBER().optional().describe("a version other than the live one"),
  }),
);

export const LIST_QUERY = lazily(() =>
  z.object({
    limit: z.coerce.number().int().min(1).max(1000).default(50).describe("how many"),
    cursor: z.coerce
      .number()
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .default(Number.MAX_SAFE_INTEGER)
      .describe("`next` of the previous page"),
  }),
);

/** As `LIST_QUERY`, for a list that can be searched, filtered and sorted; an empty value counts as absent. */
export function filterQuery(list: {
  statuses: Readonly<Record<string, string>>;
  sorts: Readonly<Record<string, string>>;
}) {
  const sorts = Object.keys(list.sorts).flatMap((name) => [name, `-${name}`]);
  return LIST_QUERY().extend({
    q: z.string().max(200).default("").describe("only rows that contain this text"),
    status: z
      .enum(["", ...Object.keys(list.statuses)])
      .default("")
      .describe("only rows with this status; archived ones only on request"),
    tag: z.string().max(40).default("").describe("only rows with this tag"),
    sort: z
      .enum(["", ...sorts])
      .default("")
      .describe("column to sort by, with a minus for descending order; default: newest first"),
  });
}

/** Which part of a list was requested. */
export function rangeOf(query: OutputOf<typeof LIST_QUERY> & Partial<ListFilter>): PageRange {
  const { cursor: before, limit, q = "", status = "", sort = "", tag = "" } = query;
  const isPlain = !q.trim() && !status && !sort && !tag;
  return { before, limit, ...(isPlain ? {} : { filter: { q: q.trim(), status, sort, tag } }) };
}

type ListCall = Call<unknown, OutputOf<typeof LIST_QUERY> & Partial<ListFilter>>;
type PageOf<T> = (signalbox: PanelSource, range: PageRange) => Promise<{ items: T[]; next: number | null }>;

/** A list, by default newest first, paged by `?limit=&cursor=`, its next page in `next` and in Link. */
export async function listAnswer<T>(
  { signalbox, url, query }: ListCall,
  pageOf: PageOf<T>,
): Promise<Response> {
  const { items, next } = await pageOf(signalbox, rangeOf(query));
  return Response.json({ items, next }, { headers: linkHeader(url, next) });
}

interface KeptPage {
  seq: number;
  minute: number;
  body: string;
  /** The compressed body, made when it is first requested. */
  gzip: Uint8Array<ArrayBuffer> | null;
  next: number | null;
}

const PAGES_KEPT = 20;
const KEPT_PAGES = new WeakMap<PanelSource["log"], Map<string, KeptPage>>();

/**
 * As `listAnswer`, for rows that change only with an event or a new minute: a page is read and serialised once until
 * then. `isMoving`: the row changes with the clock, too.
 */
export async function steadyListAnswer<T>(
  { signalbox, request, url, query }: ListCall,
  pageOf: PageOf<T>,
  isMoving: (row: T) => boolean,
): Promise<Response> {
  const kept = KEPT_PAGES.getOrInsertComputed(signalbox.log, () => new Map());
  const range = rangeOf(query);
  // Others see other rows.
  const audience = signalbox.privacy.audienceOf(signalbox.viewScope);
  const key = `${url.pathname} ${JSON.stringify(range)} ${audience}`;
  const moment = { seq: signalbox.log.lastSeq, minute: Math.floor(signalbox.now() / 60_000) };
  let page = kept.get(key);
  if (page?.seq !== moment.seq || page.minute !== moment.minute) {
    const { items, next } = await pageOf(signalbox, range);
    page = { ...moment, body: JSON.stringify({ items, next }), gzip: null, next };
    if (kept.size >= PAGES_KEPT) kept.clear();
    if (!items.some(isMoving)) kept.set(key, page);
  }
  const headers = { "content-type": "application/json;charset=utf-8", ...linkHeader(url, page.next) };
  if (page.body.length < COMPRESS_FROM || !preferredCoding(request.headers.get("accept-encoding"), ["gzip"]))
    return new Response(page.body, { headers });
  page.gzip ??= Bun.gzipSync(page.body);
  return new Response(page.gzip, {
    headers: { ...headers, "content-encoding": "gzip", vary: "accept-encoding" },
  });
}
