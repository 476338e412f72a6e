/**
 * Predicts rows of requests that name no version: by the live version or, during a canary, by the canary for its share.
 * If the canary fails, the failure is counted and the live version predicts instead: no client notices.
 */
import type { Logger } from "../../platform/logger.ts";
import type { Canary } from "../../store/canaries.ts";
import type { StoredVersion } from "../../store/models.ts";
import { MOST_ROWS_STORED } from "../monitoring/prediction-log.ts";
import type { PredictRow, Warning } from "../predict-rows.ts";
import type { Models } from "../registry.ts";
import type { PredictOptions, Served, Serving } from "../serving.ts";
import { assigner, type RowCells } from "./assignment.ts";
import type { Canaries } from "./canaries.ts";

/** A canary with both of its versions. */
export interface TrafficSplit {
  version: StoredVersion;
  live: StoredVersion;
  /** Whether the canary predicts this row. */
  isAssigned: (row: RowCells) => boolean;
  /** As it was at the start: a file takes long. */
  stands: () => boolean;
  /** `version` predicted this many rows in `seconds`. */
  answered: (version: StoredVersion, predictions: number, seconds: number) => void;
  /** The canary did not, and the live version did. */
  failed: (error: unknown) => void;
}

/** The predictions, and the version that made them. */
export interface SplitPredictions extends Pick<Served, "predictions" | "warnings" | "threshold"> {
  /** The live one if both predicted. */
  version: StoredVersion;
  /** By row; null: there is no canary. */
  versions: number[] | null;
}

export interface SplitOptions extends PredictOptions {
  /** Of the request; null: it has none. */
  headers: Headers | null;
}

interface Given {
  rows: PredictRow[];
  /** Which of them. */
  at: number[];
  options: PredictOptions;
}

interface Part {
  version: StoredVersion;
  at: number[];
  served: Served;
}

export class SplitServing {
  constructor(
    private readonly models: Models,
    private readonly serving: Serving,
    private readonly canaries: Canaries,
    private readonly logger: Logger,
  ) {}

  /** Null: the live version predicts everything. Throws AppError `missing`, or `conflict` if none is live. */
  async split(name: string, headers: Headers | null): Promise<TrafficSplit | null> {
    const canary = await this.canaries.of(name);
    if (!canary) return null;
    const version = await this.models.serving(name, canary.version);
    return this.over(canary, { version, live: await this.models.serving(name, null), headers });
  }

  /** Synchronous: undefined if something must be looked up first. */
  peek(name: string, headers: Headers): TrafficSplit | null | undefined {
    const canary = this.canaries.peek(name);
    if (!canary) return canary;
    const [version, live] = [this.models.known(name, canary.version), this.models.known(name, null)];
    return version && live ? this.over(canary, { version, live, headers }) : undefined;
  }

  private over(
    canary: Canary,
    { version, live, headers }: Pick<TrafficSplit, "version" | "live"> & { headers: Headers | null },
  ): TrafficSplit {
    const { canaries, logger } = this;
    const note = (of: StoredVersion, predictions: number, seconds: number, failed: boolean) =>
      canaries.note(canary, { version: of.version, predictions, seconds, failed });
    return {
      ...{ version, live, isAssigned: assigner(canary, headers) },
      stands: () => canaries.peek(canary.name)?.startedAt === canary.startedAt,
      answered: (of, predictions, seconds) => note(of, predictions, seconds, false),
      failed: (error) => {
        note(version, 0, 0, true);
        logger.warn(
          { model: canary.name, version: version.version, error: String(error) },
          "a canary failed",
        );
      },
    };
  }

  /** As `Serving.predict`, each row by the version that it is for. */
  async predict(
    name: string,
    rows: PredictRow[],
    { headers, ...asked }: SplitOptions,
  ): Promise<SplitPredictions> {
    const split = await this.split(name, headers);
    if (!split) {
      const version = await this.models.serving(name, null);
      return { version, versions: null, ...(await this.serving.predict(version, rows, asked)) };
    }
    const storageMode = asked.storageMode ?? (rows.length > MOST_ROWS_STORED ? "sampled" : "full");
    const options = { ...asked, storageMode };
    const sides: { canary: number[]; live: number[] } = { canary: [], live: [] };
    for (const [index, row] of rows.entries()) sides[split.isAssigned(row) ? "canary" : "live"].push(index);
    const parts: Part[] = [];
    if (sides.live.length > 0)
      parts.push(await this.ask(split, split.live, { rows, at: sides.live, options }));
    if (sides.canary.length > 0) parts.push(await this.askCanary(split, { rows, at: sides.canary, options }));
    return together(parts, rows.length, split.live);
  }

  private async askCanary(split: TrafficSplit, given: Given): Promise<Part> {
    try {
      return await this.ask(split, split.version, given);
    } catch (error) {
      // A row that no version can read is the client's mistake: the live version refuses it, too.
      const answered = await this.ask(split, split.live, given);
      split.failed(error);
      return answered;
    }
  }

  private async ask(
    split: TrafficSplit,
    version: StoredVersion,
    { rows, at, options }: Given,
  ): Promise<Part> {
    const own = at.map((index) => rows[index]!);
    const served = await this.serving.predict(version, own, options);
    split.answered(version, own.length, served.seconds);
    return { version, at, served };
  }
}

/** In the order of the requested rows. */
function together(parts: readonly Part[], rows: number, live: StoredVersion): SplitPredictions {
  const predictions = new Array<Served["predictions"][number]>(rows);
  const versions = new Array<number>(rows);
  const warnings: Warning[] = [];
  for (const { version, at, served } of parts) {
    for (const [own, index] of at.entries()) {
      predictions[index] = served.predictions[own]!;
      versions[index] = version.version;
    }
    warnings.push(...served.warnings.map((warning) => ({ ...warning, row: at[warning.row]! })));
  }
  const [only] = parts;
  const isOne = parts.length === 1;
  return {
    version: isOne ? only!.version : live,
    versions,
    predictions,
    warnings: warnings.sort((a, b) => a.row - b.row),
    // With two versions each prediction has its own.
    threshold: isOne ? only!.served.threshold : null,
  };
}
