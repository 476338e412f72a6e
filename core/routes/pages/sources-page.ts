/** Reads the sources page and handles its forms, with the API's own checks. */
import { SOURCE_PATCH, SOURCE_REQUEST } from "../../datasets/sources/place.ts";
import { checked } from "../../http/body.ts";
import type { Problem } from "../../http/problem.ts";
import { AppError } from "../../platform/errors.ts";
import type { Call } from "../api/route.ts";
import { type SourceRow, sourceRows } from "../data/automation-data.ts";
import { defined, filled, formValues, readForm } from "./form-fields.ts";
import type { FormResult } from "./form-handlers.ts";
import { withRefusal } from "./refusal.ts";

export interface SourcesPageData {
  sources: SourceRow[];
  /** SOURCE_HOSTS. */
  hosts: string[];
  /** True if credentials are encrypted. */
  isSealed: boolean;
  /** Why the request was not carried out. */
  refusal: Problem | null;
  /** The fields of the refused form. */
  typed: Record<string, string>;
}

export async function sourcesData(
  { signalbox }: Call,
  refusal: Problem | null = null,
  typed: Record<string, string> = {},
): Promise<SourcesPageData> {
  const { items: sources } = await sourceRows(signalbox);
  const { SOURCE_HOSTS: hosts, SECRET_KEY } = signalbox.config;
  return { sources, hosts, isSealed: SECRET_KEY !== "", refusal, typed };
}

const refusable = withRefusal<SourcesPageData>(sourcesData);

export async function addSource(call: Call): Promise<FormResult | SourcesPageData> {
  const form = await readForm(call.request);
  const add = refusable(() => addFrom(form, call));
  const answer = await add(call);
  return "refusal" in answer ? { ...answer, typed: formValues(form) } : answer;
}

async function addFrom(form: FormData, call: Call): Promise<{ go: string }> {
  call.takeTime();
  const { sources } = call.signalbox;
  const { id } = await sources.create(checked(sourceFields(form), SOURCE_REQUEST()), call.identity.name);
  await sources.refresh(id).catch((error: unknown) => {
    // The new source shows the reason itself; sent again, the form would add a second one.
    if (!(error instanceof AppError)) throw error;
  });
  return { go: `/sources#${id}` };
}

export const changeSource = refusable(async ({ signalbox, request, params }) => {
  const { id } = await signalbox.sources.change(
    params.id!,
    checked(sourceFields(await readForm(request)), SOURCE_PATCH()),
  );
  return { go: `/sources#${id}` };
});

/** Starts it: the page shows its progress and its result. */
export const refreshSource = refusable(async ({ signalbox, params }) => {
  const { done } = await signalbox.sources.begin(params.id!);
  done.catch(() => {
    // Told by the source itself, and by an alert.
  });
  return { stay: `/sources#${params.id!}` };
});

export const stopSource = refusable(async ({ signalbox, params }) => {
  await signalbox.sources.stopRefresh(params.id!);
  return { stay: `/sources#${params.id!}` };
});

export async function deleteSource({ signalbox, params }: Call): Promise<FormResult> {
  await signalbox.sources.delete(params.id!);
  return { stay: "/sources" };
}

function sourceFields(form: FormData): Record<string, unknown> {
  const number = (name: string) => {
    const text = filled(form, name);
    return text === undefined ? undefined : Number(text);
  };
  const texts = ["name", "url", "query", "password", "accessKeyId", "secretAccessKey", "region", "endpoint"];
  return defined({
    ...Object.fromEntries(texts.map((name) => [name, filled(form, name)])),
    headers: headersOf(filled(form, "headers")),
    rowLimit: number("rowLimit"),
    timeoutSeconds: number("timeoutSeconds"),
  });
}

/** "Authorization: Bearer x", one per line. */
function headersOf(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      if (colon < 1)
        throw new AppError("invalid", "Each header must be a name, a colon and a value", {
          column: "headers",
          example: "Authorization: Bearer …",
        });
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
