/** The API of schedules: what is refreshed, trained and scored, and when. */
import * as z from "zod";
import { may } from "../../../../http/identity/identity.ts";
import type { Access } from "../../../../http/identity/scopes.ts";
import { SCHEDULE_PATCH, SCHEDULE_REQUEST, type ScheduleRequest } from "../../../../models/schedules/spec.ts";
import { AppError } from "../../../../platform/errors.ts";
import { type Call, json, listOf, route } from "../../route.ts";

/** A user without a right must not schedule what needs it. Throws AppError `forbidden`. */
export function requireRights(
  { identity }: Pick<Call, "identity">,
  { action, rule }: Pick<Partial<ScheduleRequest>, "action" | "rule">,
): void {
  const needed: Access[] =
    action === "retrain" || rule ? ["train"] : action === "score" ? ["predict"] : ["sources"];
  // Such a rule changes what serves predictions.
  if (rule && rule !== "tell") needed.push("deploy");
  const missing = needed.find((scope) => !may(identity, scope));
  if (!missing) return;
  throw new AppError("forbidden", `This schedule needs the scope ${missing}`, {
    fix: "Ask an admin for a token with both scopes.",
  });
}

export const SCHEDULE_ROUTES = [
  route({
    method: "GET",
    path: "/api/schedules",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/schedules'",
    says: "Lists the schedules, newest first, each with its next time and its last run.",
    answers: { 200: listOf("SCHEDULE") },
    handle: async ({ signalbox }) => Response.json({ items: await signalbox.schedules.list(), next: null }),
  }),
  route({
    method: "POST",
    path: "/api/schedules",
    scope: "sources",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"name":"nightly","action":"retrain","model":"{model}","cron":"0 3 * * *","timeZone":"Europe/Berlin","rule":"challenger"}' '{home}/api/schedules'`,
    says: "Refreshes a source, retrains a model or scores rows: by a cron expression, or on a new file, drift or low accuracy. A retrained version is compared with the live one; `rule` sets what follows (deploy only if it is better by more than noise, on rows that neither learned from and on outcomes, and no finding is an error).",
    body: SCHEDULE_REQUEST,
    isSecret: true,
    answers: { 201: json("SCHEDULE") },
    refusals: ["forbidden", "conflict", "missing"],
    handle: async (call) => {
      requireRights(call, call.body);
      const schedule = await call.signalbox.schedules.create(call.body, call.identity.name);
      const headers = { location: `/api/schedules/${schedule.id}`, "cache-control": "no-store" };
      return Response.json(schedule, { status: 201, headers });
    },
  }),
  route({
    method: "GET",
    path: "/api/schedules/:id",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/schedules/{schedule}'",
    says: "A schedule with its next time and its last run.",
    answers: { 200: json("SCHEDULE") },
    handle: async ({ signalbox, params }) => Response.json(await signalbox.schedules.find(params.id!)),
  }),
  route({
    method: "PATCH",
    path: "/api/schedules/:id",
    scope: "sources",
    example: `curl --fail-with-body -X PATCH -H 'content-type: application/json' -d '{"enabled":false}' '{home}/api/schedules/{schedule}'`,
    says: "Changes a schedule, or pauses it with `enabled`. What is left out stays.",
    body: SCHEDULE_PATCH,
    answers: { 200: json("SCHEDULE") },
    refusals: ["forbidden", "conflict"],
    handle: async (call) => {
      const { signalbox, params, body } = call;
      requireRights(call, { ...(await signalbox.schedules.find(params.id!)), ...body } as ScheduleRequest);
      return Response.json(await signalbox.schedules.change(params.id!, body));
    },
  }),
  route({
    method: "DELETE",
    path: "/api/schedules/:id",
    scope: "sources",
    example: "curl --fail-with-body -X DELETE '{home}/api/schedules/{schedule}'",
    says: "Deletes a schedule. Runs that have started continue.",
    answers: { 204: null },
    handle: async ({ signalbox, params }) => {
      await signalbox.schedules.delete(params.id!);
      return new Response(null, { status: 204 });
    },
  }),
  route({
    method: "POST",
    path: "/api/schedules/:id/run",
    scope: "sources",
    rate: "train",
    example: "curl --fail-with-body -X POST '{home}/api/schedules/{schedule}/run'",
    says: "Runs a schedule now, in addition to its times.",
    answers: { 202: json("SCHEDULE_RUN") },
    refusals: ["forbidden"],
    handle: async (call) => {
      const { signalbox, params } = call;
      requireRights(call, (await signalbox.schedules.find(params.id!)) as ScheduleRequest);
      return Response.json(await signalbox.schedules.runNow(params.id!), { status: 202 });
    },
  }),
  route({
    method: "GET",
    path: "/api/schedules/:id/runs",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/schedules/{schedule}/runs'",
    says: "Lists the result of each due time, newest first; the newest 100 are stored.",
    query: () =>
      z.object({
        limit: z.coerce.number().int().min(1).max(100).default(50).describe("how many"),
      }),
    answers: { 200: listOf("SCHEDULE_RUN") },
    handle: async ({ signalbox, params, query }) =>
      Response.json({ items: await signalbox.schedules.runsOf(params.id!, query.limit), next: null }),
  }),
  route({
    method: "POST",
    path: "/api/schedule-runs/:id/stop",
    scope: "sources",
    example: "curl --fail-with-body -X POST '{home}/api/schedule-runs/ID/stop'",
    says: "Stops a run of a schedule, whichever server runs it; its training is cancelled. The schedule goes on at its next time.",
    answers: { 202: json("SCHEDULE_RUN") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params }) =>
      Response.json(await signalbox.schedules.stopRun(params.id!), { status: 202 }),
  }),
  route({
    method: "GET",
    path: "/api/schedule-runs/:id/result",
    scope: "predict",
    example: "curl --fail-with-body '{home}/api/schedule-runs/ID/result'",
    says: "The predictions that a scoring wrote for its webhook.",
    answers: {
      200: { "text/csv": "the predictions", "application/vnd.apache.parquet": "the predictions" },
    },
    handle: async ({ signalbox, params }) => {
      const { path, name } = await signalbox.schedules.resultOf(params.id!);
      const type = name.endsWith(".parquet") ? "application/vnd.apache.parquet" : "text/csv;charset=utf-8";
      const headers = { "content-type": type, "content-disposition": `attachment; filename="${name}"` };
      return new Response(Bun.file(path), { headers });
    },
  }),
];
