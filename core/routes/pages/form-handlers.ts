/** What does each page's form do? It passes the API's own checks and names the page that shows what came of it. */

import type { Call } from "../api/route.ts";
import { predictFile } from "../api/rows/models.ts";
import { receiveSample } from "../api/rows/samples.ts";
import { challenge } from "../data/watch-view.ts";
import { challengerForm, deployForm, predictForm, readingForm, tokenForm, trainForm } from "./form-fields.ts";
import type { Trial } from "./page-data.ts";
import { tryRow } from "./try-row.ts";

/** `go`: the page that the browser shows next. `stay`: with htmx the page stays, because its panels are pushed. */
export type Landing = { go: string } | { stay: string };

export async function uploadForm({ box, request, takeTime }: Call): Promise<Landing> {
  takeTime();
  const { id, ready } = await box.datasets.receive(request, null);
  await ready;
  return { go: `/datasets/${id}` };
}

export async function openSample(call: Call): Promise<Landing> {
  const { id, ready } = await receiveSample(call);
  await ready;
  return { go: `/datasets/${id}` };
}

export async function startTraining({ box, request, params }: Call): Promise<Landing> {
  return { go: `/runs/${box.runs.train(await trainForm(request, params.id!)).id}` };
}

export async function changeReading({ box, request, params }: Call): Promise<Landing> {
  return { go: `/datasets/${(await box.datasets.reread(params.id!, await readingForm(request))).id}` };
}

export async function previewReading({ box, request, params }: Call) {
  return box.datasets.preview(params.id!, await readingForm(request));
}

export async function deleteDataset({ box, params }: Call): Promise<Landing> {
  await box.datasets.delete(params.id!);
  return { go: "/" };
}

export function stopRun({ box, params }: Call): Landing {
  return { stay: `/runs/${box.runs.stopAndKeep(params.id!).id}` };
}

export function cancelRun({ box, params }: Call): Landing {
  return { stay: `/runs/${box.runs.cancel(params.id!).id}` };
}

export function resumeRun({ box, params }: Call): Landing {
  return { stay: `/runs/${box.runs.resume(params.id!).id}` };
}

export function dismissAlert({ box, params }: Call): Landing {
  box.alerts.dismiss(params.id!);
  return { stay: "/#attention" };
}

export async function deployVersion({ box, request, params }: Call): Promise<Landing> {
  return { stay: `/models/${(await box.models.deploy(params.name!, await deployForm(request))).name}` };
}

export function revokeToken({ box, params }: Call): Landing {
  box.tokens.revoke(params.id!);
  return { go: "/settings/tokens" };
}

/** The page that shows it once. */
export async function createToken({ box, request, identity }: Call) {
  const fresh = box.tokens.create(await tokenForm(request, box.now()), identity.name);
  return { tokens: box.tokens.list(), fresh };
}

export async function challengeVersion({ box, request, params }: Call): Promise<Landing> {
  const { name } = await challenge(box, params.name!, await challengerForm(request));
  return { stay: `/models/${name}` };
}

/** What a browser saves beside the file that was sent. */
export async function predictFileForm(call: Call): Promise<Response> {
  const asked = call.url.searchParams.get("version");
  const version = call.box.models.serving(call.params.name!, asked === null ? null : Number(asked));
  const answer = await predictFile(call, version);
  answer.headers.set("content-disposition", `attachment; filename="${version.name}-predictions.csv"`);
  return answer;
}

export async function tryModel({ box, request, params, requestId }: Call): Promise<Trial> {
  const fields = await predictForm(request);
  return (await tryRow(box, params.name!, { fields, requestId })).trial;
}
