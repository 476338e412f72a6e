/**
 * Predicts the rows of a file in batches: by one version or, during a canary, by two, each row by its own. If the
 * canary fails, the failure is counted and the live version predicts instead.
 */
import type { StoredVersion } from "../../store/models.ts";
import type { Model, Prediction as ModelAnswer } from "../../trainer/model/model.ts";
import type { RowCells } from "../canary/assignment.ts";
import type { TrafficSplit } from "../canary/split-serving.ts";
import type { StorageMode } from "../monitoring/prediction-log.ts";
import type { Answer, Warning } from "../predict-rows.ts";
import type { InputRow } from "../rows/input-rows.ts";
import type { Serving } from "../serving.ts";
import type { TableReader } from "./table-reader.ts";

/** What one row was answered. */
export interface FileRowAnswer {
  model: Model;
  version: number;
  predicted: ModelAnswer;
  /** Its place in `predicted`. */
  row: number;
  /** "" if it is not stored. */
  id: string;
  bounds: Pick<Answer, "interval" | "set"> | undefined;
}

export interface FilePredictorOptions {
  serving: Serving;
  /** As the file calls its columns. */
  names: readonly string[];
  interval: number | undefined;
  reader: (model: Model) => TableReader;
  /** A row as stored, in JSON. */
  cellsOf: (cells: InputRow["cells"]) => string;
  bounds: typeof import("../predict-rows.ts").answerBounds;
}

interface FileVersion {
  version: StoredVersion;
  model: Model;
  reader: TableReader;
}

/** One batch, with its warnings. */
export interface BatchAnswer {
  answers: FileRowAnswer[];
  warnings: Warning[];
}

export class FilePredictor {
  private readonly live: FileVersion;
  private canary: FileVersion | null = null;

  private constructor(
    private readonly options: FilePredictorOptions,
    private readonly split: TrafficSplit | null,
    live: { version: StoredVersion; model: Model },
  ) {
    this.live = { ...live, reader: options.reader(live.model) };
  }

  static async open(
    options: FilePredictorOptions,
    split: TrafficSplit | null,
    live: { version: StoredVersion; model: Model },
  ): Promise<FilePredictor> {
    const predictor = new FilePredictor(options, split, live);
    if (!split) return predictor;
    try {
      const model = await options.serving.open(split.version);
      predictor.canary = { version: split.version, model, reader: options.reader(model) };
    } catch (error) {
      split.failed(error);
    }
    return predictor;
  }

  /** Columns that the live version's training did not see. */
  get strangers(): string[] {
    return this.live.reader.strangers;
  }

  /** How the first rows are written decides how all are read. */
  settle(cells: readonly InputRow["cells"][]): void {
    for (const fileVersion of [this.live, this.canary]) fileVersion?.reader.settle(cells);
  }

  async ask(batch: readonly InputRow[], storageMode: StorageMode): Promise<BatchAnswer> {
    const { canary, split } = this;
    const all = batch.map((_, index) => index);
    if (!canary || !split?.stands()) return this.askVersion(this.live, { batch, at: all, storageMode });
    const { names } = this.options;
    const isCanaried = batch.map(({ cells }) => split.isAssigned(rowOf(names, cells)));
    const [mine, others] = [all.filter((row) => isCanaried[row]), all.filter((row) => !isCanaried[row])];
    const live =
      others.length > 0 ? await this.askVersion(this.live, { batch, at: others, storageMode }) : NONE;
    const own = mine.length > 0 ? await this.askCanary(canary, { batch, at: mine, storageMode }) : NONE;
    const answers = new Array<FileRowAnswer>(batch.length);
    for (const [place, row] of others.entries()) answers[row] = live.answers[place]!;
    for (const [place, row] of mine.entries()) answers[row] = own.answers[place]!;
    return { answers, warnings: [...live.warnings, ...own.warnings] };
  }

  private async askCanary(canary: FileVersion, part: BatchPart): Promise<BatchAnswer> {
    try {
      return await this.askVersion(canary, part);
    } catch (error) {
      const answered = await this.askVersion(this.live, part);
      this.split!.failed(error);
      return answered;
    }
  }

  private async askVersion(
    { version, model, reader }: FileVersion,
    { batch, at, storageMode }: BatchPart,
  ): Promise<BatchAnswer> {
    const { serving, cellsOf, interval, bounds } = this.options;
    const given = at.map((row) => batch[row]!.cells);
    const said: Warning[] = [];
    const table = reader.read(given, said);
    const { predicted, ids, seconds } = await serving.predictTable(version, table, {
      ...{ warnings: said.length, storageMode },
      cellsOf: (row) => cellsOf(given[row]!),
    });
    this.split?.answered(version, at.length, seconds);
    const boundsAt = interval === undefined ? null : bounds(model, { table, predicted, level: interval });
    return {
      warnings: said.map((warning) => ({ ...warning, row: at[warning.row]! })),
      answers: at.map((_, row) => ({
        ...{ model, version: version.version, predicted, row },
        ...{ id: ids?.[row] ?? "", bounds: boundsAt?.(row) },
      })),
    };
  }
}

interface BatchPart {
  batch: readonly InputRow[];
  at: readonly number[];
  storageMode: StorageMode;
}

const NONE: BatchAnswer = { answers: [], warnings: [] };

function rowOf(names: readonly string[], cells: readonly (string | number)[]): RowCells {
  return {
    get: (name) => {
      const at = names.indexOf(name);
      return at < 0 ? undefined : cells[at];
    },
    entries: () => names.map((name, at): [string, unknown] => [name, cells[at]]),
  };
}
