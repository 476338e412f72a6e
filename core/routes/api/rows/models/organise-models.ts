/** The API that renames, tags, archives and deletes models and their versions. */
import { MODEL_CHANGE } from "../../../../process/organise/annotations.ts";
import { DELETE_QUERY, deletedAnswer, switchVisibility, UNDO_NOTE } from "../../organise-responses.ts";
import { json, route } from "../../route.ts";
import { VERSION } from "./download.ts";
import { modelAnswer } from "./model-answers.ts";
import { modelTag } from "./models.ts";

export const ORGANISE_MODEL_ROUTES = [
  route({
    method: "PATCH",
    path: "/api/models/:name",
    scope: "train",
    example:
      "curl --fail-with-body -X PATCH -H 'content-type: application/json' -d '{\"tags\":[\"churn\"]}' '{home}/api/models/{model}'",
    says: "Renames a model, or changes its tags, note, archive or who sees it. Addresses with the old name stop working.",
    body: MODEL_CHANGE,
    tag: modelTag,
    answers: { 200: json("MODEL") },
    refusals: ["conflict"],
    handle: async (call) => {
      const { signalbox, params, body, unchanged } = call;
      const { visibility, ...change } = body;
      if (visibility) await switchVisibility(call, { kind: "model", subject: params.name!, visibility });
      const held = visibility ? undefined : unchanged;
      const name = await signalbox.annotations.changeModel(params.name!, change, held);
      params.name = name;
      return Response.json(await modelAnswer(signalbox, name));
    },
  }),
  route({
    method: "DELETE",
    path: "/api/models/:name/versions/:v",
    scope: "train",
    params: VERSION,
    example: "curl --fail-with-body -X DELETE '{home}/api/models/{model}/versions/{version}'",
    says: `Deletes a version that is not live; deleting the last version deletes the model. ${UNDO_NOTE}`,
    query: DELETE_QUERY,
    answers: { 204: null },
    tag: modelTag,
    refusals: ["conflict"],
    handle: (call) =>
      deletedAnswer(call, { kind: "version", subject: call.params.name, version: call.params.v }),
  }),
  route({
    method: "DELETE",
    path: "/api/models/:name",
    scope: "train",
    example: "curl --fail-with-body -X DELETE '{home}/api/models/{model}'",
    says: `Deletes a model with all of its versions, also while one is live. ${UNDO_NOTE}`,
    query: DELETE_QUERY,
    answers: { 204: null },
    tag: modelTag,
    handle: (call) => deletedAnswer(call, { kind: "model", subject: call.params.name!, version: 0 }),
  }),
];
