/**
 * Answers an API request by its row. Everything that its schemas define is checked before its handler runs, so that no
 * handler sees anything that the docs do not describe.
 */
import * as z from "zod";
import { checked, mediaType, readJson, readText } from "../../http/body.ts";
import { isUnmodified, requireUnchanged, tagText } from "../../http/conditional-requests.ts";
import { acceptedType } from "../../http/negotiate.ts";
import { AppError } from "../../platform/errors.ts";
import type { Handle } from "../../store/database.ts";
import { type Call, keepsAnswer, type Route } from "./route.ts";

/** Throws AppError: `not_acceptable`, `media_type`, `too_large`, `syntax`, and what the handler throws. */
export async function answerRoute(row: Route, call: Call): Promise<Response> {
  const { signalbox } = call;
  const types = typesOf(row);
  // Who names a format in the address has chosen it.
  if (types.length && !isFormatNamed(row, call)) acceptedType(call.request, types);
  const params = row.params ? checked(call.params, row.params()) : call.params;
  const query = queryOf(row, call.query);
  const tag = await row.tag?.({ signalbox, params }, signalbox.store);
  if (tag && row.method === "GET" && isUnmodified(call.request.headers.get("if-none-match"), tag))
    return new Response(null, { status: 304, headers: { etag: tagText(tag) } });
  const act = async (request: Request) => {
    const unchanged = async (tx: Handle) => {
      const now = row.method === "GET" ? null : await row.tag?.({ signalbox, params }, tx);
      if (now) requireUnchanged(request.headers, now);
    };
    await unchanged(signalbox.store);
    const body = await bodyOf(row, request, call);
    // Extended, not copied: values that a handler does not read are not computed.
    return row.handle(Object.assign(call, { request, params, query, body, unchanged }));
  };
  const answer =
    call.request.headers.has("idempotency-key") && keepsAnswer(row)
      ? await signalbox.idempotency.answer(
          { request: call.request, who: call.identity.key ?? call.identity.name, kind: kindOf(row) },
          act,
        )
      : await act(call.request);
  const shown =
    row.method === "GET"
      ? tag
      : answer.ok && answer.status !== 204 && (await row.tag?.({ signalbox, params }, signalbox.store));
  if (shown) answer.headers.set("etag", tagText(shown));
  return answer;
}

function isFormatNamed(row: Route, { url }: Call): boolean {
  const query = row.query?.();
  return query instanceof z.ZodObject && "format" in query.shape && url.searchParams.has("format");
}

interface QueryCheck {
  schema: z.ZodType;
  /** The schema's result for an empty query: most requests have none, so it is computed once. */
  fallback: unknown;
}

const CHECKS = new WeakMap<Route, QueryCheck>();

/** An unknown parameter is refused: it was meant to do something. */
function queryOf(row: Route, query: Call["query"]): unknown {
  let check = CHECKS.get(row);
  if (!check) {
    const schema = querySchema(row);
    check = { schema, fallback: schema.safeParse({}).data };
    CHECKS.set(row, check);
  }
  const isEmpty = Object.keys(query).length === 0;
  return isEmpty && check.fallback !== undefined ? check.fallback : checked(query, check.schema);
}

/** Addresses outside the API are called by load balancers and scrapers, which may add parameters. */
function querySchema({ path, query: made }: Route): z.ZodType {
  const query = made?.() ?? z.object({});
  return path.startsWith("/api/") && query instanceof z.ZodObject ? query.strict() : query;
}

function kindOf({ isSecret, scope }: Route): "change" | "secret" | "harmless" {
  return isSecret ? "secret" : scope === "predict" || scope === "read" ? "harmless" : "change";
}

const ANSWER_TYPES = new WeakMap<Route, string[]>();

/** The media types that a row's responses may have; none if it only ever returns "done". */
function typesOf(row: Route): string[] {
  let types = ANSWER_TYPES.get(row);
  if (!types) {
    types = [...new Set(Object.values(row.answers).flatMap((answer) => Object.keys(answer ?? {})))];
    ANSWER_TYPES.set(row, types);
  }
  return types;
}

/**
 * Content types that clients use for a file with a table: `curl -T` sends none at all, `--data-binary` that of a form.
 */
export const FILE_TYPES: readonly string[] = [
  ...[
    "",
    "text/csv",
    "text/plain",
    "text/tab-separated-values",
    "application/csv",
    "application/octet-stream",
  ],
  ...["application/vnd.ms-excel", "application/gzip", "application/x-gzip", "application/zip"],
  ...["application/x-www-form-urlencoded", "multipart/form-data"],
  ...["application/zstd", "application/x-ndjson", "application/ndjson", "application/jsonl"],
  ...["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/x-parquet"],
  ...["application/vnd.apache.parquet", "application/parquet", "application/vnd.apache.arrow.file"],
];

/** JSON that is sent without its type is never longer. */
const MOST_UNTYPED_BYTES = 1_000_000;

/** As `-F file=@x.csv` and `--data-binary @x.csv` send it: the latter with the type of a form, but with cells. */
async function isFile(request: Request): Promise<boolean> {
  const type = mediaType(request);
  if (type !== "" && type !== "application/x-www-form-urlencoded") return FILE_TYPES.includes(type);
  if (Number(request.headers.get("content-length") ?? 0) > MOST_UNTYPED_BYTES) return true;
  return /^\s*[^\s{[].*?[\n,;\t]/s.test(await readText(request));
}

async function bodyOf(row: Route, request: Request, call: Call): Promise<unknown> {
  if (row.file !== undefined) {
    const type = mediaType(request);
    // If only a file is expected, its bytes decide: a browser names a type by the file's ending.
    if (!row.body || FILE_TYPES.includes(type)) return undefined;
    if (type !== "application/json")
      throw new AppError("media_type", `This route takes rows as CSV or JSON, not ${type}`, {
        fix: /^(image|audio|video)\//.test(type)
          ? "Send the data as a table, not a picture or recording of it."
          : "Send CSV with the header content-type: text/csv, or JSON with content-type: application/json.",
      });
  }
  if (!row.body) return undefined;
  if (row.fileElsewhere && (await isFile(request)))
    throw new AppError("media_type", "This route takes JSON, not a file", row.fileElsewhere(call));
  // A refusal's example names what the body asked about.
  return readJson(request, row.body(), (value) => {
    call.body = value;
  });
}
