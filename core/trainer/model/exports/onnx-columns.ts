/**
 * Builds the part of an ONNX graph that reads a row. One input per column, rows x 1, by the column's name: numbers as
 * doubles (NaN: missing), dates as milliseconds since 1970 in UTC, categories as the text in the CSV (anything unknown:
 * missing).
 */
import { DAY_MS } from "../../../platform/figures.ts";
import type { ColumnEncoding, DatePart } from "../../encoding/columns.ts";
import { type DesignFeature, MOST_DEVIATIONS } from "../../encoding/design.ts";
import { beside, calculate, type Graph, numbers, row, step, whole } from "./onnx-graph.ts";
import * as part from "./onnx-parts.ts";

/** A feature as the learners know it, by the name of its value. A category holds its code plus one, 0 for missing. */
export type Column =
  | { kind: "number"; name: string; value: string }
  | { kind: "category"; name: string; value: string; labels: string[] };

/** One encoded column to its features, in order. Texts are not supported. */
export function readColumn(graph: Graph, encoding: Exclude<ColumnEncoding, { kind: "text" }>): Column[] {
  const { column } = encoding;
  const type = encoding.kind === "category" ? part.TEXT : part.DOUBLE;
  graph.inputs.push(part.tensorType(column, type, 1));
  if (encoding.kind === "number") return [{ kind: "number", name: column, value: column }];
  if (encoding.kind === "category") {
    const { labels } = encoding;
    return [{ kind: "category", name: column, labels, value: codeOf(graph, column, labels) }];
  }
  const parts = dateParts(graph, column, encoding.origin);
  return encoding.parts.map((name) => ({
    kind: "number",
    name: `${column} › ${name}`,
    value: parts[name](),
  }));
}

function codeOf(graph: Graph, column: string, labels: string[]): string {
  const attributes = [
    part.textsAttribute("keys_strings", labels),
    part.intsAttribute(
      "values_int64s",
      labels.map((_, code) => code + 1),
    ),
    part.intAttribute("default_int64", 0),
  ];
  const code = step(graph, "LabelEncoder", { of: [column], attributes });
  return step(graph, "Reshape", { of: [code, whole(graph, [-1])] });
}

/** Rows of a table, one for missing and one per label. */
export function lookUp(
  graph: Graph,
  { value, labels }: Column & { kind: "category" },
  { width, cells }: { width: number; cells: ArrayLike<number> },
): string {
  return gather(graph, value, { rows: labels.length + 1, width, cells });
}

/** The row of a table for each code. */
export function gather(
  graph: Graph,
  codes: string,
  { rows, width, cells }: { rows: number; width: number; cells: ArrayLike<number> },
): string {
  const table = numbers(graph, [rows, width], cells);
  return step(graph, "Gather", { of: [table, codes], attributes: [part.intAttribute("axis", 0)] });
}

/** Calendar arithmetic (Hinnant, "chrono-compatible low-level date algorithms"); NaN stays NaN. */
function dateParts(graph: Graph, at: string, origin: number): Record<DatePart, () => string> {
  const on = (operator: string, ...of: (string | number)[]) => calculate(graph, operator, ...of);
  const floor = (value: string, by: number) => on("Floor", on("Div", value, by));
  const left = (value: string, by: number) => on("Sub", value, on("Mul", floor(value, by), by));
  const day = floor(at, DAY_MS);
  const civil = () => {
    const shifted = on("Add", day, 719_468);
    const era = floor(shifted, 146_097);
    const doe = left(shifted, 146_097);
    const leaps = on(
      "Sub",
      on("Add", on("Sub", doe, floor(doe, 1460)), floor(doe, 36_524)),
      floor(doe, 146_096),
    );
    const yoe = floor(leaps, 365);
    const doy = on("Sub", doe, on("Sub", on("Add", on("Mul", yoe, 365), floor(yoe, 4)), floor(yoe, 100)));
    const mp = floor(on("Add", on("Mul", doy, 5), 2), 153);
    const isLate = on("LessOrEqual", mp, 9);
    const month = on("Where", isLate, on("Add", mp, 3), on("Sub", mp, 9));
    const year = on("Add", yoe, on("Mul", era, 400));
    // The era's years begin in March.
    const civilYear = on("Where", on("LessOrEqual", month, 2), on("Add", year, 1), year);
    const leapDays = (upTo: string) =>
      on("Add", on("Sub", floor(upTo, 4), floor(upTo, 100)), floor(upTo, 400));
    const isLeap = on("Sub", leapDays(civilYear), leapDays(on("Sub", civilYear, 1)));
    return {
      yearday: on("Where", isLate, on("Add", on("Add", doy, 60), isLeap), on("Sub", doy, 305)),
      day: on("Add", on("Sub", doy, floor(on("Add", on("Mul", mp, 153), 2), 5)), 1),
      month,
      year: civilYear,
    };
  };
  const clock = () => on("Sub", at, on("Mul", day, DAY_MS));
  return {
    year: () => civil().year,
    month: () => civil().month,
    day: () => civil().day,
    yearday: () => civil().yearday,
    weekday: () => left(on("Add", day, 3), 7),
    hour: () => {
      const ms = clock();
      return on("Add", floor(ms, 3_600_000), on("Div", floor(left(ms, 3_600_000), 60_000), 60));
    },
    elapsed: () => on("Div", on("Sub", at, origin), DAY_MS),
  };
}

/** The dense inputs of linear and smooth learners; `columns` are the base features. */
export function designMatrix(graph: Graph, columns: Column[], features: readonly DesignFeature[]): string {
  return beside(
    graph,
    features.flatMap((feature) => {
      if (feature.kind === "text") throw new TypeError("A text cannot be read in ONNX.");
      const column = columns[feature.feature];
      if (feature.kind === "number") return standardized(graph, column.value, feature);
      return column.kind === "category" ? oneHot(graph, column, feature) : [];
    }),
  );
}

function standardized(
  graph: Graph,
  value: string,
  { median, mean, scale, flag }: DesignFeature & { kind: "number" },
): string[] {
  const missing = step(graph, "IsNaN", { of: [value] });
  const filled = calculate(graph, "Where", missing, median, value);
  const deviations = calculate(graph, "Div", calculate(graph, "Sub", filled, mean), scale);
  const bounded = calculate(
    graph,
    "Min",
    calculate(graph, "Max", deviations, -MOST_DEVIATIONS),
    MOST_DEVIATIONS,
  );
  // As the design scales it.
  const kept = [part.FLOAT, part.DOUBLE].reduce(
    (of, to) => step(graph, "Cast", { of: [of], attributes: [part.intAttribute("to", to)] }),
    bounded,
  );
  return flag ? [kept, calculate(graph, "Where", missing, 1, 0)] : [kept];
}

function oneHot(
  graph: Graph,
  column: Column & { kind: "category" },
  { columns, values }: DesignFeature & { kind: "category" },
): string[] {
  const used = Array.from(columns).filter((at) => at >= 0);
  if (used.length === 0) return [];
  const [first, width] = [Math.min(...used), used.length];
  const cells = new Float64Array((columns.length + 1) * width);
  columns.forEach((at, code) => {
    if (at >= 0) cells[(code + 1) * width + at - first] = values[code];
  });
  return [lookUp(graph, column, { width, cells })];
}

/** Repeats one row of numbers for every row of the data; `like` is any column. */
export function onEveryRow(graph: Graph, values: ArrayLike<number>, like: string): string {
  const shape = step(graph, "Shape", { of: [like] });
  return step(graph, "Expand", { of: [row(graph, values), shape] });
}
