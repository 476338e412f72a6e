/**
 * Handles the forms of a model's page whose result is shown on the page itself: a file to predict, and outcomes, which
 * are counted.
 */
import { may } from "../../http/identity/identity.ts";
import type { Problem } from "../../http/problem.ts";
import { AppError, errorRecord } from "../../platform/errors.ts";
import type { Call } from "../api/route.ts";
import { filled, readForm } from "./form-fields.ts";
import { predictFileForm } from "./form-handlers.ts";

export interface OutcomeNote {
  /** New outcomes. */
  recorded: number;
  changed: number;
  unchanged: number;
  rejected: number;
  /** The first rejected row; else the first outcome that was read differently from how it is written. */
  reason: string | null;
}

/** What a model's page shows about the form that was sent. */
export interface FormNote {
  outcome?: OutcomeNote;
  /** Why the file was not predicted. */
  batch?: Problem;
}

/** By the URL that each form is posted to. */
export const MODEL_FORMS: Record<string, (call: Call) => Promise<FormNote | Response>> = {
  "/models/:name/outcomes": async (call) => shown(call, await reportOutcome(call)),
  "/models/:name/outcomes-csv": async (call) => shown(call, await reportOutcomes(call)),
  "/models/:name/predict-csv": predictFileForm,
};

/** Who may only predict gets the counts, not the model's page around them. */
function shown({ identity }: Call, outcome: OutcomeNote): FormNote | Response {
  return may(identity, "read") ? { outcome } : Response.json(outcome);
}

/** The fields `id` and `actual`. A refusal is shown on the same page. */
async function reportOutcome({ signalbox, request }: Call): Promise<OutcomeNote> {
  const form = await readForm(request);
  return noted(async () => {
    const { status, warnings } = await signalbox.feedback.tell(
      filled(form, "id") ?? "",
      filled(form, "actual") ?? "",
    );
    const count = (wanted: typeof status) => Number(status === wanted);
    return {
      recorded: count("recorded"),
      changed: count("changed"),
      unchanged: count("unchanged"),
      rejected: 0,
      reason: warnings ? `The outcome ${warnings[0]!.message}.` : null,
    };
  });
}

/** A CSV with the columns id and actual. */
async function reportOutcomes({ signalbox, request, takeTime }: Call): Promise<OutcomeNote> {
  takeTime();
  return noted(async () => {
    const told = await signalbox.feedback.tellFile(await signalbox.datasets.receiveAside(request));
    const { accepted, changed, unchanged, rejected, errors, warnings } = told;
    const first = errors[0] ?? warnings[0];
    const fix = errors[0]?.fix;
    const reason = first ? `Row ${first.row}: ${first.message}.${fix ? ` ${fix}` : ""}` : null;
    return { recorded: accepted - changed - unchanged, changed, unchanged, rejected, reason };
  });
}

async function noted(report: () => Promise<OutcomeNote>): Promise<OutcomeNote> {
  try {
    return await report();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { message, fix } = errorRecord(error);
    const reason = `${message}.${fix ? ` ${fix}` : ""}`;
    return { recorded: 0, changed: 0, unchanged: 0, rejected: 1, reason };
  }
}
