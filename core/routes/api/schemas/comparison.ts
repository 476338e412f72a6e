/** Schema of a comparison of runs. */
import * as z from "zod";
import type { RunComparison } from "../../../training/results/compare-runs.ts";

const INTERVAL = z.tuple([z.number(), z.number()]);
const CURVE = z.object({ run: z.int(), class: z.string(), points: z.array(INTERVAL) });

export const RUN_COMPARISON = (
  z.object({
    runs: z.array(
      z.object({
        id: z.string(),
        number: z.int(),
        datasetId: z.string(),
        datasetVersion: z.int(),
        datasetName: z.string(),
        modelName: z.string(),
        version: z.int().nullable(),
        task: z.string(),
        metric: z.string(),
        best: z.string(),
      }),
    ),
    settings: z
      .array(z.object({ name: z.string(), values: z.array(z.string().nullable()), differs: z.boolean() }))
      .describe("differing settings first; null: left to Signalbox"),
    metrics: z.array(
      z.object({
        name: z.string(),
        values: z.array(
          z
            .object({
              value: z.number(),
              low: z.number().nullable(),
              high: z.number().nullable(),
              baseline: z.number().nullable(),
            })
            .nullable(),
        ),
        best: z.int().nullable().describe("index of the leading run"),
      }),
    ),
    importance: z.array(z.object({ column: z.string(), values: z.array(z.number().nullable()) })),
    curves: z.array(z.object({ kind: z.enum(["roc", "precisionRecall"]), lines: z.array(CURVE) })),
    paired: z
      .array(
        z.object({
          run: z.int(),
          rows: z.int(),
          reason: z.string().nullable(),
          difference: z.number().nullable(),
          interval: INTERVAL.nullable(),
          verdict: z.enum(["better", "worse", "level"]).nullable(),
        }),
      )
      .describe("each other run against the first, on the test rows that both have"),
    disagreements: z.array(z.object({ row: z.int(), truth: z.string(), answers: z.array(z.string()) })),
  }) satisfies z.ZodType<RunComparison>
).meta({ id: "Comparison" });
