/** The API of models: versions, which one is live, and predictions. */

import * as z from "zod";
import type { Chunk, OutputForm } from "../../../../csv/formats/writers/output.ts";
import { mediaType } from "../../../../http/body.ts";
import type { Tag } from "../../../../http/conditional-requests.ts";
import { preferredType } from "../../../../http/negotiate.ts";
import { PARQUET_TYPE, streamAnswer, XLSX_TYPE } from "../../../../http/responses.ts";
import { JSON_HEADERS } from "../../../../http/security.ts";
import { type Chunks, startingWith } from "../../../../http/stream.ts";
import type { SplitPredictions } from "../../../../models/canary/split-serving.ts";
import { type FileToPredict, predictFile } from "../../../../models/files/predict-csv.ts";
import { MOST_ROWS_STORED, STORAGE_MODES } from "../../../../models/monitoring/prediction-log.ts";
import { PREDICT_REQUEST } from "../../../../models/serving.ts";
import { AppError } from "../../../../platform/errors.ts";
import { lazily, type OutputOf } from "../../../../platform/zod-setup.ts";
import type { Handle } from "../../../../store/database.ts";
import { LIST_FILTERS } from "../../../../store/lists.ts";
import {
  countPredictions,
  deploymentsOf,
  findEvaluation,
  listVersions,
  type StoredVersion,
} from "../../../../store/models.ts";
import { FILE_TYPES } from "../../answer.ts";
import { organisedTag } from "../../organise-responses.ts";
import { type Call, filterQuery, json, listOf, route, steadyListAnswer, VERSION_QUERY } from "../../route.ts";
import { DOWNLOAD, VERSION } from "./download.ts";
import { leadOf, modelAnswer, modelsAnswer } from "./model-answers.ts";

const INTERVAL_LEVEL = lazily(() => z.coerce.number("must be a number").min(0.01).max(0.999));
const PREDICT_QUERY = lazily(() =>
  VERSION_QUERY().extend({
    explain: z
      .enum(["0", "1"])
      .default("0")
      .describe(
        "1 adds contributions and, for up to 10 rows, the smallest change that changes the prediction",
      ),
    interval: INTERVAL_LEVEL()
      .optional()
      .describe(
        "the probability with which the bounds should contain the outcome, for example 0.9. Adds an interval to numbers and a set of classes otherwise; in a CSV, the columns interval_low and interval_high, or set",
      ),
    threshold: z.coerce
      .number("must be a number")
      .min(0)
      .max(1)
      .optional()
      .describe(
        "the probability from which the positive class is predicted, for this request; the live version answers",
      ),
    log: z
      .enum([...STORAGE_MODES, "0", "1"])
      .transform((log) => (log === "0" ? "off" : log === "1" ? "full" : log))
      .optional()
      .describe(
        `which rows are stored in the prediction log, as far as PREDICTION_LOG allows. By default all of up to ${MOST_ROWS_STORED} rows, and a sample beyond. 0 is off, 1 is full`,
      ),
  }),
);
export const THRESHOLD_REQUEST = lazily(() =>
  z.strictObject({
    version: z.int().min(1),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .describe("the probability from which the positive class is predicted; null: as trained"),
  }),
);
const LIVE_REQUEST = lazily(() =>
  z.strictObject({
    version: z.int().min(1),
    confirm: z
      .boolean()
      .default(false)
      .describe("true deploys a version although it has findings of severity error"),
  }),
);

/** An ETag of the versions and the live one; counts of predictions do not change it. */
export async function modelTag(
  { signalbox, params }: Pick<Call, "signalbox"> & { params: { name?: string } },
  store: Handle,
): Promise<Tag> {
  const { name, liveVersion, ...order } = await signalbox.models.find(params.name!, store);
  const newest = (await listVersions(store, name)).map(({ version, threshold }) =>
    threshold === null ? version : `${version}t${threshold}`,
  );
  const [deployed] = await deploymentsOf(store, name);
  const minute = Math.floor(signalbox.now() / 60_000);
  return {
    state: `${newest.join(".")}-${liveVersion ?? 0}-${deployed?.at ?? 0}-${organisedTag(name, order)}`,
    seen: `${await countPredictions(store, name)}-${minute}`,
  };
}

/** JSON rows, or a CSV: `curl -T` sends no type at all. */
async function predictRows(
  call: Call<Record<string, string>, OutputOf<typeof PREDICT_QUERY>, z.output<typeof PREDICT_REQUEST>>,
): Promise<Response> {
  const { signalbox, request, params, query, body: rows } = call;
  const name = params.name!;
  const asked = await askedVersion(call, name);
  if (FILE_TYPES.includes(mediaType(request)))
    return (
      await predictFileAnswer(call, asked ?? name, {
        form: acceptedForm(request),
        storageMode: query.log,
        interval: query.interval,
      })
    ).response;
  const options = { explain: query.explain === "1", storageMode: query.log, interval: query.interval };
  if (!asked)
    return predictionsAnswer(
      await signalbox.splitServing.predict(name, rows, { ...options, headers: request.headers }),
    );
  const served = await signalbox.serving.predict(asked, rows, options);
  return predictionsAnswer({ version: asked, versions: null, ...served });
}

/** What a request without options is answered by is decided with its canary: null. */
async function askedVersion(
  {
    signalbox,
    query,
  }: Pick<Call<Record<string, string>, OutputOf<typeof PREDICT_QUERY>>, "signalbox" | "query">,
  name: string,
): Promise<StoredVersion | null> {
  const { version, threshold } = query;
  if (version === undefined && threshold === undefined) return null;
  const asked = await signalbox.models.serving(name, version ?? null);
  if (threshold === undefined) return asked;
  if (asked.result.task !== "binary")
    throw new AppError("invalid", `${name} has no threshold: it does not choose between two classes`, {
      fix: "Leave out threshold.",
    });
  return { ...asked, threshold };
}

function predictionsAnswer({ version, versions, ...answer }: SplitPredictions): Response {
  const { predictions, warnings, threshold } = answer;
  const body = {
    model: version.name,
    version: version.version,
    predictions: versions
      ? predictions.map((prediction, row) => ({ ...prediction, version: versions[row]! }))
      : predictions,
    ...(threshold !== null && { threshold }),
    ...(warnings.length && { warnings }),
  };
  return new Response(JSON.stringify(body), { headers: JSON_HEADERS });
}

const FORM_TYPES = {
  "text/csv": "csv",
  "application/x-ndjson": "ndjson",
  [XLSX_TYPE]: "xlsx",
  [PARQUET_TYPE]: "parquet",
} as const satisfies Record<string, OutputForm>;

/** The format that Accept names; undefined if it names none: then it is the rows' own format. */
function acceptedForm(request: Request): OutputForm | undefined {
  const accept = request.headers.get("accept")?.toLowerCase() ?? "";
  const named = (Object.keys(FORM_TYPES) as (keyof typeof FORM_TYPES)[]).filter((type) =>
    accept.includes(type),
  );
  const type = named.length > 0 ? preferredType(accept, named) : null;
  return type ? FORM_TYPES[type] : undefined;
}

type PredictFileCall = Pick<Call, "signalbox" | "request" | "problemOf" | "hold" | "takeTime">;

/**
 * A request's file with the prediction's columns added, streamed; in its own format, or in `form`. `of`: the requested
 * version, or the name of a model whose live version and canary predict.
 */
export async function predictFileAnswer(
  { signalbox, request, problemOf, hold, takeTime }: PredictFileCall,
  of: StoredVersion | string,
  asked: Pick<FileToPredict, "form" | "storageMode" | "interval" | "isComplete"> = {},
): Promise<{ form: OutputForm; response: Response }> {
  takeTime();
  const { datasets, serving } = signalbox;
  const split = typeof of === "string" ? await signalbox.splitServing.split(of, request.headers) : null;
  const version = typeof of === "string" ? await signalbox.models.serving(of, null) : of;
  const source = {
    body: (signal: AbortSignal) => datasets.follow(request, signal),
    readAside: (chunks: AsyncIterable<Uint8Array>) => datasets.readAside(chunks),
  };
  // The header and a refusal come before the first byte is sent.
  const answer = await predictFile(serving, version, { ...source, lease: hold, split, ...asked }).catch(
    (error: unknown) => {
      throw withHeaderFix(error);
    },
  );
  const { first, isWhole, rest } = await gatherAnswer(answer.chunks).catch((error: unknown) => {
    throw withHeaderFix(error);
  });
  const headers = { "x-warnings": isWhole ? String(answer.tally.warnings) : "in-column" };
  const chunks = startingWith(first, rest);
  return { form: answer.form, response: streamAnswer(chunks, answer.form, { problemOf, headers }) };
}

const GATHERED_BYTES = 1024 * 1024;
/** Slow rows are answered as they come. */
const GATHERED_MS = 1000;

interface GatheredAnswer {
  first: Chunk;
  isWhole: boolean;
  rest: Chunks;
}

/** The whole response if it is short and comes at once, else its beginning. */
async function gatherAnswer(chunks: AsyncGenerator<Chunk>): Promise<GatheredAnswer> {
  const pieces: Chunk[] = [];
  let size = 0;
  let next = chunks.next();
  while (size <= GATHERED_BYTES) {
    const came = await (size === 0 ? next : Promise.race([next, Bun.sleep(GATHERED_MS)]));
    if (!came) break;
    if (came.done) return { first: joined(pieces), isWhole: true, rest: chunks };
    pieces.push(came.value);
    size += typeof came.value === "string" ? Buffer.byteLength(came.value) : came.value.length;
    next = chunks.next();
  }
  return { first: joined(pieces), isWhole: false, rest: continued(next, chunks) };
}

function joined(pieces: readonly Chunk[]): Chunk {
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
  return new Uint8Array(Buffer.concat(pieces.map((piece) => Buffer.from(piece as Uint8Array))));
}

/**
 * What is still to come. If it is ended before it began, it ends the chunks too, which a generator's `finally` would
 * not.
 */
function continued(first: Promise<IteratorResult<Chunk>>, chunks: AsyncGenerator<Chunk>): Chunks {
  let next: Promise<IteratorResult<Chunk>> | null = first;
  return {
    next: () => {
      const came = next ?? chunks.next();
      next = null;
      return came;
    },
    return: (value) => chunks.return(value),
  };
}

/** JSON under another content type, as `curl -d` sends it. */
function withHeaderFix(error: unknown): unknown {
  if (!(error instanceof AppError) || !/^\s*[[{]/.test(error.place.near ?? "")) return error;
  const fix = "Send rows as CSV, or the header content-type: application/json.";
  return new AppError(error.code, error.message, { ...error.place, fix });
}

const predictBy = (method: "POST" | "PUT") =>
  route({
    method,
    path: "/api/models/:name/predict",
    scope: "predict",
    rate: "predict",
    query: PREDICT_QUERY,
    body: () => PREDICT_REQUEST,
    file: "rows to predict, below a header with the names of the features",
    example:
      "curl --fail-with-body -H 'content-type: application/json' -d '{row}' '{home}/api/models/{model}/predict?version={version}'",
    says: "Predicts rows given by feature name, in any order. Missing and unknown values are allowed. For a file (CSV, Excel, Parquet, JSON, NDJSON) the response has the same format, or the one that Accept names.",
    answers: {
      200: {
        ...json("PREDICTIONS"),
        "text/csv": "the rows with the prediction's columns added",
        "application/x-ndjson": "the same rows, one object per line",
        [XLSX_TYPE]: "the same as an Excel workbook",
        [PARQUET_TYPE]: "the same as Parquet",
      },
    },
    refusals: ["conflict"],
    handle: predictRows,
  });

/** A single-row `PREDICT` takes the fast path. `curl -T` sends PUT. */
export const PREDICT = predictBy("POST");

export const MODEL_ROUTES = [
  route({
    method: "GET",
    path: "/api/models",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models?limit=10'",
    says: "Lists the models, newest first; `q` searches names, targets, columns, tags and notes.",
    query: () => filterQuery(LIST_FILTERS.models),
    answers: { 200: listOf("LISTED_MODEL") },
    handle: (call) => steadyListAnswer(call, modelsAnswer, () => false),
  }),
  route({
    method: "GET",
    path: "/api/models/:name",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models/{model}'",
    says: "A model with its versions, their metrics and the columns that it takes.",
    answers: { 200: json("MODEL") },
    tag: modelTag,
    handle: async ({ signalbox, params }) =>
      Response.json(await modelAnswer(signalbox, (await signalbox.models.find(params.name!)).name)),
  }),
  route({
    method: "GET",
    path: "/api/models/:name/versions/:v",
    scope: "read",
    params: VERSION,
    example: "curl --fail-with-body '{home}/api/models/{model}/versions/{version}'",
    says: "A version with everything that its evaluation found.",
    answers: { 200: json("MODEL_VERSION") },
    tag: modelTag,
    handle: async ({ signalbox, params }) => {
      const found = await signalbox.models.findVersion(params.name, params.v);
      const { createdAt, ...version } = found;
      const { findings, positiveClass, readings, cost } = version.result;
      return Response.json({
        ...{ ...version, findings, positiveClass, readings, cost },
        ...(await leadOf(signalbox, found)),
        createdAt: new Date(createdAt).toISOString(),
        isLive: (await signalbox.models.find(version.name)).liveVersion === version.version,
        evaluation: await findEvaluation(signalbox.store, version.name, version.version),
      });
    },
  }),
  DOWNLOAD,
  route({
    method: "PUT",
    path: "/api/models/:name/live",
    scope: "deploy",
    example:
      "curl --fail-with-body -X PUT -H 'content-type: application/json' -d '{\"version\":{version}}' '{home}/api/models/{model}/live'",
    says: "Deploys a version, or rolls back to one, immediately. A version with findings of severity error is refused with 409 unless `confirm` is true. With If-Match, only if nobody deployed another in the meantime.",
    body: LIVE_REQUEST,
    tag: modelTag,
    answers: { 200: json("MODEL") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, body, unchanged }) =>
      Response.json(
        await modelAnswer(
          signalbox,
          (
            await signalbox.models.deploy(params.name!, body.version, {
              isConfirmed: body.confirm,
              unchanged,
            })
          ).name,
        ),
      ),
  }),
  route({
    method: "DELETE",
    path: "/api/models/:name/live",
    scope: "deploy",
    example: "curl --fail-with-body -X DELETE '{home}/api/models/{model}/live'",
    says: "Takes the live version offline: requests that name no version return 409 until one is deployed.",
    tag: modelTag,
    answers: { 200: json("MODEL") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, unchanged }) =>
      Response.json(
        await modelAnswer(signalbox, (await signalbox.models.takeOffline(params.name!, unchanged)).name),
      ),
  }),
  route({
    method: "PUT",
    path: "/api/models/:name/threshold",
    scope: "deploy",
    example:
      "curl --fail-with-body -X PUT -H 'content-type: application/json' -d '{\"version\":1,\"threshold\":0.42}' '{home}/api/models/{model}/threshold'",
    says: "Sets the probability from which a binary version predicts its positive class. Applies immediately.",
    body: THRESHOLD_REQUEST,
    tag: modelTag,
    answers: { 200: json("MODEL") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, body, unchanged }) =>
      Response.json(
        await modelAnswer(
          signalbox,
          (await signalbox.models.setThreshold(params.name!, body, unchanged)).name,
        ),
      ),
  }),
  PREDICT,
  predictBy("PUT"),
];
