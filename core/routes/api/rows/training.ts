/** The API of training: one request, one curl command, and actions on a run. */
import * as z from "zod";
import { writeRow } from "../../../csv/write.ts";
import { curlCommand } from "../../../http/identity/curl.ts";
import { ownershipBy } from "../../../http/identity/identity.ts";
import { acceptedType, preferredType, readPreference, within } from "../../../http/negotiate.ts";
import { streamAnswer } from "../../../http/responses.ts";
import { slug } from "../../../platform/ids.ts";
import { lazily, type OutputOf } from "../../../platform/zod-setup.ts";
import { RUN_CHANGE } from "../../../process/organise/annotations.ts";
import { VISIBILITY } from "../../../process/organise/visibility.ts";
import { LIST_FILTERS } from "../../../store/lists.ts";
import { ownedBy } from "../../../store/ownership.ts";
import { TRAIN_BODY, TRAIN_QUERY } from "../../../training/options/run-options.ts";
import { attemptBegan } from "../../../training/replay.ts";
import { requestFrom } from "../../../training/results/from-run.ts";
import { runView } from "../../../training/run-view.ts";
import { compareData, comparedNames, comparisonTable } from "../../data/compare-data.ts";
import { runPage } from "../../data/panel-data.ts";
import { DELETE_QUERY, deletedAnswer, switchVisibility, UNDO_NOTE } from "../organise-responses.ts";
import { type Call, filterQuery, json, listOf, route, steadyListAnswer } from "../route.ts";
import { finishedRun, trainStream } from "../train-stream.ts";

const runAnswer = async (
  { signalbox }: Pick<Call, "signalbox">,
  id: string,
  { status, headers = {} }: { status: number; headers?: Record<string, string> },
) =>
  Response.json(await runView(signalbox.store, await signalbox.runs.find(id), signalbox.now()), {
    status,
    headers,
  });

const STREAM_TYPES = ["text/plain", "application/x-ndjson", "application/json"] as const;
const RESUME_TYPES = ["application/json", "text/plain", "application/x-ndjson"] as const;
const STREAMED = {
  "text/plain": "one line per step, then the result, the model's URL and a predict command",
  "application/x-ndjson":
    "{type: accepted, …}, then one event or {type: finding, …} per line, a blank line after ten quiet seconds, last {type: result, …}",
};

/** The body is the CSV; the response is a line for each step as it happens. */
async function trainUpload(
  call: Call<Record<string, string>, OutputOf<typeof UPLOAD_QUERY>>,
): Promise<Response> {
  const { signalbox, request, params, identity } = call;
  call.takeTime();
  const { file, visibility = null, ...asked } = call.query;
  const label = params.file ?? file ?? null;
  const received = await ownedBy(ownershipBy(identity, visibility), () =>
    signalbox.datasets.receive(request, label),
  );
  const { id: datasetId } = await received.ready;
  const since = signalbox.log.lastSeq;
  // The same bytes may exist under another name.
  const name = asked.name ?? (label === null ? undefined : slug(label));
  const { id: runId } = await signalbox.runs.train({ ...asked, name, datasetId });
  return followedRun(call, {
    runId,
    since,
    accepted: preferredType(request.headers.get("accept"), STREAM_TYPES),
  });
}

/** The run's steps as they happen; as JSON, the run once it has ended. */
async function followedRun(
  call: Pick<Call, "signalbox" | "request" | "home" | "problemOf" | "hold">,
  {
    runId,
    since,
    accepted,
  }: { runId: string; since: number; accepted: (typeof STREAM_TYPES)[number] | null },
): Promise<Response> {
  const { signalbox, request, home, problemOf, hold } = call;
  const place = { home, curl: curlCommand(signalbox.config) };
  if (accepted === "application/json") {
    finishedRun(await signalbox.runs.ended(runId), place);
    return runAnswer(call, runId, { status: 200 });
  }
  const format = accepted === "application/x-ndjson" ? "ndjson" : "text";
  const lines = trainStream(signalbox, { runId, since, format, ...place, hold, signal: request.signal });
  return streamAnswer(lines, format, { problemOf });
}

/** As JSON it returns at once; as text or NDJSON it streams the steps until the end. */
async function resumeRun(call: Call): Promise<Response> {
  const { signalbox, request, params, takeTime } = call;
  const { id: runId } = await signalbox.runs.resume(params.id!);
  const accepted = preferredType(request.headers.get("accept"), RESUME_TYPES);
  if (accepted === "application/json") return runAnswer(call, runId, { status: 202 });
  takeTime();
  return followedRun(call, { runId, since: await attemptBegan(signalbox.store, runId), accepted });
}

/** Its run and model are as private as the file, until that is set for them. */
const UPLOAD_QUERY = lazily(() => TRAIN_QUERY().extend({ visibility: VISIBILITY() }));
const TRAIN_REQUEST_BODY = lazily(() => TRAIN_BODY().extend({ visibility: VISIBILITY() }));

const COMPARISON_TYPES = ["application/json", "text/csv"] as const;

const TRAIN_OPTIONS = lazily(() =>
  z.object({
    wait: z
      .enum(["0", "1"])
      .default("0")
      .describe("1: respond when the run ends; or send Prefer: wait=SECONDS"),
  }),
);

export const TRAINING_ROUTES = [
  route({
    method: "POST",
    path: "/api/train",
    scope: "train",
    rate: "train",
    example:
      'curl --fail-with-body -H \'content-type: application/json\' -d \'{"datasetId":"{dataset}","target":"{target}"}\' \'{home}/api/train\'',
    says: "Queues a training run on a dataset, or with the settings of another run.",
    body: TRAIN_REQUEST_BODY,
    fileElsewhere: ({ home, signalbox }) => ({
      fix: "To train on a file in one request, send it as in the example. Or upload it to /api/upload, and send the ID that it returns to this address, as JSON.",
      example: `${curlCommand(signalbox.config)} --fail-with-body -T FILE.csv '${home}/api/train/FILE.csv?target=COLUMN'`,
    }),
    query: TRAIN_OPTIONS,
    answers: { 200: json("RUN"), 202: json("RUN") },
    refusals: ["missing", "conflict"],
    handle: async (call) => {
      const { isAsync, waitSeconds, applied } = readPreference(call.request);
      const { runs } = call.signalbox;
      const { visibility = null, ...asked } = call.body;
      const request = await requestFrom(asked, (run) => runs.find(run));
      const { id } = await ownedBy(ownershipBy(call.identity, visibility), () => runs.train(request));
      const headers = { location: `/api/runs/${id}`, ...applied };
      const isWaiting = call.query.wait === "1" && !isAsync;
      const seconds = waitSeconds ?? (isWaiting ? Number.POSITIVE_INFINITY : 0);
      if (seconds > 0) call.takeTime();
      const ended = seconds > 0 ? await within(call.signalbox.runs.ended(id), seconds) : null;
      return runAnswer(call, id, { status: ended ? 200 : 202, headers });
    },
  }),
  // A POST to the last one is the route above.
  ...(
    [
      ["PUT", "/api/train/:file"],
      ["POST", "/api/train/:file"],
      ["PUT", "/api/train/"],
      ["POST", "/api/train/"],
      ["PUT", "/api/train"],
    ] as const
  ).map(([method, path]) =>
    route({
      method,
      path,
      scope: "train",
      rate: "train",
      example: "curl --fail-with-body -T {file} '{home}/api/train/{file}?target={target}'",
      says: "Uploads a CSV and trains on it in one request. Prints one line per step and the result last. If the run fails, the connection is closed.",
      query: UPLOAD_QUERY,
      file: "the CSV to train on",
      answers: {
        200: {
          ...STREAMED,
          ...json("RUN"),
        },
      },
      handle: trainUpload,
    }),
  ),
  route({
    method: "GET",
    path: "/api/runs",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/runs?limit=10'",
    says: "Lists the runs, newest first; `q` searches names, datasets, targets, models, columns, tags and notes.",
    query: () => filterQuery(LIST_FILTERS.runs),
    answers: { 200: listOf("RUN") },
    handle: (call) => steadyListAnswer(call, runPage, ({ status }) => status === "running"),
  }),
  route({
    method: "GET",
    path: "/api/runs/:id",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/runs/{run}'",
    says: "Returns a run with its stages, candidates and metrics.",
    answers: { 200: json("RUN") },
    handle: (call) => runAnswer(call, call.params.id!, { status: 200 }),
  }),
  route({
    method: "GET",
    path: "/api/runs/:id/leaderboard",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/runs/{run}/leaderboard?format=csv'",
    says: "The candidates of a run, best first, with their scores by fold, durations and parameters.",
    query: () => z.object({ format: z.enum(["json", "csv"]).default("json") }),
    answers: {
      200: {
        ...json("CANDIDATES"),
        "text/csv": "one line per candidate",
      },
    },
    handle: async ({ signalbox, params, query }) => {
      const run = await signalbox.runs.find(params.id!);
      const { candidates } = await runView(signalbox.store, run, signalbox.now());
      if (query.format === "json") return Response.json({ items: candidates });
      const { csv, leaderboardTable } = await import("../../../models/exports/archive.ts");
      const headers = {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": `attachment; filename="run-${run.number}-leaderboard.csv"`,
      };
      return new Response(csv(leaderboardTable(candidates)), { headers });
    },
  }),
  route({
    method: "POST",
    path: "/api/runs/:id/stop",
    scope: "train",
    example: "curl --fail-with-body -X POST '{home}/api/runs/{run}/stop'",
    says: "Finishes now and keeps the best model so far.",
    answers: { 202: json("RUN") },
    refusals: ["conflict"],
    handle: async (call) =>
      runAnswer(call, (await call.signalbox.runs.stopAndKeep(call.params.id!)).id, { status: 202 }),
  }),
  route({
    method: "POST",
    path: "/api/runs/:id/resume",
    scope: "train",
    example: "curl --fail-with-body -X POST '{home}/api/runs/{run}/resume'",
    says: "Resumes a run that was interrupted or failed. With Accept: text/plain or application/x-ndjson it prints the steps until the run ends, also for an active run.",
    answers: { 202: json("RUN"), 200: STREAMED },
    refusals: ["conflict"],
    handle: resumeRun,
  }),
  route({
    method: "DELETE",
    path: "/api/runs/:id",
    scope: "train",
    example: "curl --fail-with-body -X DELETE '{home}/api/runs/{run}'",
    says: `Cancels a run at once; with delete=1, deletes a run that has ended. The version that it made stays. ${UNDO_NOTE}`,
    query: () =>
      DELETE_QUERY().extend({
        delete: z.enum(["0", "1"]).default("0").describe("1 deletes a run that has ended"),
      }),
    answers: { 202: json("RUN"), 204: null },
    refusals: ["conflict"],
    handle: async (call) => {
      const id = call.params.id!;
      if (call.query.delete === "1") return deletedAnswer(call, { kind: "run", subject: id, version: 0 });
      return runAnswer(call, (await call.signalbox.runs.cancel(id)).id, { status: 202 });
    },
  }),
  route({
    method: "PATCH",
    path: "/api/runs/:id",
    scope: "train",
    example:
      "curl --fail-with-body -X PATCH -H 'content-type: application/json' -d '{\"name\":\"with prices\"}' '{home}/api/runs/{run}'",
    says: "Names a run, or changes its tags, note, archive or who sees it.",
    body: RUN_CHANGE,
    answers: { 200: json("RUN") },
    handle: async (call) => {
      const { visibility, ...change } = call.body;
      const subject = call.params.id!;
      if (visibility) await switchVisibility(call, { kind: "run", subject, visibility });
      await call.signalbox.annotations.changeRun(subject, change);
      return runAnswer(call, subject, { status: 200 });
    },
  }),
  route({
    method: "GET",
    path: "/api/compare",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/compare?runs={run},{run}'",
    says: "Compares two to five finished runs, or versions named as MODEL:NUMBER.",
    query: () =>
      z.object({
        runs: z.string().describe("run IDs or MODEL:NUMBER, separated by commas"),
      }),
    answers: { 200: { ...json("RUN_COMPARISON"), "text/csv": "one row per figure, one column per run" } },
    refusals: ["missing", "conflict"],
    handle: async ({ signalbox, request, url }) => {
      const comparison = await compareData(signalbox, comparedNames(url));
      if (acceptedType(request, COMPARISON_TYPES) === "application/json") return Response.json(comparison);
      const lines = comparisonTable(comparison).map(writeRow).join("");
      return new Response(lines, { headers: { "content-type": "text/csv; charset=utf-8" } });
    },
  }),
];
