/**
 * Schemas of datasets in requests and responses. The compiler checks these schemas against the types that the code
 * uses.
 */
import * as z from "zod";
import { COLUMN_TYPES, type ColumnProfile, type Finding, type ReadingPreview } from "../../../csv/types.ts";
import { CHOICES, type DatasetView, type RejectionView } from "../../../datasets/reading-choices.ts";
import { PROBLEMS } from "../../../http/problem.ts";
import type { ErrorCode } from "../../../platform/errors.ts";
import type { DatasetChanges } from "../../../store/datasets.ts";
import { VISIBILITIES } from "../../../store/ownership.ts";
import type { DatasetSummary } from "../../data/list-data.ts";

export const TIME = z.iso.datetime().describe("RFC 3339, in UTC");
export const TASK = z.enum(["binary", "multiclass", "regression"]);
const COUNT = z.int().min(0);
export const COLUMN_TYPE = z.enum(COLUMN_TYPES);

/** A page of a list. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.int().nullable().describe("the next page's cursor") });
}

export const ERROR_CODE = z.enum([...(Object.keys(PROBLEMS) as ErrorCode[]), "internal"]);
export const ERROR_RECORD = z
  .object({
    code: ERROR_CODE,
    message: z.string(),
    row: z.int().optional(),
    column: z.string().optional(),
    near: z.string().optional(),
    fix: z.string().optional(),
    example: z.string().optional(),
  })
  .meta({ id: "ErrorRecord" });

export const FINDING = (
  z.object({
    code: z.string().describe("stable, so scripts can filter by it"),
    severity: z.enum(["info", "warning", "error"]),
    column: z.string().nullable(),
    message: z.string(),
    fix: z
      .object({
        exclude: z.array(z.string()),
        types: z.record(z.string(), COLUMN_TYPE),
        missing: z.record(z.string(), z.array(z.string())),
        target: z.string(),
        task: z.enum(["multiclass", "regression"]),
        header: z.boolean(),
        split: z.enum(["time", "group"]),
        splitColumn: z.string(),
      })
      .partial()
      .nullable()
      .describe(
        "the change for PATCH /api/datasets/:id that fixes it; exclude and split are for POST /api/train",
      ),
    row: z.int().optional(),
  }) satisfies z.ZodType<Finding>
).meta({ id: "Finding" });

const COLUMN = (
  z.object({
    name: z.string(),
    type: COLUMN_TYPE,
    count: COUNT,
    missing: COUNT,
    distinct: COUNT,
    distinctExact: z.boolean(),
    min: z.number().nullable().describe("dates as milliseconds since 1970"),
    max: z.number().nullable(),
    mean: z.number().nullable(),
    std: z.number().nullable(),
    quantiles: z
      .object({ p05: z.number(), p25: z.number(), p50: z.number(), p75: z.number(), p95: z.number() })
      .nullable(),
    histogram: z.array(COUNT),
    top: z.array(z.object({ value: z.string(), count: COUNT })),
    examples: z.array(z.string()),
    correlation: z
      .object({
        measure: z.enum(["pearson", "correlation_ratio", "cramers_v"]),
        value: z.number(),
        determines: z
          .number()
          .optional()
          .describe(
            "share of the baseline's errors that this column alone avoids; the baseline always predicts the most common class",
          ),
        rows: COUNT,
      })
      .optional(),
  }) satisfies z.ZodType<ColumnProfile>
).meta({ id: "Column" });

const DIALECT = z
  .object({
    encoding: z.string(),
    bom: z.boolean(),
    compression: z.enum(["none", "gzip", "zip", "zstd"]),
    delimiter: z.string(),
    quote: z.string(),
    escape: z.string(),
    newline: z.enum(["\n", "\r\n", "\r", "mixed"]),
    comment: z.string(),
    preambleRows: COUNT,
    headerRows: COUNT,
    footerRows: COUNT,
    sentence: z.string(),
    lineQuotes: z.literal(true).optional().describe("quotes around whole lines were removed"),
    width: COUNT.optional(),
    shape: z.string().optional(),
    tableRows: COUNT.optional(),
    format: z.string().optional().describe("what the file is, if it is not CSV"),
    origin: z.string().optional(),
    sheet: z.string().optional().describe("workbooks: the sheet that was read"),
    range: z.string().optional().describe("workbooks: the cells that were read"),
    sheets: z.array(z.string()).optional(),
    header: z.boolean(),
  })
  .meta({ id: "Dialect" });

/** Name, tags, note and archive. */
export const ORDERED = {
  tags: z.array(z.string()),
  note: z.string(),
  archived: z.boolean().describe("listed only on request"),
  owner: z.string().nullable().describe("who created it; null: unknown"),
  visibility: z.enum(VISIBILITIES).describe("private: only its owner and admins see it"),
};
export const DATASET_CHANGES = (
  z.object({
    since: COUNT.describe("the version that it is compared with"),
    rows: z.object({ from: COUNT, to: COUNT }),
    came: z.array(z.string()),
    went: z.array(z.string()),
    types: z.array(z.object({ column: z.string(), from: z.string(), to: z.string() })),
    distributions: z.array(
      z.object({
        column: z.string(),
        distance: z.number().describe("largest difference between shares, 0 to 1"),
        from: z.string(),
        to: z.string(),
      }),
    ),
    warnings: z.array(z.string()),
    sentence: z.string(),
  }) satisfies z.ZodType<DatasetChanges>
).meta({ id: "DatasetChanges" });

export const DATASET = (
  z.object({
    id: z.string(),
    version: COUNT,
    status: z.enum(["reading", "ready"]),
    name: z.string(),
    rows: COUNT.nullable(),
    columns: z.array(COLUMN),
    target: z.string().nullable(),
    targetReason: z.string().nullable(),
    task: TASK.nullable(),
    taskReason: z.string().nullable(),
    positiveClass: z
      .object({ label: z.string(), reason: z.string() })
      .nullable()
      .describe("of a target with two values, the positive class, which metrics refer to"),
    findings: z.array(FINDING),
    sizeBytes: COUNT,
    dialect: DIALECT.nullable(),
    choices: CHOICES(),
    ...ORDERED,
    changes: DATASET_CHANGES.nullable().describe("how the file differs from the previous version's"),
    createdAt: TIME,
  }) satisfies z.ZodType<DatasetView>
).meta({ id: "Dataset" });

export const REJECTION = (
  z.object({
    id: z.string(),
    name: z.string(),
    status: z.literal("rejected"),
    rejectedAt: TIME,
    error: ERROR_RECORD,
  }) satisfies z.ZodType<RejectionView>
).meta({ id: "Rejection" });

export const DATASET_SUMMARY = (
  z.object({
    id: z.string(),
    name: z.string(),
    version: COUNT,
    status: z.enum(["reading", "ready"]),
    rows: COUNT,
    columns: COUNT,
    target: z.string().nullable(),
    task: TASK.nullable(),
    sizeBytes: COUNT,
    ...ORDERED,
    createdAt: TIME,
  }) satisfies z.ZodType<DatasetSummary>
).meta({ id: "DatasetSummary" });

export const READING_PREVIEW = (
  z.object({
    sentence: z.string(),
    names: z.array(z.string()),
    rows: z.array(z.array(z.string())),
    choices: CHOICES(),
  }) satisfies z.ZodType<ReadingPreview>
).meta({ id: "ReadingPreview" });

export const DATASET_OR_REJECTION = z.union([DATASET, REJECTION]);

export const ROW = z.array(z.string());

export const SAMPLE = z.object({
  name: z.string(),
  title: z.string(),
  says: z.string(),
  target: z.string(),
  rows: z.int(),
});
