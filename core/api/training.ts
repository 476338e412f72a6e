/** The API of training: one request, one line of curl, and what can be done to a run. */
import { streamAnswer } from "../http/answers.ts";
import { readJson } from "../http/body.ts";
import { runPage } from "../panel-data.ts";
import { TRAIN_REQUEST, trainQuery } from "../run-options.ts";
import { runView } from "../run-view.ts";
import { trainStream } from "../train-stream.ts";
import { type Call, LIST_QUERY, listAnswer, type Route } from "./route.ts";

const TRAIN_QUERY_SAYS = {
  target: "the column to predict; guessed where it is left out",
  name: "the model's name; the file's where it is left out",
  task: "binary | multiclass | regression",
  exclude: "columns to leave out, separated by commas",
  budgetSeconds: "how long it may take",
  seed: "the same seed gives the same split",
};

const runAnswer = ({ box }: Call, id: string, status: number, headers: Record<string, string> = {}) =>
  Response.json(runView(box.store, box.runs.find(id), box.now()), { status, headers });

/** The body is the CSV; the answer is a line for each step as it happens. */
async function trainUpload({
  box,
  request,
  params,
  query,
  home,
  requestId,
  hold,
  takeTime,
}: Call): Promise<Response> {
  takeTime();
  const asked = trainQuery(query);
  const received = await box.datasets.receive(request, params.file ?? query.file ?? null);
  const { id: datasetId } = await received.ready;
  const since = box.log.lastSeq;
  const { id: runId } = box.runs.train({ ...asked, datasetId });
  const format = (request.headers.get("accept") ?? "").includes("ndjson") ? "ndjson" : "text";
  const lines = trainStream(box, { runId, since, format, home, hold, signal: request.signal });
  return streamAnswer(lines, format, { instance: requestId });
}

export const TRAINING_ROUTES: Route[] = [
  {
    method: "POST",
    path: "/api/train",
    scope: "train",
    rate: "train",
    example:
      "curl --fail-with-body -H 'content-type: application/json' -d '{\"datasetId\":\"{dataset}\",\"budgetSeconds\":10}' '{home}/api/train'",
    says: "Queues a training on a dataset.",
    body: TRAIN_REQUEST,
    query: { wait: "1 answers when it has ended" },
    handle: async (call) => {
      const { id } = call.box.runs.train(await readJson(call.request, TRAIN_REQUEST));
      const headers = { location: `/api/runs/${id}` };
      if (call.query.wait !== "1") return runAnswer(call, id, 202, headers);
      call.takeTime();
      await call.box.runs.ended(id);
      return runAnswer(call, id, 200, headers);
    },
  },
  ...(["/api/train/:file", "/api/train/"] as const).flatMap((path) =>
    (["PUT", "POST"] as const).map(
      (method): Route => ({
        method,
        path,
        scope: "train",
        rate: "train",
        example: "curl --fail-with-body -T data.csv '{home}/api/train/data.csv?budgetSeconds=10'",
        says: "Uploads a CSV and trains on it in one request; prints each step as a line, the verdict last.",
        query: TRAIN_QUERY_SAYS,
        handle: trainUpload,
      }),
    ),
  ),
  {
    method: "GET",
    path: "/api/runs",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/runs?limit=10'",
    says: "Lists the runs, newest first.",
    query: LIST_QUERY,
    handle: (call) => listAnswer(call, runPage),
  },
  {
    method: "GET",
    path: "/api/runs/:id",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/runs/{run}'",
    says: "A run with its stages, candidates and metrics.",
    handle: (call) => runAnswer(call, call.params.id!, 200),
  },
  {
    method: "POST",
    path: "/api/runs/:id/stop",
    scope: "train",
    example: "curl --fail-with-body -X POST '{home}/api/runs/{run}/stop'",
    says: "Ends the race and keeps the best so far.",
    handle: (call) => runAnswer(call, call.box.runs.stopAndKeep(call.params.id!).id, 202),
  },
  {
    method: "POST",
    path: "/api/runs/:id/resume",
    scope: "train",
    example: "curl --fail-with-body -X POST '{home}/api/runs/{run}/resume'",
    says: "Goes on with a run that was interrupted or failed.",
    handle: (call) => runAnswer(call, call.box.runs.resume(call.params.id!).id, 202),
  },
  {
    method: "DELETE",
    path: "/api/runs/:id",
    scope: "train",
    example: "curl --fail-with-body -X DELETE '{home}/api/runs/{run}'",
    says: "Cancels a run at once.",
    handle: (call) => runAnswer(call, call.box.runs.cancel(call.params.id!).id, 202),
  },
];
