/** The API of feedback: what was predicted, and what came true. */
import * as z from "zod";
import { AppError } from "../errors.ts";
import { checked, readJson } from "../http/body.ts";
import { type Call, LIST_QUERY, listAnswer, type Route, VERSION_QUERY } from "./route.ts";

const ACTUAL_REQUEST = z.strictObject({
  actual: z.union([z.string().max(10_000), z.number(), z.boolean()], "must be text, a number, true or false"),
});

const CSV_TYPES = new Set(["", "text/csv", "text/plain", "application/octet-stream", "multipart/form-data"]);

async function tellActuals({ box, request, takeTime }: Call): Promise<Response> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  // What curl says of --data-binary unless it is told otherwise.
  if (!CSV_TYPES.has(type) && type !== "application/x-www-form-urlencoded")
    throw new AppError("media_type", `This route takes a CSV, not ${type}`, {
      fix: "Send the header content-type: text/csv.",
    });
  takeTime();
  return Response.json(await box.feedback.tellFile(await box.datasets.receiveAside(request)));
}

export const PREDICTION_ROUTES: Route[] = [
  {
    method: "GET",
    path: "/api/models/:name/drift",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models/{model}/drift?version=1'",
    says: "How far the rows that are asked, and the answers, are from those of the training: by column the stability index, shares by bin, new categories, missing values. Nothing is said below 200 predictions.",
    query: { version: "another version than the live one" },
    handle: ({ box, params, query }) => {
      const asked = checked(query, VERSION_QUERY).version ?? null;
      const { name, version } = box.models.serving(params.name!, asked);
      return Response.json({ model: name, version, ...box.feedback.drift(name, version) });
    },
  },
  {
    method: "GET",
    path: "/api/models/:name/predictions",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models/{model}/predictions?limit=10'",
    says: "What was asked of a model, what it answered, and what came true; newest first, as PREDICTION_LOG keeps it.",
    query: LIST_QUERY,
    handle: (call) => {
      const { name } = call.box.models.find(call.params.name!);
      return listAnswer(call, (box, before, limit) => box.feedback.predictions(name, before, limit));
    },
  },
  {
    method: "POST",
    path: "/api/predictions/actuals",
    scope: "predict",
    example:
      "curl --fail-with-body -H 'content-type: text/csv' --data-binary @actuals.csv '{home}/api/predictions/actuals'",
    says: "Tells what came true for many predictions, as a CSV with the columns id and actual. Wrong rows are named, the others count; the same again changes nothing.",
    handle: tellActuals,
  },
  {
    method: "POST",
    path: "/api/predictions/:id/actual",
    scope: "predict",
    example:
      "curl --fail-with-body -H 'content-type: application/json' -d '{\"actual\":\"1\"}' '{home}/api/predictions/ID/actual'",
    says: "Tells what came true for a prediction: the class, or the number. Told anew it is changed, and the answer says so.",
    body: ACTUAL_REQUEST,
    handle: async ({ box, params, request }) => {
      const { actual } = await readJson(request, ACTUAL_REQUEST);
      return Response.json(box.feedback.tell(params.id!, actual));
    },
  },
];
