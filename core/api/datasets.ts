/** The API of datasets. */
import * as z from "zod";
import { checked, readJson } from "../http/body.ts";
import { linkHeader } from "../http/negotiate.ts";
import { datasetRows } from "../list-data.ts";
import { CHOICES, datasetById, datasetView } from "../reading-choices.ts";
import { LIST_QUERY, listAnswer, type Route } from "./route.ts";

const ROWS_QUERY = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

export const DATASET_ROUTES: Route[] = [
  {
    method: "POST",
    path: "/api/upload",
    scope: "train",
    rate: "upload",
    example: "curl --fail-with-body -F file=@data.csv '{home}/api/upload'",
    says: "Receives a CSV, as the multipart field `file` or as the body, and reads it. The same bytes again are the same dataset.",
    query: {
      name: "the file's name, where the body does not carry one",
      wait: "0 answers as soon as it is received",
    },
    handle: async ({ box, request, query, takeTime }) => {
      takeTime();
      const { id, isNew, ready } = await box.datasets.receive(request, query.name ?? null);
      const headers = { location: `/api/datasets/${id}` };
      if (query.wait !== "0")
        return Response.json(datasetView(await ready), { status: isNew ? 201 : 200, headers });
      return Response.json(datasetView(box.datasets.find(id)), { status: isNew ? 202 : 200, headers });
    },
  },
  {
    method: "GET",
    path: "/api/datasets",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/datasets?limit=10'",
    says: "Lists the datasets, newest first.",
    query: LIST_QUERY,
    handle: (call) => listAnswer(call, (box, before, limit) => datasetRows(box, { before, limit })),
  },
  {
    method: "GET",
    path: "/api/datasets/:id",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/datasets/{dataset}'",
    says: "A dataset with its columns, findings, guessed target and how it was read.",
    handle: ({ box, params }) => Response.json(datasetById(box.datasets, params.id!)),
  },
  {
    method: "PATCH",
    path: "/api/datasets/:id",
    scope: "train",
    example:
      "curl --fail-with-body -X PATCH -H 'content-type: application/json' -d '{\"header\":true}' '{home}/api/datasets/{dataset}'",
    says: "Reads the same file with other choices: a new version.",
    body: CHOICES,
    handle: async ({ box, params, request }) =>
      Response.json(datasetView(await box.datasets.reread(params.id!, await readJson(request, CHOICES)))),
  },
  {
    method: "POST",
    path: "/api/datasets/:id/preview",
    scope: "read",
    example:
      "curl --fail-with-body -X POST -H 'content-type: application/json' -d '{\"delimiter\":\";\"}' '{home}/api/datasets/{dataset}/preview'",
    says: "The first rows as other choices would read them; nothing is stored.",
    body: CHOICES,
    handle: async ({ box, params, request }) =>
      Response.json(await box.datasets.preview(params.id!, await readJson(request, CHOICES))),
  },
  {
    method: "DELETE",
    path: "/api/datasets/:id",
    scope: "train",
    example: "curl --fail-with-body -X DELETE '{home}/api/datasets/{dataset}'",
    says: "Deletes the file and all of its versions; models trained on it stay.",
    handle: async ({ box, params }) => {
      await box.datasets.delete(params.id!);
      return new Response(null, { status: 204 });
    },
  },
  {
    method: "GET",
    path: "/api/datasets/:id/rows",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/datasets/{dataset}/rows?offset=0&limit=5'",
    says: "Rows as they stand in the file.",
    query: { offset: "rows to skip", limit: "how many, at most 1000" },
    handle: async ({ box, params, query, url }) => {
      const dataset = box.datasets.findReady(params.id!);
      const { rows, next } = await box.datasets.rows(dataset, checked(query, ROWS_QUERY));
      return Response.json({ items: rows, next }, { headers: linkHeader(url, next, "offset") });
    },
  },
];
