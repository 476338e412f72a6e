/** What the routes of order take and answer. */
import * as z from "zod";
import { TAG } from "../../../process/order/annotations.ts";
import { type BulkRequest, KINDS, MOST_AT_ONCE } from "../../../process/order/bulk.ts";
import { TIME } from "./datasets.ts";

export const DELETION = z
  .object({
    id: z.string(),
    at: TIME,
    until: TIME.describe("erased then"),
    items: z.array(
      z.object({
        kind: z.enum(["dataset", "run", "model", "version"]),
        subject: z.string().describe("the dataset's or run's id, or the model's name"),
        version: z.int().nullable(),
        label: z.string(),
      }),
    ),
  })
  .meta({ id: "Deletion" });

export const RESTORED = z.object({
  items: z.array(DELETION.shape.items.element).describe("what is back"),
});

export const BULK = z.strictObject({
  kind: z.enum(KINDS),
  ids: z.array(z.string()).min(1).max(MOST_AT_ONCE).describe("ids; models by name, versions as MODEL:NUMBER"),
  delete: z.boolean().optional().describe("true deletes them; one undo brings all back"),
  now: z.boolean().optional().describe("true, with delete: for good at once"),
  archived: z.boolean().optional(),
  addTags: z.array(TAG).max(20).optional(),
  removeTags: z.array(TAG).max(20).optional(),
  note: z.string().max(4000).optional(),
}) satisfies z.ZodType<BulkRequest>;

export const BULK_ANSWER = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      done: z.boolean(),
      error: z.object({ code: z.string(), message: z.string(), fix: z.string().nullable() }).nullable(),
    }),
  ),
  undo: z.string().nullable().describe("POST /api/undo/:id brings back what was deleted"),
});

export const FILTER = z.object({
  id: z.string(),
  list: z.enum(KINDS),
  name: z.string(),
  query: z.string().describe("as in the list's address: q=…&tag=…&status=…&sort=…"),
  createdAt: TIME,
});

export const FILTER_REQUEST = z.strictObject({
  list: z.enum(KINDS),
  name: z.string().trim().min(1).max(60),
  query: z.string().max(1000),
});
