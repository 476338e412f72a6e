/** The API of models: versions, which one is live, and predictions. */
import * as z from "zod";
import { streamAnswer } from "../http/answers.ts";
import { checked, readJson } from "../http/body.ts";
import { modelPage, modelView } from "../panel-data.ts";
import { predictCsv } from "../predict-csv.ts";
import { PREDICT_REQUEST } from "../serving.ts";
import { findEvaluation, type StoredVersion } from "../store/models.ts";
import { type Call, LIST_QUERY, listAnswer, type Route, VERSION_QUERY } from "./route.ts";

const VERSION_NUMBER = z.coerce.number("must be a version's number").int().min(1);
const LIVE_REQUEST = z.strictObject({ version: z.number().int().min(1) });

/** JSON rows, or a CSV: `curl -T` sends no type at all. */
async function predictRows(call: Call): Promise<Response> {
  const { box, request, params, query } = call;
  const version = checked(query, VERSION_QUERY).version ?? null;
  const serving = box.models.serving(params.name!, version);
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (CSV_TYPES.has(type)) return predictFile(call, serving);
  const rows = await readJson(request, PREDICT_REQUEST);
  const { predictions, warnings } = await box.serving.predict(serving, rows, {
    explain: query.explain === "1",
  });
  return Response.json({
    model: serving.name,
    version: serving.version,
    predictions,
    ...(warnings.length && { warnings }),
  });
}

const CSV_TYPES = new Set(["", "text/csv", "application/octet-stream", "multipart/form-data"]);

async function predictFile(
  { box, request, requestId, takeTime }: Call,
  version: StoredVersion,
): Promise<Response> {
  takeTime();
  const path = await box.datasets.receiveAside(request);
  const lines = predictCsv(box.serving, version, path);
  // The header and a refusal come before the first byte leaves.
  const first = await lines.next();
  return streamAnswer(startingWith(first.value ?? "", lines), "csv", { instance: requestId });
}

async function* startingWith(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

const DOWNLOAD_QUERY = z.object({
  format: z.enum(["json", "mjs", "html", "lightgbm", "onnx"]).default("json"),
});

async function download({ box, params, query, standalonePage }: Call): Promise<Response> {
  const version = box.models.findVersion(params.name!, checked(params.v, VERSION_NUMBER));
  const { format } = checked(query, DOWNLOAD_QUERY);
  const { exportModel, modelModule } = await import("../model-export.ts");
  const bytes = await box.models.read(version);
  const { body, type, ending } =
    format === "html"
      ? { body: standalonePage(version, modelModule(bytes, version)), type: "text/html", ending: "html" }
      : exportModel(bytes, version, format);
  const name = `${version.name}-v${version.version}.${ending}`;
  const headers = { "content-type": type, "content-disposition": `attachment; filename="${name}"` };
  return new Response(body, { headers });
}

export const MODEL_ROUTES: Route[] = [
  {
    method: "GET",
    path: "/api/models",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models?limit=10'",
    says: "Lists the models, newest first.",
    query: LIST_QUERY,
    handle: (call) => listAnswer(call, modelPage),
  },
  {
    method: "GET",
    path: "/api/models/:name",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models/{model}'",
    says: "A model with its versions, their metrics and the columns that it takes.",
    handle: ({ box, params }) => Response.json(modelView(box, box.models.find(params.name!).name)),
  },
  {
    method: "GET",
    path: "/api/models/:name/versions/:v",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models/{model}/versions/1'",
    says: "A version with everything that its evaluation found.",
    handle: ({ box, params }) => {
      const version = box.models.findVersion(params.name!, checked(params.v, VERSION_NUMBER));
      return Response.json({
        ...version,
        evaluation: findEvaluation(box.store, version.name, version.version),
      });
    },
  },
  {
    method: "DELETE",
    path: "/api/models/:name/versions/:v",
    scope: "train",
    example: "curl --fail-with-body -X DELETE '{home}/api/models/{model}/versions/1'",
    says: "Deletes a version that is not live.",
    handle: async ({ box, params }) => {
      await box.models.delete(params.name!, checked(params.v, VERSION_NUMBER));
      return new Response(null, { status: 204 });
    },
  },
  {
    method: "GET",
    path: "/api/models/:name/versions/:v/download",
    scope: "read",
    example: "curl --fail-with-body -OJ '{home}/api/models/{model}/versions/1/download?format=mjs'",
    says: "The model to take along: json, mjs (a module), html (a page), lightgbm or onnx where it can be written so.",
    query: { format: "json | mjs | html | lightgbm | onnx" },
    handle: download,
  },
  {
    method: "PUT",
    path: "/api/models/:name/live",
    scope: "train",
    example:
      "curl --fail-with-body -X PUT -H 'content-type: application/json' -d '{\"version\":1}' '{home}/api/models/{model}/live'",
    says: "Deploys a version, or goes back to one: at once, for everybody.",
    body: LIVE_REQUEST,
    handle: async ({ box, params, request }) => {
      const { version } = await readJson(request, LIVE_REQUEST);
      return Response.json(modelView(box, (await box.models.deploy(params.name!, version)).name));
    },
  },
  ...(["POST", "PUT"] as const).map(
    (method): Route => ({
      method,
      path: "/api/models/:name/predict",
      scope: "predict",
      rate: "predict",
      example:
        "curl --fail-with-body -H 'content-type: application/json' -d '{row}' '{home}/api/models/{model}/predict?version=1'",
      says: "Predicts for rows by feature name, in any order; missing and unknown values are fine. A CSV is answered with a CSV.",
      body: PREDICT_REQUEST,
      query: { version: "another version than the live one", explain: "1 adds each feature's contribution" },
      handle: predictRows,
    }),
  ),
];
