/** Reads the schedules page and handles its forms, with the API's own checks. */
import type { SourceView } from "../../datasets/sources/source-view.ts";
import { checked } from "../../http/body.ts";
import type { Problem } from "../../http/problem.ts";
import { dueTimes } from "../../models/schedules/due.ts";
import { SCHEDULE_PATCH, SCHEDULE_REQUEST } from "../../models/schedules/spec.ts";
import { AppError } from "../../platform/errors.ts";
import type { Call } from "../api/route.ts";
import { requireRights } from "../api/rows/automation/schedules.ts";
import { type ScheduleRow, scheduleRows } from "../data/automation-data.ts";
import { datasetRows, modelRows, NEWEST } from "../data/list-data.ts";
import { defined, filled, formValues, readForm } from "./form-fields.ts";
import type { FormResult } from "./form-handlers.ts";
import { withRefusal } from "./refusal.ts";

export interface SchedulesPageData {
  schedules: ScheduleRow[];
  /** What a schedule can be about. */
  sources: Pick<SourceView, "id" | "name">[];
  datasets: { id: string; name: string }[];
  models: string[];
  /** The next times of the expression in the form; null while there is none. */
  times: NextTimes | null;
  refusal: Problem | null;
  /** The fields of the refused form. */
  typed: Record<string, string>;
}

export interface NextTimes {
  at: string[];
  timeZone: string;
  /** Why there are none. */
  problem: string | null;
}

const MOST_OFFERED = 200;
const TIMES_SHOWN = 5;

/** `?cron=&timeZone=` fill the form and show when a schedule would run. */
export async function schedulesData(
  { signalbox, request }: Call,
  refusal: Problem | null = null,
  fields: Record<string, string> = {},
): Promise<SchedulesPageData> {
  const asked = new URL(request.url).searchParams;
  const typed = { ...(asked.has("cron") && Object.fromEntries(asked)), ...fields };
  const offered = { before: NEWEST, limit: MOST_OFFERED };
  const { items } = await modelRows(signalbox, offered);
  const { items: datasets } = await datasetRows(signalbox, offered);
  return {
    schedules: (await scheduleRows(signalbox)).items,
    sources: await signalbox.sources.list(),
    datasets: datasets.map(({ id, name }) => ({ id, name })),
    models: items.map(({ name }) => name),
    times: typed.cron ? await nextTimes({ cron: typed.cron, timeZone: typed.timeZone || "UTC" }) : null,
    refusal,
    typed,
  };
}

async function nextTimes({ cron, timeZone }: { cron: string; timeZone: string }): Promise<NextTimes> {
  try {
    const times = await dueTimes({ cron, timeZone }, { after: Date.now(), count: TIMES_SHOWN });
    const at = times.map((time) => new Date(time).toISOString());
    return { at, timeZone, problem: at.length > 0 ? null : "This time never comes." };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { at: [], timeZone, problem: `${error.message}.` };
  }
}

const refusable = withRefusal<SchedulesPageData>(schedulesData);

export async function addSchedule(call: Call): Promise<FormResult | SchedulesPageData> {
  const form = await readForm(call.request);
  const add = refusable(async () => {
    const request = checked(scheduleFields(form), SCHEDULE_REQUEST());
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
  await schedules.change(call.params.id!, checked({ enabled }, SCHEDULE_PATCH()));
  return { stay: `/schedules#${call.params.id!}` };
});

export async function deleteSchedule({ signalbox, params }: Call): Promise<FormResult> {
  await signalbox.schedules.delete(params.id!);
  return { stay: "/schedules" };
}

/** A number, or what was typed, which the check refuses. */
function versionOf(text: string | undefined): number | string | undefined {
  return text === undefined || !/^\d+$/.test(text) ? text : Number(text);
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
    version: isScoring ? versionOf(filled(form, "version")) : undefined,
    rule: action === "retrain" ? filled(form, "rule") : undefined,
    format: isScoring && !isTable ? filled(form, "format") : undefined,
    to: url === undefined ? undefined : to,
  });
}
