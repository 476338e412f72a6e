/** The API of datasets. */

import * as z from "zod";
import { CHOICES, datasetById, datasetView } from "../../../datasets/reading-choices.ts";
import type { Tag } from "../../../http/conditional-requests.ts";
import { ownershipBy } from "../../../http/identity/identity.ts";
import { linkHeader, readPreference, within } from "../../../http/negotiate.ts";
import { lazily, type OutputOf } from "../../../platform/zod-setup.ts";
import { DATASET_CHANGE } from "../../../process/organise/annotations.ts";
import { VISIBILITY } from "../../../process/organise/visibility.ts";
import type { Handle } from "../../../store/database.ts";
import type { StoredDataset } from "../../../store/datasets.ts";
import { LIST_FILTERS } from "../../../store/lists.ts";
import { ownedBy } from "../../../store/ownership.ts";
import { findRejection } from "../../../store/rejections.ts";
import { datasetRows } from "../../data/list-data.ts";
import {
  DELETE_QUERY,
  deletedAnswer,
  organisedTag,
  switchVisibility,
  UNDO_NOTE,
} from "../organise-responses.ts";
import { type Call, filterQuery, json, listAnswer, listOf, route } from "../route.ts";

const ROWS_QUERY = lazily(() =>
  z.object({
    offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe("rows to skip"),
    cursor: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe("same as offset"),
    limit: z.coerce.number().int().min(1).max(1000).default(50).describe("how many"),
  }),
);
const UPLOAD_QUERY = lazily(() =>
  z.object({
    name: z.string().max(1000).optional().describe("the file name, if the body has none"),
    wait: z.enum(["0", "1"]).default("1").describe("0 responds as soon as the file is received"),
    visibility: VISIBILITY(),
  }),
);

/** Its version; none while it is being read, because every response differs then. */
async function datasetTag(
  { signalbox, params }: Pick<Call, "signalbox" | "params">,
  store: Handle,
): Promise<Tag | null> {
  if (await findRejection(store, params.id!)) return null;
  // Also while it is being deleted: its deletion reads this last.
  const { id, version, status, name, ...order } = await signalbox.datasets.find(params.id!, undefined, store);
  return status === "ready" ? { state: `${id}-${version}-${organisedTag(name, order)}` } : null;
}

/** 201 once a new file is read, 202 while it is being read, 200 if its bytes are known. */
export async function receivedAnswer(
  { signalbox, request }: Pick<Call, "signalbox" | "request">,
  received: { id: string; isNew: boolean; ready: Promise<StoredDataset> },
  isWaiting: boolean,
): Promise<Response> {
  const { id, isNew, ready } = received;
  const { isAsync, waitSeconds, applied } = readPreference(request);
  const seconds =
    isAsync || waitSeconds !== null ? (waitSeconds ?? 0) : isWaiting ? Number.POSITIVE_INFINITY : 0;
  const read = await within(ready, seconds);
  const headers = { location: `/api/datasets/${id}`, ...applied };
  if (read) return Response.json(datasetView(read), { status: isNew ? 201 : 200, headers });
  return Response.json(datasetView(await signalbox.datasets.find(id)), {
    status: isNew ? 202 : 200,
    headers,
  });
}

const CHANGE = lazily(() => CHOICES().extend(DATASET_CHANGE()));

/** What keeps it in order is changed at once; import settings make a new version. */
async function changeDataset(
  call: Call<Record<string, string>, unknown, OutputOf<typeof CHANGE>>,
): Promise<Response> {
  const { signalbox, params, body, unchanged } = call;
  const id = params.id!;
  const { name, tags, note, archived, visibility, ...choices } = body;
  const change = { name, tags, note, archived };
  const isSwitched = visibility !== undefined;
  const isOrder = isSwitched || Object.values(change).some((value) => value !== undefined);
  if (isSwitched) await switchVisibility(call, { kind: "dataset", subject: id, visibility });
  if (isOrder) await signalbox.annotations.changeDataset(id, change, isSwitched ? undefined : unchanged);
  const isReading = Object.keys(choices).length > 0 || !isOrder;
  // This change has changed the ETag.
  if (isReading) await signalbox.datasets.reread(id, choices, isOrder ? undefined : unchanged);
  return Response.json(datasetView(await signalbox.datasets.find(id)));
}

export const DATASET_ROUTES = [
  ...(["/api/upload", "/api/upload/:file"] as const).flatMap((path) =>
    (["POST", "PUT"] as const).map((method) =>
      route({
        method,
        path,
        scope: "train",
        rate: "upload",
        example: "curl --fail-with-body -F file=@data.csv '{home}/api/upload'",
        says: "Receives a file with a table (CSV, Excel, Parquet, JSON, NDJSON, HTML, fixed-width text; optionally compressed with gzip, zip or zstd), as the multipart field `file` or as the body, and reads it. The same bytes again are the same dataset.",
        query: UPLOAD_QUERY,
        file: "the file",
        answers: { 200: json("DATASET"), 201: json("DATASET"), 202: json("DATASET") },
        handle: async (call) => {
          call.takeTime();
          const { name, wait, visibility = null } = call.query;
          const { datasets } = call.signalbox;
          const received = await ownedBy(ownershipBy(call.identity, visibility), () =>
            datasets.receive(call.request, name ?? call.params.file ?? null),
          );
          return receivedAnswer(call, received, wait === "1");
        },
      }),
    ),
  ),
  route({
    method: "GET",
    path: "/api/datasets",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/datasets?limit=10'",
    says: "Lists the datasets, newest first; `q` searches names, targets, columns, tags and notes.",
    query: () => filterQuery(LIST_FILTERS.datasets),
    answers: { 200: listOf("DATASET_SUMMARY") },
    handle: (call) => listAnswer(call, datasetRows),
  }),
  route({
    method: "GET",
    path: "/api/datasets/:id",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/datasets/{dataset}'",
    says: "A dataset with its columns, findings, guessed target and how it was read; or why it was refused.",
    answers: { 200: json("DATASET_OR_REJECTION") },
    tag: datasetTag,
    handle: async ({ signalbox, params }) => Response.json(await datasetById(signalbox, params.id!)),
  }),
  route({
    method: "PATCH",
    path: "/api/datasets/:id",
    scope: "train",
    example:
      "curl --fail-with-body -X PATCH -H 'content-type: application/json' -d '{\"header\":true}' '{home}/api/datasets/{dataset}'",
    says: "Renames a dataset, changes its tags, note, archive or who sees it, or reads the same file with other import settings, as a new version. With If-Match, only if nobody changed it in the meantime.",
    body: CHANGE,
    tag: datasetTag,
    answers: { 200: json("DATASET") },
    refusals: ["conflict"],
    handle: changeDataset,
  }),
  route({
    method: "PUT",
    path: "/api/datasets/:id",
    scope: "train",
    rate: "upload",
    example: "curl --fail-with-body -T data.csv '{home}/api/datasets/{dataset}'",
    says: "Takes a new file as the next version of the dataset, found by its ID or its name. It is read with the same import settings; `changes` says how it differs.",
    file: "the new file",
    answers: { 200: json("DATASET"), 201: json("DATASET") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, request, takeTime }) => {
      takeTime();
      const { dataset, isChanged } = await signalbox.sources.receiveVersion(params.id!, request);
      return Response.json(datasetView(dataset), { status: isChanged ? 201 : 200 });
    },
  }),
  route({
    method: "POST",
    path: "/api/datasets/:id/preview",
    scope: "read",
    example:
      "curl --fail-with-body -X POST -H 'content-type: application/json' -d '{\"header\":true}' '{home}/api/datasets/{dataset}/preview'",
    says: "Shows the first rows as other import settings would read them. Nothing is stored.",
    body: CHOICES,
    answers: { 200: json("READING_PREVIEW") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, body }) =>
      Response.json(await signalbox.datasets.preview(params.id!, body)),
  }),
  route({
    method: "DELETE",
    path: "/api/datasets/:id",
    scope: "train",
    example: "curl --fail-with-body -X DELETE '{home}/api/datasets/{dataset}'",
    says: `Deletes the file and all of its versions; models trained on it stay. ${UNDO_NOTE}`,
    query: DELETE_QUERY,
    answers: { 204: null },
    tag: datasetTag,
    refusals: ["conflict"],
    handle: (call) => deletedAnswer(call, { kind: "dataset", subject: call.params.id!, version: 0 }),
  }),
  route({
    method: "GET",
    path: "/api/datasets/:id/rows",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/datasets/{dataset}/rows?offset=0&limit=5'",
    says: "Returns rows as they are in the file.",
    query: ROWS_QUERY,
    answers: { 200: listOf("ROW") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, query: { offset, cursor, limit }, url }) => {
      const dataset = await signalbox.datasets.findReady(params.id!);
      const page = { offset: offset ?? cursor, limit };
      const { rows, next } = await signalbox.datasets.rows(dataset, page);
      const named = url.searchParams.has("offset") ? "offset" : "cursor";
      return Response.json({ items: rows, next }, { headers: linkHeader(url, next, named) });
    },
  }),
];
