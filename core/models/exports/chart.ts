/** Describes a chart as data: what is drawn, and its table. */
import type { CsvValue } from "../../csv/write.ts";
import type { StoredRound } from "../../store/runs.ts";
import type { EvaluationData } from "../../training/results/evaluation-data.ts";
import type { LeaderboardEntry } from "../../training/results/leaderboard.ts";

export type ChartForm = "lines" | "columns" | "bars" | "dots" | "matrix" | "swarm";

export interface ChartSeries {
  name: string;
  points: readonly (readonly [number, number])[];
  /** Drawn dashed: the reference for the others. */
  isReference?: boolean;
}

export interface ExportedChart {
  /** Unique among the version's charts; part of a URL. */
  name: string;
  title: string;
  form: ChartForm;
  /** The chart's message, if it has one. */
  sentence: string | null;
  xLabel: string;
  yLabel: string;
  /**
   * Lines, columns and dots. A swarm has one series per label: x is the contribution, y the value's rank, 0 to 1 (-1:
   * none).
   */
  series: readonly ChartSeries[];
  /** Bars, a swarm and a matrix. */
  labels: readonly string[];
  /** One per bar; for a matrix row by row. */
  values: readonly number[];
  columns: readonly string[];
  rows: readonly (readonly CsvValue[])[];
  /** True for a chart of dates: x is in milliseconds since 1970. */
  isDated?: boolean;
}

export interface Charted {
  target: string;
  metric: string;
  data: EvaluationData;
  rounds: readonly StoredRound[];
  candidates: readonly LeaderboardEntry[];
}

type Drawn = Pick<ExportedChart, "name" | "title" | "form" | "xLabel" | "yLabel" | "columns" | "rows"> &
  Partial<ExportedChart>;

export const chart = (drawn: Drawn): ExportedChart => ({
  sentence: null,
  series: [],
  labels: [],
  values: [],
  ...drawn,
});
