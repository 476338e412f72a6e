/** Handles the forms for names, tags, notes, the archive, deleting, undoing, and saved filters. */

import * as z from "zod";
import { checked } from "../../http/body.ts";
import { AppError } from "../../platform/errors.ts";
import { DATASET_CHANGE, MODEL_CHANGE, RUN_CHANGE } from "../../process/organise/annotations.ts";
import { BULK_REQUEST, changeMany, type Kind } from "../../process/organise/bulk.ts";
import type { Subject } from "../../process/organise/deletable.ts";
import { FILTER_REQUEST } from "../../process/organise/saved-filters.ts";
import { changeVisibility } from "../../process/organise/visibility.ts";
import type { Annotated } from "../../store/annotations.ts";
import type { DeletedKind } from "../../store/deletions.ts";
import { VISIBILITIES } from "../../store/ownership.ts";
import type { Call } from "../api/route.ts";
import { defined, filled, readForm } from "./form-fields.ts";
import type { FormResult } from "./form-handlers.ts";

type Submit = (call: Call) => Promise<FormResult>;

const LIST_OF: Record<DeletedKind, Kind> = {
  dataset: "datasets",
  run: "runs",
  model: "models",
  version: "models",
};

/** "a, b" as tags. */
function tagsIn(form: FormData, field: string): string[] {
  return (filled(form, field) ?? "")
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
}

/** A form that shows all values: an empty field is meant to be empty. */
async function organiseForm(request: Request) {
  const form = await readForm(request);
  return defined({
    name: filled(form, "name")?.trim(),
    tags: tagsIn(form, "tags"),
    note: String(form.get("note") ?? "").replaceAll("\r\n", "\n"),
    archived: form.has("archived"),
  });
}

const deleted = (kind: DeletedKind, subjectOf: (call: Call) => Omit<Subject, "kind">): Submit => {
  return async (call) => {
    await call.signalbox.deletions.delete([{ kind, ...subjectOf(call) }], { isFinal: false });
    return { go: `/${LIST_OF[kind]}` };
  };
};

/** The actions of the buttons below a list on the selected rows. */
const many =
  (kind: Kind): Submit =>
  async ({ signalbox, request }) => {
    const form = await readForm(request);
    const ids = form.getAll("runs").map(String);
    const action = filled(form, "do");
    if (ids.length === 0)
      throw new AppError("syntax", "No row is selected", { fix: "Select rows in the list first." });
    const tags = tagsIn(form, "tags");
    if ((action === "tag" || action === "untag") && tags.length === 0)
      throw new AppError("syntax", "No tag was given", { fix: "Type a tag beside the button." });
    const asked = {
      kind,
      // A model's row is selected as the version that a comparison would use.
      ids: kind === "models" ? ids.map((id) => id.replace(/:\d+$/, "")) : ids,
      ...(action === "delete" && { delete: true }),
      ...(action === "archive" && { archived: true }),
      ...(action === "unarchive" && { archived: false }),
      ...(action === "tag" && { addTags: tags }),
      ...(action === "untag" && { removeTags: tags }),
    };
    const { items } = await changeMany(signalbox, checked(asked, BULK_REQUEST()));
    const refused = items.flatMap(({ error }) => (error ? [error] : []));
    const [first] = refused;
    if (first) {
      const all = refused.length === items.length;
      const told = all && items.length === 1 ? "" : `${refused.length} of ${items.length} were not changed. `;
      throw new AppError("conflict", `${told}${first.message}`, first.fix ? { fix: first.fix } : {});
    }
    return { go: `/${kind}${filled(form, "back") ?? ""}` };
  };

/** Private, or for the team: the button on the page. */
const switched = (kind: Annotated, subjectOf: (call: Call) => string): Submit => {
  return async (call) => {
    const form = await readForm(call.request);
    const visibility = checked(form.get("visibility"), z.enum(VISIBILITIES));
    const subject = subjectOf(call);
    await changeVisibility(call.signalbox, { kind, subject, visibility, by: call.identity });
    return { go: `/${kind}s/${encodeURIComponent(subject)}#order` };
  };
};

export const ORGANISE_FORMS: Record<string, Submit> = {
  "/datasets/:id/visibility": switched("dataset", ({ params }) => params.id!),
  "/runs/:id/visibility": switched("run", ({ params }) => params.id!),
  "/models/:name/visibility": switched("model", ({ params }) => params.name!),
  "/undo/:id": async ({ signalbox, params }) => {
    const [first] = await signalbox.deletions.undo(params.id!);
    return { go: `/${LIST_OF[first!.kind]}` };
  },
  "/datasets/:id/delete": deleted("dataset", ({ params }) => ({ subject: params.id!, version: 0 })),
  "/runs/:id/delete": deleted("run", ({ params }) => ({ subject: params.id!, version: 0 })),
  "/models/:name/delete": deleted("model", ({ params }) => ({ subject: params.name!, version: 0 })),
  "/models/:name/versions/:v/delete": deleted("version", ({ params }) => ({
    subject: params.name!,
    version: Number(params.v),
  })),
  "/datasets/bulk": many("datasets"),
  "/runs/bulk": many("runs"),
  "/models/bulk": many("models"),
  "/datasets/:id/order": async ({ signalbox, request, params }) => {
    const change = checked(await organiseForm(request), z.strictObject(DATASET_CHANGE()));
    await signalbox.annotations.changeDataset(params.id!, change);
    return { go: `/datasets/${params.id}` };
  },
  "/runs/:id/order": async ({ signalbox, request, params }) => {
    const asked = await organiseForm(request);
    await signalbox.annotations.changeRun(params.id!, checked({ name: null, ...asked }, RUN_CHANGE()));
    return { go: `/runs/${params.id}` };
  },
  "/models/:name/order": async ({ signalbox, request, params }) => {
    const change = checked(await organiseForm(request), MODEL_CHANGE());
    return { go: `/models/${await signalbox.annotations.changeModel(params.name!, change)}` };
  },
  "/filters": async ({ signalbox, request }) => {
    const form = await readForm(request);
    const asked = { list: filled(form, "list"), name: filled(form, "name"), query: form.get("query") };
    const { list, query } = await signalbox.savedFilters.save(checked(asked, FILTER_REQUEST()));
    return { go: `/${list}?${query}` };
  },
  "/filters/:id/delete": async ({ signalbox, params }) => {
    const filter = (await signalbox.savedFilters.list()).find(({ id }) => id === params.id);
    await signalbox.savedFilters.delete(params.id!);
    return { go: `/${filter!.list}` };
  },
};
