/** The API of canaries: a version that predicts a share of a model's traffic. */
import { CANARY_REQUEST } from "../../../../models/canary/canaries.ts";
import { json, route } from "../../route.ts";

const PATH = "/api/models/:name/canary";

export const CANARY_ROUTES = [
  route({
    method: "GET",
    path: PATH,
    scope: "read",
    example: "curl --fail-with-body '{home}/api/models/{model}/canary'",
    says: "Returns the canary of a model, with the results of it and the live version since it started; null if there is none.",
    answers: { 200: json("MODEL_CANARY") },
    handle: async ({ signalbox, params }) => {
      const { name } = await signalbox.models.find(params.name!);
      return Response.json({ model: name, canary: await signalbox.canaries.view(name) });
    },
  }),
  route({
    method: "PUT",
    path: PATH,
    scope: "deploy",
    example:
      "curl --fail-with-body -X PUT -H 'content-type: application/json' -d '{\"version\":null}' '{home}/api/models/{model}/canary'",
    says: 'Lets another version answer a share of the requests that name no version, such as {"version":2,"share":10}: sticky by a column or a header, else by the row. Answers say which version made them. If it fails or is slower beyond its limits, the live version answers everything again, and an alert says why. Deploying a version ends it, and so does null.',
    body: CANARY_REQUEST,
    answers: { 200: json("MODEL_CANARY") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, body }) => {
      const { name } = await signalbox.models.find(params.name!);
      return Response.json({ model: name, canary: await signalbox.canaries.set(name, body) });
    },
  }),
  route({
    method: "DELETE",
    path: PATH,
    scope: "deploy",
    example: "curl --fail-with-body -X DELETE '{home}/api/models/{model}/canary'",
    says: "Ends the canary: the live version answers everything.",
    answers: { 204: null },
    handle: async ({ signalbox, params }) => {
      await signalbox.canaries.end(params.name!);
      return new Response(null, { status: 204 });
    },
  }),
];
