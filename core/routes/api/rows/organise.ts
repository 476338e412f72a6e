/** The API of undo, bulk changes and saved filters. */
import { BULK_REQUEST, changeMany } from "../../../process/organise/bulk.ts";
import { FILTER_REQUEST } from "../../../process/organise/saved-filters.ts";
import { json, listOf, route } from "../route.ts";

export const ORGANISE_ROUTES = [
  route({
    method: "GET",
    path: "/api/undo",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/undo'",
    says: "Lists deletions that can still be undone, newest first.",
    answers: { 200: listOf("DELETION") },
    handle: async ({ signalbox }) =>
      Response.json({ items: await signalbox.deletions.pending(), next: null }),
  }),
  route({
    method: "POST",
    path: "/api/undo/:id",
    scope: "train",
    example: "curl --fail-with-body -X POST '{home}/api/undo/ID'",
    says: "Restores what was deleted: by the deletion's ID, or by the dataset's or run's ID, or the model's name.",
    answers: { 200: json("RESTORED") },
    handle: async ({ signalbox, params }) => {
      const items = (await signalbox.deletions.undo(params.id!)).map(({ kind, subject, version, label }) => ({
        ...{ kind, subject, version: version || null, label },
      }));
      return Response.json({ items });
    },
  }),
  route({
    method: "POST",
    path: "/api/bulk",
    scope: "train",
    example:
      'curl --fail-with-body -H \'content-type: application/json\' -d \'{"kind":"runs","ids":["{run}"],"addTags":["first"]}\' \'{home}/api/bulk\'',
    says: "Deletes, archives, tags or notes many datasets, runs or models. Each is changed on its own; an item that could not be changed has the reason.",
    body: BULK_REQUEST,
    answers: { 200: json("BULK_ANSWER") },
    handle: async ({ signalbox, body }) => Response.json(await changeMany(signalbox, body)),
  }),
  route({
    method: "GET",
    path: "/api/filters",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/filters'",
    says: "Lists the saved filters of the lists, by name.",
    answers: { 200: listOf("FILTER") },
    handle: async ({ signalbox }) =>
      Response.json({ items: await signalbox.savedFilters.list(), next: null }),
  }),
  route({
    method: "POST",
    path: "/api/filters",
    scope: "train",
    example:
      'curl --fail-with-body -H \'content-type: application/json\' -d \'{"list":"runs","name":"Failed runs","query":"status=failed"}\' \'{home}/api/filters\'',
    says: "Saves a filter of a list under a name; the same name again replaces it. It appears as a link above the list.",
    body: FILTER_REQUEST,
    answers: { 201: json("FILTER") },
    handle: async ({ signalbox, body }) =>
      Response.json(await signalbox.savedFilters.save(body), { status: 201 }),
  }),
  route({
    method: "DELETE",
    path: "/api/filters/:id",
    scope: "train",
    example: "curl --fail-with-body -X DELETE '{home}/api/filters/ID'",
    says: "Deletes a saved filter.",
    answers: { 204: null },
    handle: async ({ signalbox, params }) => {
      await signalbox.savedFilters.delete(params.id!);
      return new Response(null, { status: 204 });
    },
  }),
];
