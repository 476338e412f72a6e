/** Reads the sources page and handles its forms. They pass the API's own checks. */
import { SOURCE_PATCH, SOURCE_REQUEST } from "../../datasets/sources/place.ts";
import type { SourceView } from "../../datasets/sources/sources.ts";
import { checked } from "../../http/body.ts";
import type { Problem } from "../../http/problem.ts";
import { AppError } from "../../platform/errors.ts";
import { type DatasetChanges, findDataset } from "../../store/datasets.ts";
import type { Call } from "../api/route.ts";
import { defined, filled, readForm } from "./form-fields.ts";
import type { Landing } from "./form-handlers.ts";
import { withRefusal } from "./refusal.ts";

/** A source with its dataset as it is now. */
export interface SourceRow extends SourceView {
  dataset: { id: string; version: number; rows: number; changes: DatasetChanges | null } | null;
}

export interface SourcesPageData {
  sources: SourceRow[];
  /** SOURCE_HOSTS. */
  hosts: string[];
  /** Credentials are encrypted. */
  isSealed: boolean;
  /** Why what was asked for was not done. */
  refusal: Problem | null;
}

export async function sourcesData(
  { signalbox }: Call,
  refusal: Problem | null = null,
): Promise<SourcesPageData> {
  const sources = await signalbox.sources.list();
  const rows = sources.map(async (source): Promise<SourceRow> => {
    const found = source.datasetId === null ? null : await findDataset(signalbox.store, source.datasetId);
    if (!found?.profile) return { ...source, dataset: null };
    const { id, version, profile, changes } = found;
    return { ...source, dataset: { id, version, rows: profile.rows, changes } };
  });
  const { SOURCE_HOSTS: hosts, SECRET_KEY } = signalbox.config;
  return { sources: await Promise.all(rows), hosts, isSealed: SECRET_KEY !== "", refusal };
}

const refusable = withRefusal(sourcesData);

export const addSource = refusable(async (call) => {
  call.takeTime();
  const { sources } = call.signalbox;
  const { id } = await sources.create(
    checked(await sourceFields(call.request), SOURCE_REQUEST),
    call.identity.name,
  );
  await sources.refresh(id);
  return { go: `/sources#${id}` };
});

export const changeSource = refusable(async ({ signalbox, request, params }) => {
  const { id } = await signalbox.sources.change(
    params.id!,
    checked(await sourceFields(request), SOURCE_PATCH),
  );
  return { go: `/sources#${id}` };
});

export const refreshSource = refusable(async ({ signalbox, params, takeTime }) => {
  takeTime();
  await signalbox.sources.refresh(params.id!);
  return { go: `/sources#${params.id!}` };
});

export async function deleteSource({ signalbox, params }: Call): Promise<Landing> {
  await signalbox.sources.delete(params.id!);
  return { go: "/sources" };
}

async function sourceFields(request: Request): Promise<Record<string, unknown>> {
  const form = await readForm(request);
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

/** "Authorization: Bearer x", one a line. */
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
