/**
 * Runs the challenger on the requests of the live version. It predicts the same rows after the live version's response
 * was sent, some milliseconds at a time; its predictions are stored and never returned. If it cannot keep up, rows are
 * skipped and counted: a live response never waits for it.
 */

import { AppError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import { insertChallengerAnswer } from "../../store/challengers.ts";
import type { Store } from "../../store/database.ts";
import type { StoredVersion } from "../../store/models.ts";
import { type PredictionAnswer, versionKey } from "../../store/predictions.ts";
import { errorsAmong } from "../../trainer/checks/severity.ts";
import type { Model } from "../../trainer/model/model.ts";
import type { PredictRow } from "../predict-rows.ts";

export interface ChallengerOptions {
  store: Store;
  /** Returns a version's model, loading it if necessary. */
  load: (version: StoredVersion) => Promise<Model>;
  logger: Logger;
}

interface Waiting {
  challenger: StoredVersion;
  id: string;
  cells: PredictRow;
}

interface Answered {
  challenger: StoredVersion;
  id: string;
  answer: PredictionAnswer;
  learned: boolean;
}

const MOST_WAITING = 20_000;
/** The maximum challenger work between which a live request may have to wait. */
const SLICE_MS = 5;
const MOST_SLICE_ROWS = 500;
const WRITE_ROWS = 1000;

export class Challenger {
  private readonly waiting: Waiting[] = [];
  private isScoring: Promise<void> | null = null;
  /** By version: rows that were skipped because it fell behind, in this process. */
  private readonly skipped = new Map<string, number>();
  /** By version: recent milliseconds per row. */
  private readonly cost = new Map<string, number>();

  constructor(private readonly options: ChallengerOptions) {}

  offer(challenger: StoredVersion, row: { id: string; cells: PredictRow }): void {
    if (this.waiting.length < MOST_WAITING) this.waiting.push({ challenger, ...row });
    else this.skip(challenger, 1);
    this.isScoring ??= this.score();
  }

  private skip(challenger: StoredVersion, rows: number): void {
    this.skipped.set(keyOf(challenger), this.skippedBy(challenger) + rows);
  }

  skippedBy(version: StoredVersion): number {
    return this.skipped.get(keyOf(version)) ?? 0;
  }

  /** Null before its first row. */
  msPerRow(version: StoredVersion): number | null {
    return this.cost.get(keyOf(version)) ?? null;
  }

  /** Resolves when everything offered so far is predicted and written. */
  async settled(): Promise<void> {
    await this.isScoring;
  }

  private async score(): Promise<void> {
    let answered: Answered[] = [];
    while (this.waiting.length) {
      await new Promise((resolve) => setImmediate(resolve));
      answered.push(...(await this.scoreSlice()));
      if (answered.length < WRITE_ROWS) continue;
      await this.write(answered);
      answered = [];
    }
    this.isScoring = null;
    await this.write(answered);
  }

  /** As many rows of one challenger as fit into the time slice. */
  private async scoreSlice(): Promise<Answered[]> {
    const { challenger } = this.waiting[0]!;
    const slice = this.takeSlice(challenger);
    try {
      return await this.answer(challenger, slice);
    } catch (error) {
      this.skip(challenger, slice.length);
      this.options.logger.warn(
        { model: keyOf(challenger), error: String(error) },
        "a challenger failed to predict",
      );
      return [];
    }
  }

  private takeSlice(challenger: StoredVersion): Waiting[] {
    const fitting = Math.ceil(SLICE_MS / (this.cost.get(keyOf(challenger)) ?? SLICE_MS / 10));
    const others = this.waiting.findIndex((entry) => entry.challenger !== challenger);
    const end = others < 0 ? this.waiting.length : others;
    return this.waiting.splice(0, Math.min(end, fitting, MOST_SLICE_ROWS));
  }

  private async answer(challenger: StoredVersion, slice: Waiting[]): Promise<Answered[]> {
    const [model, { answerRows, learnedFrom }] = await Promise.all([
      this.options.load(challenger),
      import("../predict-rows.ts"),
    ]);
    const key = keyOf(challenger);
    const start = performance.now();
    const rows = slice.map(({ cells }) => cells);
    const { answers } = answerRows(model, rows, { explain: false });
    const ms = (performance.now() - start) / slice.length;
    this.cost.set(key, 0.8 * (this.cost.get(key) ?? ms) + 0.2 * ms);
    const learned = learnedFrom(model, rows);
    return slice.map(({ id }, i) => ({ challenger, id, answer: answers[i]!, learned: learned[i]! }));
  }

  private async write(answered: readonly Answered[]): Promise<void> {
    const { store } = this.options;
    if (!answered.length) return;
    const written = store.transaction(async (tx) => {
      for (const { challenger, id, answer, learned } of answered) {
        const versionId = await versionKey(tx, challenger.name, challenger.version);
        if (versionId !== null)
          await insertChallengerAnswer(tx, { predictionId: id, versionId, answer, learned });
      }
    });
    await written.catch((error: unknown) => {
      for (const { challenger } of answered) this.skip(challenger, 1);
      this.options.logger.warn({ error: String(error) }, "a challenger's predictions could not be written");
    });
  }
}

const keyOf = ({ name, version }: StoredVersion) => `${name}:${version}`;

/** Throws AppError `conflict` if the two predict different things. */
export function refuseChallenger(challenger: StoredVersion, live: StoredVersion | null): void {
  const { name, version, result } = challenger;
  if (!live) {
    throw new AppError("conflict", `No version of ${name} is live`, {
      fix: `Deploy one with PUT /api/models/${name}/live: a challenger is compared with it.`,
    });
  }
  if (live.version === version) {
    throw new AppError("conflict", `Version ${version} of ${name} is the live version`, {
      fix: "Choose another version.",
    });
  }
  if (live.result.task !== result.task || live.result.schema.target !== result.schema.target) {
    throw new AppError(
      "conflict",
      `Versions ${live.version} and ${version} of ${name} have different targets or tasks`,
      {
        fix: "Choose a version with the same target and task.",
      },
    );
  }
}

/** Throws AppError `conflict` if a finding makes the version's score worthless. */
export function refuseDoubtful({ name, version, result }: StoredVersion): void {
  const errors = errorsAmong(result.findings);
  if (!errors.length) return;
  const reasons = errors.map(({ code, column, message }) => ({ code, column, message }));
  throw new AppError(
    "conflict",
    `Version ${version} of ${name} may be useless in practice: ${reasons[0]!.message}`,
    {
      fix: `To use it nevertheless, send "confirm": true, or confirm on the page of ${name}.`,
      example: JSON.stringify({ version, confirm: true }),
      confirm: { field: "confirm", code: "error_findings", reasons },
    },
  );
}
