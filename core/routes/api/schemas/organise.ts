/** Schemas of deletions, bulk changes and saved filters in requests and responses. */
import * as z from "zod";
import { KINDS } from "../../../process/organise/bulk.ts";
import { TIME } from "./datasets.ts";

export const DELETION = z
  .object({
    id: z.string(),
    at: TIME,
    until: TIME.describe("erased then"),
    items: z.array(
      z.object({
        kind: z.enum(["dataset", "run", "model", "version"]),
        subject: z.string().describe("the dataset's or run's ID, or the model's name"),
        version: z.int().nullable(),
        label: z.string(),
      }),
    ),
  })
  .meta({ id: "Deletion" });

export const RESTORED = z.object({
  items: z.array(DELETION.shape.items.element).describe("what was restored"),
});

export const BULK_ANSWER = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      done: z.boolean(),
      error: z.object({ code: z.string(), message: z.string(), fix: z.string().nullable() }).nullable(),
    }),
  ),
  undo: z.string().nullable().describe("POST /api/undo/:id restores what was deleted"),
});

export const FILTER = z.object({
  id: z.string(),
  list: z.enum(KINDS),
  name: z.string(),
  query: z.string().describe("as in the list's address: q=…&tag=…&status=…&sort=…"),
  createdAt: TIME,
});
