/** Events of sources and schedules. */
import "../../platform/zod-setup.ts";
import * as z from "zod";
import { event, NO_ACTIVITY } from "../event-type.ts";

const id = z.string();
const ran = { scheduleId: id, name: z.string(), dueAt: z.string() };
const source = { sourceId: id, name: z.string() };

export const AUTOMATION_EVENTS = {
  "source.refreshed": event({
    data: () => z.object({ ...source, datasetId: id, version: z.number(), isChanged: z.boolean() }),
    level: "success",
    // A new file makes a row of its own as dataset.uploaded.
    sentence: null,
    stale: () => ["activity", "sources"],
  }),
  /** It was added, changed or deleted, a refresh of it began or failed. */
  "source.changed": event({
    ...NO_ACTIVITY,
    data: () => z.object({ sourceId: id }),
    stale: () => ["sources"],
  }),
  /** The server that refreshes it ends that. */
  "source.stopped": event({
    data: () => z.object(source),
    level: "info",
    sentence: (d) => `The refresh of ${d.name} was stopped`,
    stale: () => ["sources", "activity"],
  }),
  "schedule.ran": event({
    data: () => z.object({ ...ran, sentence: z.string() }),
    level: "success",
    sentence: (d) => `${d.name}: ${d.sentence}`,
    stale: () => ["activity", "attention", "schedules"],
  }),
  "schedule.failed": event({
    data: () => z.object({ ...ran, reason: z.string() }),
    level: "error",
    sentence: (d) => `${d.name} failed: ${d.reason}`,
    stale: () => ["activity", "attention", "schedules"],
  }),
  /** The server that runs it ends that. */
  "schedule.stopped": event({
    data: () => z.object({ ...ran, scheduleRunId: id }),
    level: "warning",
    sentence: (d) => `${d.name} was stopped`,
    stale: () => ["activity", "schedules"],
  }),
  /** It was added, changed or deleted, or a run of it began. */
  "schedule.changed": event({
    ...NO_ACTIVITY,
    data: () => z.object({ scheduleId: id }),
    stale: () => ["schedules"],
  }),
} as const;
