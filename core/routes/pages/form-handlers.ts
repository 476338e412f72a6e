/** Handles the forms of pages, with the API's own checks, and names the page that shows the result. */

import * as z from "zod";
import { checked } from "../../http/body.ts";
import { may, ownershipBy } from "../../http/identity/identity.ts";
import { wantedForm } from "../../http/negotiate.ts";
import { type Problem, problem } from "../../http/problem.ts";
import { AppError } from "../../platform/errors.ts";
import { lazily } from "../../platform/zod-setup.ts";
import { VISIBILITY } from "../../process/organise/visibility.ts";
import { ownedBy } from "../../store/ownership.ts";
import { requestFrom } from "../../training/results/from-run.ts";
import type { Call } from "../api/route.ts";
import { predictFileAnswer } from "../api/rows/models/models.ts";
import { receiveSample } from "../api/rows/samples.ts";
import { challenge } from "../data/monitoring-view.ts";
import {
  canaryForm,
  challengerForm,
  deployForm,
  predictForm,
  readingForm,
  thresholdForm,
  tokenForm,
  trainForm,
} from "./form-fields.ts";
import { tryRow, type WhatIfResult } from "./try-row.ts";

/** `go`: the page that the browser shows next. `stay`: with htmx the page stays, because its panels are pushed. */
export type FormResult = { go: string } | { stay: string };

/** Whom it is for is in the address: a file is hidden before its first byte arrives. */
const UPLOAD_QUERY = lazily(() => z.object({ visibility: VISIBILITY() }));

export async function uploadForm(call: Call): Promise<FormResult> {
  const { signalbox, request, identity, takeTime } = call;
  takeTime();
  const { visibility = null } = checked(call.query, UPLOAD_QUERY());
  const received = await ownedBy(ownershipBy(identity, visibility), () =>
    signalbox.datasets.receive(request, null),
  );
  await received.ready;
  return { go: `/datasets/${received.id}` };
}

export async function openSample(call: Call): Promise<FormResult> {
  const { id, ready } = await receiveSample(call);
  await ready;
  return { go: `/datasets/${id}` };
}

export async function startTraining({ signalbox, request, params }: Call): Promise<FormResult> {
  return { go: `/runs/${(await signalbox.runs.train(await trainForm(request, params.id!))).id}` };
}

/** Another run with the settings of this one. */
export async function trainAgain({ signalbox: { runs }, params }: Call): Promise<FormResult> {
  const request = await requestFrom({ fromRun: params.id! }, (id) => runs.find(id));
  return { go: `/runs/${(await runs.train(request)).id}` };
}

export async function changeReading({ signalbox, request, params }: Call): Promise<FormResult> {
  return { go: `/datasets/${(await signalbox.datasets.reread(params.id!, await readingForm(request))).id}` };
}

export async function previewReading({ signalbox, request, params }: Call) {
  return signalbox.datasets.preview(params.id!, await readingForm(request));
}

export async function stopRun({ signalbox, params }: Call): Promise<FormResult> {
  return { stay: `/runs/${(await signalbox.runs.stopAndKeep(params.id!)).id}` };
}

export async function cancelRun({ signalbox, params }: Call): Promise<FormResult> {
  return { stay: `/runs/${(await signalbox.runs.cancel(params.id!)).id}` };
}

export async function resumeRun({ signalbox, params }: Call): Promise<FormResult> {
  return { stay: `/runs/${(await signalbox.runs.resume(params.id!)).id}` };
}

export async function dismissAlert({ signalbox, params }: Call): Promise<FormResult> {
  await signalbox.alerts.dismiss(params.id!);
  return { stay: "/#attention" };
}

/** A version with error findings is deployed only after they were confirmed. Throws AppError `conflict` before. */
async function deployVersion({ signalbox, request, params }: Call): Promise<FormResult> {
  const { version, isConfirmed } = await deployForm(request);
  return { stay: `/models/${(await signalbox.models.deploy(params.name!, version, { isConfirmed })).name}` };
}

async function takeOffline({ signalbox, params }: Call): Promise<FormResult> {
  return { stay: `/models/${(await signalbox.models.takeOffline(params.name!)).name}` };
}

async function changeThreshold({ signalbox, request, params }: Call): Promise<FormResult> {
  const { name } = await signalbox.models.setThreshold(params.name!, await thresholdForm(request));
  return { stay: `/models/${name}#mistakes` };
}

export async function revokeToken({ signalbox, params }: Call): Promise<FormResult> {
  await signalbox.tokens.revoke(params.id!);
  return { go: "/settings/tokens" };
}

export async function endSession({ signalbox, params }: Call): Promise<FormResult> {
  await signalbox.sessions.end(params.id!);
  return { go: "/settings/sessions" };
}

/** The page that shows it once. */
export async function createToken({ signalbox, request, identity }: Call) {
  const fresh = await signalbox.tokens.create(await tokenForm(request, signalbox.now()), identity.name);
  return { tokens: await signalbox.tokens.list(), fresh };
}

async function shareTraffic({ signalbox, request, params }: Call): Promise<FormResult> {
  const { name } = await signalbox.models.find(params.name!);
  await signalbox.canaries.set(name, await canaryForm(request));
  return { stay: `/models/${name}#watch` };
}

async function challengeVersion({ signalbox, request, params }: Call): Promise<FormResult> {
  const { name } = await challenge(signalbox, params.name!, await challengerForm(request));
  return { stay: `/models/${name}` };
}

/** What a browser saves beside the file that was sent; a refusal is shown on the page on which the file was chosen. */
export async function predictFileForm(call: Call): Promise<Response | { batch: Problem }> {
  try {
    return await predictedFile(call);
  } catch (error) {
    const isOnPage = wantedForm(call.request) === "html" && may(call.identity, "read");
    if (!(error instanceof AppError) || !isOnPage) throw error;
    return { batch: problem(error, call.requestId) };
  }
}

async function predictedFile(call: Call): Promise<Response> {
  const asked = call.url.searchParams.get("version");
  const name = call.params.name!;
  const version = asked === null ? name : await call.signalbox.models.serving(name, Number(asked));
  const { form, response } = await predictFileAnswer(call, version, {
    isComplete: call.url.searchParams.get("complete") === "1",
  });
  response.headers.set("content-disposition", `attachment; filename="${name}-predictions.${form}"`);
  return response;
}

export async function tryModel({ signalbox, request, params, requestId }: Call): Promise<WhatIfResult> {
  const fields = await predictForm(request);
  return tryRow(signalbox, params.name!, { fields, requestId });
}

/** By path; server.ts serves them. */
export const FORMS: Record<string, (call: Call) => Promise<FormResult>> = {
  "/datasets": uploadForm,
  "/samples/:name": openSample,
  "/datasets/:id/train": startTraining,
  "/datasets/:id/reading": changeReading,
  "/runs/:id/again": trainAgain,
  "/runs/:id/stop": stopRun,
  "/runs/:id/cancel": cancelRun,
  "/runs/:id/resume": resumeRun,
  "/models/:name/live": deployVersion,
  "/models/:name/offline": takeOffline,
  "/models/:name/threshold": changeThreshold,
  "/models/:name/challenger": challengeVersion,
  "/models/:name/canary": shareTraffic,
  "/alerts/:id/dismiss": dismissAlert,
  "/settings/tokens/:id/revoke": revokeToken,
  "/settings/sessions/:id/end": endSession,
};
