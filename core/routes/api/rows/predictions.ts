/** The API of predictions and their actual outcomes. */
import * as z from "zod";
import { lazily } from "../../../platform/zod-setup.ts";
import { challenge } from "../../data/monitoring-view.ts";
import { json, LIST_QUERY, listAnswer, listOf, route, VERSION_QUERY } from "../route.ts";

const ACTUAL_REQUEST = lazily(() =>
  z.strictObject({
    actual: z.union(
      [z.string().max(10_000), z.number(), z.boolean()],
      "must be text, a number, true or false",
    ),
  }),
);

const CHALLENGER_REQUEST = lazily(() => z.strictObject({ version: z.int().min(1).nullable() }));

export const PREDICTION_ROUTES = [
  route({
    method: "GET",
    path: "/api/models/:name/drift",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models/{model}/drift?version={version}'",
    says: "Returns drift: how far incoming rows and predictions differ from the training data. For each column the population stability index, shares by bin, new categories and missing values. Needs 200 predictions.",
    query: VERSION_QUERY,
    answers: { 200: json("DRIFT") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, query }) => {
      const { name, version } = await signalbox.models.serving(params.name!, query.version ?? null);
      return Response.json({ model: name, version, ...(await signalbox.feedback.drift(name, version)) });
    },
  }),
  route({
    method: "PUT",
    path: "/api/models/:name/challenger",
    scope: "deploy",
    example:
      "curl --fail-with-body -X PUT -H 'content-type: application/json' -d '{\"version\":null}' '{home}/api/models/{model}/challenger'",
    says: "Makes another version predict the same rows as the live one, without returning its predictions, and compares the two on actual outcomes; null ends it. It doubles the work of a prediction, after the response is sent.",
    body: CHALLENGER_REQUEST,
    answers: { 200: json("WATCH") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, body }) =>
      Response.json(await challenge(signalbox, params.name!, body.version)),
  }),
  route({
    method: "GET",
    path: "/api/models/:name/predictions",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models/{model}/predictions?limit=10'",
    says: "Lists the predictions of a model with their rows and actual outcomes, newest first, as stored by PREDICTION_LOG.",
    query: LIST_QUERY,
    answers: { 200: listOf("LOGGED_PREDICTION") },
    handle: async (call) => {
      const { name } = await call.signalbox.models.find(call.params.name!);
      return listAnswer(call, (signalbox, { before, limit }) =>
        signalbox.feedback.predictions(name, before, limit),
      );
    },
  }),
  route({
    method: "POST",
    path: "/api/predictions/actuals",
    scope: "predict",
    example:
      "curl --fail-with-body -H 'content-type: text/csv' --data-binary @actuals.csv '{home}/api/predictions/actuals'",
    says: "Reports the actual outcomes of many predictions, as a CSV with the columns id and actual. Invalid rows are listed, the others are stored. Sending the same again changes nothing.",
    file: "a CSV with the columns id and actual",
    answers: { 200: json("TOLD_ROWS") },
    handle: async ({ signalbox, request, takeTime }) => {
      takeTime();
      return Response.json(await signalbox.feedback.tellFile(await signalbox.datasets.receiveAside(request)));
    },
  }),
  route({
    method: "POST",
    path: "/api/predictions/:id/actual",
    scope: "predict",
    example:
      "curl --fail-with-body -H 'content-type: application/json' -d '{\"actual\":\"1\"}' '{home}/api/predictions/ID/actual'",
    says: "Reports the actual outcome of a prediction: the class or the number. Reporting it again replaces it, and the response says so.",
    body: ACTUAL_REQUEST,
    answers: { 200: json("TOLD") },
    handle: async ({ signalbox, params, body }) =>
      Response.json(await signalbox.feedback.tell(params.id!, body.actual)),
  }),
];
