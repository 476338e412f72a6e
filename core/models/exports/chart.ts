/** Describes a chart as data: what is drawn, and the table that is drawn. */
import type { CsvValue } from "../../csv/write.ts";
import type { StoredRound } from "../../store/runs.ts";
import type { EvaluationData } from "../../training/results/evaluation-data.ts";
import type { Standing } from "../../training/results/standings.ts";

export type ChartForm = "lines" | "columns" | "bars" | "dots" | "matrix" | "swarm";

export interface ChartSeries {
  name: string;
  points: readonly (readonly [number, number])[];
  /** Drawn dashed: what the others are held against. */
  isReference?: boolean;
}

export interface ExportedChart {
  /** Unique among the version's charts; a part of an address. */
  name: string;
  title: string;
  form: ChartForm;
  /** What the chart says, where it says one thing. */
  sentence: string | null;
  xLabel: string;
  yLabel: string;
  /** Lines, columns and dots. Of a swarm one series a label: x the contribution, y the value's place, 0 to 1 (-1: none). */
  series: readonly ChartSeries[];
  /** Bars, a swarm and a matrix. */
  labels: readonly string[];
  /** One a bar; of a matrix row by row. */
  values: readonly number[];
  columns: readonly string[];
  rows: readonly (readonly CsvValue[])[];
  /** The chart is of dates: x is in milliseconds since 1970. */
  isDated?: boolean;
}

export interface Charted {
  target: string;
  metric: string;
  data: EvaluationData;
  rounds: readonly StoredRound[];
  candidates: readonly Standing[];
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
