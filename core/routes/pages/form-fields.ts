/** Turns a form's fields, which are text, into API input, so that both pass the same checks. */

import * as z from "zod";
import { CHOICES } from "../../datasets/reading-choices.ts";
import { checked, mediaType, readText } from "../../http/body.ts";
import { TOKEN_REQUEST } from "../../http/identity/tokens.ts";
import { CANARY_REQUEST, type CanaryRequest } from "../../models/canary/canaries.ts";
import { AppError } from "../../platform/errors.ts";
import { DAY_MS } from "../../platform/figures.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import { EXPERT_NAMES } from "../../training/options/expert.ts";
import { EXPERT_TEXT_SHAPE } from "../../training/options/expert-schema.ts";
import { TRAIN_REQUEST, type TrainRequest } from "../../training/options/run-options.ts";
import { THRESHOLD_REQUEST } from "../api/rows/models/models.ts";

const MAX_FORM_BYTES = 1024 * 1024;

/** Throws AppError `too_large` or `syntax`. */
export async function readForm(request: Request): Promise<FormData> {
  if (Number(request.headers.get("content-length") ?? MAX_FORM_BYTES + 1) > MAX_FORM_BYTES) {
    throw new AppError("too_large", "The form is larger than 1 MB");
  }
  if (mediaType(request) === "application/x-www-form-urlencoded") return encodedForm(await readText(request));
  try {
    return (await request.formData()) as FormData;
  } catch (error) {
    throw new AppError(
      "syntax",
      `The form cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Parsed here: other parsers accept an invalid percent sign as it is. */
function encodedForm(text: string): FormData {
  try {
    decodeURIComponent(text);
  } catch {
    throw new AppError("syntax", "The form has a percent sign that is not followed by valid UTF-8", {
      fix: "Encode the fields as UTF-8, and a percent sign itself as %25.",
    });
  }
  const form = new FormData();
  for (const [name, value] of new URLSearchParams(text)) form.append(name, value);
  return form;
}

export async function trainForm(request: Request, datasetId: string): Promise<TrainRequest> {
  const form = await readForm(request);
  const number = (name: string) =>
    filled(form, name) === undefined ? undefined : Number(filled(form, name));
  const all = (name: string) => form.getAll(name).map(String).filter(Boolean);
  const [exclude, features] = [all("exclude"), all("features")];
  const falsePositive = number("costFalsePositive");
  const falseNegative = number("costFalseNegative");
  const expert = checked(
    defined(
      Object.fromEntries(EXPERT_NAMES.map((name) => [name, filled(form, name) && all(name).join(",")])),
    ),
    EXPERT_FORM(),
  );
  const isWeighed = falsePositive !== undefined || falseNegative !== undefined;
  return checked(
    defined({
      datasetId,
      target: filled(form, "target"),
      task: filled(form, "task"),
      name: filled(form, "name"),
      budgetSeconds: number("budgetSeconds"),
      seed: number("seed"),
      split: filled(form, "split"),
      splitColumn: filled(form, "splitColumn"),
      metric: filled(form, "metric"),
      positiveClass: filled(form, "positiveClass"),
      exclude: exclude.length ? exclude : undefined,
      features: features.length ? features : undefined,
      costs: isWeighed ? { falsePositive: falsePositive ?? 1, falseNegative: falseNegative ?? 1 } : undefined,
      ...expert,
    }),
    TRAIN_REQUEST(),
  );
}

/** Its fields hold text. */
const EXPERT_FORM = lazily(() => z.strictObject(EXPERT_TEXT_SHAPE()));

export async function readingForm(request: Request): Promise<OutputOf<typeof CHOICES>> {
  const form = await readForm(request);
  const types: [string, string][] = [];
  const missing: [string, string[]][] = [];
  for (const [field, value] of form.entries()) {
    if (field.startsWith("type.") && value) types.push([field.slice(5), String(value)]);
    if (field.startsWith("missing."))
      missing.push([field.slice(8), String(value).split(", ").filter(Boolean)]);
  }
  const header = filled(form, "header");
  return checked(
    defined({
      delimiter: filled(form, "delimiter")?.replace("\\t", "\t"),
      encoding: filled(form, "encoding"),
      sheet: filled(form, "sheet"),
      range: filled(form, "range"),
      header: header === undefined ? undefined : /^\d+$/.test(header) ? Number(header) : header === "true",
      target: filled(form, "target"),
      task: filled(form, "task"),
      drop: form.has("drop") ? form.getAll("drop").map(String).filter(Boolean) : undefined,
      types: types.length ? Object.fromEntries(types) : undefined,
      missing: missing.length ? Object.fromEntries(missing) : undefined,
    }),
    CHOICES(),
  );
}

/** `next`: the path to return to. Throws AppError if the form cannot be read. */
export async function signInForm(request: Request): Promise<{ token: string; next: string | null }> {
  const form = await readForm(request);
  return { token: (filled(form, "token") ?? "").trim(), next: filled(form, "next") ?? null };
}

/** `days` from `now`; empty: it does not expire. */
export async function tokenForm(request: Request, now: number): Promise<OutputOf<typeof TOKEN_REQUEST>> {
  const form = await readForm(request);
  const days = filled(form, "days");
  const expiresAt = days === undefined ? undefined : new Date(now + Number(days) * DAY_MS);
  return checked(
    defined({
      name: filled(form, "name"),
      scopes: form.getAll("scopes"),
      expiresAt: expiresAt && (Number.isNaN(expiresAt.getTime()) ? days : expiresAt.toISOString()),
    }),
    TOKEN_REQUEST(),
  );
}

/** `isConfirmed`: the reader has seen the warnings about this version. */
export async function deployForm(request: Request): Promise<{ version: number; isConfirmed: boolean }> {
  const form = await readForm(request);
  return { version: Number(form.get("version")), isConfirmed: form.get("confirm") === "1" };
}

/** No threshold: as the version was trained. Throws AppError `invalid`. */
export async function thresholdForm(
  request: Request,
): Promise<{ version: number; threshold: number | null }> {
  const form = await readForm(request);
  const threshold = filled(form, "threshold");
  const asked = { version: Number(form.get("version")), threshold: threshold ? Number(threshold) : null };
  return checked(asked, THRESHOLD_REQUEST());
}

/** No version: the challenge ends. */
export async function challengerForm(request: Request): Promise<number | null> {
  const version = filled(await readForm(request), "version");
  return version === undefined ? null : Number(version);
}

/** No version: the canary ends. Throws AppError `invalid`. */
export async function canaryForm(request: Request): Promise<CanaryRequest> {
  const form = await readForm(request);
  const number = (name: string) => {
    const text = filled(form, name);
    return text === undefined ? undefined : Number(text);
  };
  const asked = {
    ...{ share: number("share"), maxErrors: number("maxErrors"), maxSlowdown: number("maxSlowdown") },
    ...{ column: filled(form, "column"), header: filled(form, "header")?.trim() },
    confirm: form.get("confirm") === "1",
  };
  return checked({ version: number("version") ?? null, ...defined(asked) }, CANARY_REQUEST());
}

/** The fields f.NAME by feature name; an empty field is a missing value. */
export async function predictForm(request: Request): Promise<ReturnType<typeof predictFields>> {
  return predictFields(await readForm(request));
}

/** A form, urlencoded or multipart. */
interface Fields {
  get: (name: string) => unknown;
  entries: () => Iterable<[string, unknown]>;
}

export function predictFields(form: Fields): {
  version: number | null;
  values: Record<string, string>;
  /** Columns that the smallest change must not use. */
  pinned: string[];
} {
  const values: [string, string][] = [];
  const pinned: string[] = [];
  for (const [field, value] of form.entries()) {
    if (field.startsWith("f.")) values.push([field.slice(2), String(value)]);
    if (field === "pin") pinned.push(String(value));
  }
  const version = filled(form, "version");
  return {
    version: version === undefined ? null : Number(version),
    values: Object.fromEntries(values),
    pinned,
  };
}

/** Never sent back: a secret is typed again. */
const SECRET_FIELDS = new Set(["password", "accessKeyId", "secretAccessKey", "headers", "token"]);

/** What was typed into a form that was refused, to show it again. */
export function formValues(form: Pick<Fields, "entries">): Record<string, string> {
  const typed = [...form.entries()].filter(([name]) => !SECRET_FIELDS.has(name));
  return Object.fromEntries(typed.map(([name, value]) => [name, String(value)]));
}

export function filled(form: Pick<Fields, "get">, name: string): string | undefined {
  const value = form.get(name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function defined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
