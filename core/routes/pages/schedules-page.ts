/** Reads the schedules page and handles its forms, with the API's own checks. */
import type { SourceView } from "../../datasets/sources/source-view.ts";
import { checked } from "../../http/body.ts";
import type { Problem } from "../../http/problem.ts";
import { SCHEDULE_PATCH, SCHEDULE_REQUEST } from "../../models/schedules/spec.ts";
import type { Call } from "../api/route.ts";
import { requireRights } from "../api/rows/automation/schedules.ts";
import { type ScheduleRow, scheduleRows } from "../data/automation-data.ts";
import { datasetRows, modelRows, NEWEST } from "../data/list-data.ts";
import { defined, filled, formValues, readForm } from "./form-fields.ts";
import type { Landing } from "./form-handlers.ts";
import { withRefusal } from "./refusal.ts";

export interface SchedulesPageData {
  schedules: ScheduleRow[];
  /** What a schedule can be about. */
  sources: Pick<SourceView, "id" | "name">[];
  datasets: { id: string; name: string }[];
  models: string[];
  refusal: Problem | null;
  /** The fields of the refused form. */
  typed: Record<string, string>;
}

const MOST_OFFERED = 200;

export async function schedulesData(
  { signalbox }: Call,
  refusal: Problem | null = null,
  typed: Record<string, string> = {},
): Promise<SchedulesPageData> {
  const offered = { before: NEWEST, limit: MOST_OFFERED };
  const { items } = await modelRows(signalbox, offered);
  const { items: datasets } = await datasetRows(signalbox, offered);
  return {
    schedules: (await scheduleRows(signalbox)).items,
    sources: await signalbox.sources.list(),
    datasets: datasets.map(({ id, name }) => ({ id, name })),
    models: items.map(({ name }) => name),
    refusal,
    typed,
  };
}

const refusable = withRefusal<SchedulesPageData>(schedulesData);

export async function addSchedule(call: Call): Promise<Landing | SchedulesPageData> {
  const form = await readForm(call.request);
  const add = refusable(async () => {
    const request = checked(scheduleFields(form), SCHEDULE_REQUEST);
    requireRights(call, request);
    const { id } = await call.signalbox.schedules.create(request, call.identity.name);
    return { go: `/schedules#${id}` };
  });
  const answer = await add(call);
  return "refusal" in answer ? { ...answer, typed: formValues(form) } : answer;
}

export const runSchedule = refusable(async (call) => {
  const { schedules } = call.signalbox;
  requireRights(call, await schedules.find(call.params.id!));
  await schedules.runNow(call.params.id!);
  return { stay: `/schedules#${call.params.id!}` };
});

export const stopScheduleRun = refusable(async ({ signalbox, params }) => {
  await signalbox.schedules.stopRun(params.id!);
  return { stay: "/schedules" };
});

/** Pauses it, or resumes it. */
export const switchSchedule = refusable(async (call) => {
  const { schedules } = call.signalbox;
  requireRights(call, await schedules.find(call.params.id!));
  const enabled = filled(await readForm(call.request), "enabled") === "1";
  await schedules.change(call.params.id!, checked({ enabled }, SCHEDULE_PATCH));
  return { stay: `/schedules#${call.params.id!}` };
});

export async function deleteSchedule({ signalbox, params }: Call): Promise<Landing> {
  await signalbox.schedules.delete(params.id!);
  return { stay: "/schedules" };
}

function scheduleFields(form: FormData): Record<string, unknown> {
  const when = filled(form, "when") ?? "cron";
  const action = filled(form, "action");
  const below = filled(form, "below");
  const isScoring = action === "score";
  const url = isScoring ? filled(form, "url") : undefined;
  const isTable = url !== undefined && !/^(?:https?|s3):/.test(url);
  const ofTables = isTable ? ["table", "mode"] : [];
  const texts = ["password", "accessKeyId", "secretAccessKey", "region", "endpoint", ...ofTables];
  const to = defined({ url, ...Object.fromEntries(texts.map((name) => [name, filled(form, name)])) });
  return defined({
    name: filled(form, "name"),
    action,
    cron: when === "cron" ? filled(form, "cron") : undefined,
    timeZone: when === "cron" ? filled(form, "timeZone") : undefined,
    on: when === "cron" ? undefined : when,
    metric: when === "accuracy" ? filled(form, "metric") : undefined,
    below: when === "accuracy" && below !== undefined ? Number(below) : undefined,
    sourceId: filled(form, "sourceId"),
    datasetId: action === "refresh" ? undefined : filled(form, "datasetId"),
    model: action === "refresh" ? undefined : filled(form, "model"),
    rule: action === "retrain" ? filled(form, "rule") : undefined,
    format: isScoring && !isTable ? filled(form, "format") : undefined,
    to: url === undefined ? undefined : to,
  });
}
