/**
 * Predicts the row of a page's form while you type. Rows come over the page's own socket: one at a time per socket, and
 * of waiting ones only the newest. None of them counts as traffic.
 */
import * as z from "zod";
import { type Privacy, TEAM_VISIBLE, type ViewScope } from "../../events/privacy.ts";
import { type Problem, problem } from "../../http/problem.ts";
import type { Answer, Cell, Warning } from "../../models/predict-rows.ts";
import { AppError } from "../../platform/errors.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import type { StoredVersion } from "../../store/models.ts";
import { isNumberField, type ModelSchema } from "../../trainer/contract.ts";
import { predictFields } from "./form-fields.ts";

/** `form`: the page's fields, as a form would post them; `trial` comes back with the result. */
const TRY_MESSAGE = lazily(() =>
  z.object({ trial: z.int().min(0), model: z.string().max(200), form: z.string() }),
);
type WhatIfMessage = OutputOf<typeof TRY_MESSAGE>;

/** A row from the page's form, and its prediction. */
export interface WhatIf {
  version: number;
  values: Record<string, string>;
  /** Columns that the smallest change must not use. */
  pinned: string[];
  answer: Answer | null;
  /** By number column, what the model read; NaN if it is missing. */
  read?: ReadonlyMap<string, number>;
  /** What was read as missing, or not at all. */
  warnings?: Warning[];
  problem?: Problem;
}

/** 9 of 10 outcomes lie within the shown bounds. */
const SHOWN_LEVEL = 0.9;

/** The row that a form starts with: an example of each column. */
export function typicalRow({ version, result }: StoredVersion): ReturnType<typeof predictFields> {
  const known = result.schema.features.filter(({ example }) => example !== null);
  return {
    version,
    values: Object.fromEntries(known.map(({ name, example }) => [name, typed(example!)])),
    pinned: [],
  };
}

/** A row with its prediction, and the version that made it. */
export interface WhatIfResult {
  trial: WhatIf;
  asked: StoredVersion;
}

/** As a person would type it: a mean of two cells has no tail of digits. */
function typed(value: string | number): string {
  return typeof value === "number" ? String(Number(value.toPrecision(12))) : value;
}

/** As browsers write the value of a number field. */
const FIELD_NUMBER = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?$/i;

/** Number fields hold numbers: the column's own format does not apply to them. */
function cellsOf(values: Record<string, string>, { features }: ModelSchema): Map<string, Cell> {
  const numeric = new Set(features.filter(isNumberField).map(({ name }) => name));
  const cells = Object.entries(values).map(
    ([name, text]) => [name, numeric.has(name) && FIELD_NUMBER.test(text) ? Number(text) : text] as const,
  );
  return new Map<string, Cell>(cells);
}

/** A refusal is shown beside the fields: it is part of the trial. Throws AppError if the version does not exist. */
export async function tryRow(
  signalbox: Pick<Signalbox, "models" | "serving" | "splitServing">,
  name: string,
  given: { fields: ReturnType<typeof predictFields>; requestId: string },
): Promise<WhatIfResult> {
  const { version, values, pinned } = given.fields;
  const asked = await versionFor(signalbox, name, { version, values });
  const trial = { version: asked.version, values, pinned, answer: null };
  try {
    const rows = [cellsOf(values, asked.result.schema)];
    const { predictions, warnings, table } = await signalbox.serving.predict(asked, rows, {
      ...{ explain: true, purpose: "trial", pinned, interval: SHOWN_LEVEL },
    });
    const read = new Map(
      table.columns.flatMap((column) =>
        column.type === "number" ? [[column.name, column.values[0]!] as const] : [],
      ),
    );
    return { asked, trial: { ...trial, read, warnings, answer: predictions[0] ?? null } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { asked, trial: { ...trial, problem: problem(error, given.requestId) } };
  }
}

/** The requested version, else the one that predicts such a row. */
async function versionFor(
  { models, splitServing }: Pick<Signalbox, "models" | "splitServing">,
  name: string,
  { version, values }: Pick<ReturnType<typeof predictFields>, "version" | "values">,
): Promise<StoredVersion> {
  const canary = version === null ? await splitServing.split(name, null) : null;
  return canary?.isAssigned(new Map(Object.entries(values))) ? canary.version : models.serving(name, version);
}

export interface WhatIfOptions {
  signalbox: Pick<Signalbox, "models" | "serving" | "splitServing" | "logger"> & { privacy?: Privacy };
  /** The answer as the page shows it. */
  draw: (trial: WhatIf, asked: StoredVersion) => Promise<string>;
}

/** A socket, and what its viewer may see. */
interface Asker {
  send: (message: string) => unknown;
  data?: { viewScope: ViewScope };
}

interface Waiting {
  isBusy: boolean;
  next: WhatIfMessage | null;
}

export class WhatIfs {
  private readonly waiting = new WeakMap<object, Waiting>();

  constructor(private readonly options: WhatIfOptions) {}

  /** A message of a socket; anything but a trial is ignored. */
  hear = (socket: Asker, message: string | Buffer): void => {
    const asked = typeof message === "string" ? readMessage(message) : null;
    if (!asked) return;
    const own = this.waiting.get(socket) ?? { isBusy: false, next: null };
    this.waiting.set(socket, own);
    own.next = asked;
    if (!own.isBusy) void this.answerAll(socket, own);
  };

  private async answerAll(socket: Asker, own: Waiting): Promise<void> {
    own.isBusy = true;
    for (let asked = own.next; asked; asked = own.next) {
      own.next = null;
      socket.send(await this.answer(asked, socket.data?.viewScope ?? TEAM_VISIBLE));
    }
    own.isBusy = false;
  }

  /** With `failed` the page sends the form as a request instead, and gets the reason. */
  private async answer({ trial: number, model, form }: WhatIfMessage, viewScope: ViewScope): Promise<string> {
    try {
      this.options.signalbox.privacy?.refuseHidden(viewScope, "model", model);
      const fields = predictFields(new URLSearchParams(form));
      const { trial, asked } = await tryRow(this.options.signalbox, model, { fields, requestId: "" });
      const content = await this.options.draw(trial, asked);
      return JSON.stringify({ trial: number, target: "#answer", swap: "outerMorph", content });
    } catch (error) {
      if (!(error instanceof AppError))
        this.options.signalbox.logger.error({ model, error: `${(error as Error).stack}` }, "defect");
      return JSON.stringify({ trial: number, failed: true });
    }
  }
}

function readMessage(message: string): WhatIfMessage | null {
  if (!message.startsWith('{"trial":')) return null;
  try {
    return TRY_MESSAGE().safeParse(JSON.parse(message)).data ?? null;
  } catch {
    return null;
  }
}
