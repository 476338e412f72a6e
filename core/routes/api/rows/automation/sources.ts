/** The API of sources: where datasets come from, and how they are refreshed. */
import * as z from "zod";
import { datasetView } from "../../../../datasets/reading-choices.ts";
import { SOURCE_PATCH, SOURCE_REQUEST } from "../../../../datasets/sources/place.ts";
import { lazily } from "../../../../platform/zod-setup.ts";
import { json, listOf, route } from "../../route.ts";

const CREATE_QUERY = lazily(() =>
  z.object({
    wait: z.enum(["0", "1"]).default("1").describe("0 responds before the first refresh"),
  }),
);

export const SOURCE_ROUTES = [
  route({
    method: "GET",
    path: "/api/sources",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/sources'",
    says: "Lists the sources, newest first, without their credentials.",
    answers: { 200: listOf("SOURCE") },
    handle: async ({ signalbox }) => Response.json({ items: await signalbox.sources.list(), next: null }),
  }),
  route({
    method: "POST",
    path: "/api/sources",
    scope: "sources",
    rate: "upload",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"name":"sales","url":"postgres://reader@db.example.com/shop","password":"…","query":"select * from sales"}' '{home}/api/sources'`,
    says: "Adds a source (a URL, an object in S3, or a query of PostgreSQL, MySQL or SQLite) and refreshes it. Its host must be listed in SOURCE_HOSTS. If the first refresh fails, `lastError` has the reason.",
    query: CREATE_QUERY,
    body: SOURCE_REQUEST,
    isSecret: true,
    answers: { 201: json("SOURCE") },
    refusals: ["forbidden", "conflict"],
    handle: async ({ signalbox, body, query, identity, takeTime }) => {
      takeTime();
      const { id } = await signalbox.sources.create(body, identity.name);
      const refreshed = signalbox.sources.refresh(id).catch(() => {
        // What failed is in the source's lastError, and an alert.
      });
      if (query.wait === "1") await refreshed;
      const headers = { location: `/api/sources/${id}`, "cache-control": "no-store" };
      return Response.json(await signalbox.sources.find(id), { status: 201, headers });
    },
  }),
  route({
    method: "GET",
    path: "/api/sources/:id",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/sources/{source}'",
    says: "A source without its credentials: its dataset, when it was refreshed, and why the last refresh failed.",
    answers: { 200: json("SOURCE") },
    handle: async ({ signalbox, params }) => Response.json(await signalbox.sources.find(params.id!)),
  }),
  route({
    method: "PATCH",
    path: "/api/sources/:id",
    scope: "sources",
    example: `curl --fail-with-body -X PATCH -H 'content-type: application/json' -d '{"query":"select * from sales where year = 2026"}' '{home}/api/sources/{source}'`,
    says: "Changes a source. What is left out stays, but credentials never follow to another server.",
    body: SOURCE_PATCH,
    answers: { 200: json("SOURCE") },
    refusals: ["forbidden", "conflict"],
    handle: async ({ signalbox, params, body }) =>
      Response.json(await signalbox.sources.change(params.id!, body)),
  }),
  route({
    method: "DELETE",
    path: "/api/sources/:id",
    scope: "sources",
    example: "curl --fail-with-body -X DELETE '{home}/api/sources/{source}'",
    says: "Deletes a source and its credentials. Its dataset stays.",
    answers: { 204: null },
    handle: async ({ signalbox, params }) => {
      await signalbox.sources.delete(params.id!);
      return new Response(null, { status: 204 });
    },
  }),
  route({
    method: "POST",
    path: "/api/sources/:id/refresh",
    scope: "sources",
    rate: "upload",
    example: "curl --fail-with-body -X POST '{home}/api/sources/{source}/refresh'",
    says: "Fetches the source. The result becomes the next version of its dataset, read with the same import settings; `dataset.changes` says how it differs.",
    answers: { 200: json("REFRESHED") },
    refusals: ["forbidden", "invalid", "conflict", "too_large", "disk_full", "unavailable"],
    handle: async ({ signalbox, params, takeTime }) => {
      takeTime();
      const { dataset, isChanged } = await signalbox.sources.refresh(params.id!);
      const source = await signalbox.sources.find(params.id!);
      return Response.json({ ...source, isChanged, dataset: datasetView(dataset) });
    },
  }),
  route({
    method: "POST",
    path: "/api/sources/:id/stop",
    scope: "sources",
    example: "curl --fail-with-body -X POST '{home}/api/sources/{source}/stop'",
    says: "Ends a running refresh. What was fetched is dropped; the dataset stays as it is.",
    answers: { 202: json("SOURCE") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params }) =>
      Response.json(await signalbox.sources.stopRefresh(params.id!), { status: 202 }),
  }),
];
