/** Recognises a row at the end of a table that sums up the rows above it. */
import type { Finding } from "../types.ts";

/** Words for a sum in the languages of common exports, alone or before what it is the sum of. */
const SUM_WORD =
  /^\W{0,3}(?:(?:grand|sub|overall|sum)?[\s-]?totals?|total(?:e|i|es|en)?|totaal|gesamt\p{L}*|insgesamt|summe|summa|sum|somme|suma|soma|razem|celkem|spolu|összesen|yhteensä|sammanlagt|toplam|итого|всего|разом|סה.?כ|المجموع|الإجمالي|合计|合計|总计|總計|総計|합계|총계)(?!\p{L})/iu;
const LONGEST = 40;
/** Sums of rounded values are off by a little. */
const TOLERANCE = 1e-5;
const LEAST_VALUES = 5;

/** Whether the last of `count` values is the sum of all others. */
export function isSumOfOthers({ last, mean, count }: { last: number; mean: number; count: number }): boolean {
  if (count < LEAST_VALUES || !(Math.abs(last) > 0)) return false;
  const others = mean * count - last;
  return Math.abs(others - last) <= TOLERANCE * Math.abs(last);
}

/**
 * Whether the table's last row is a total: it says so, or several columns end in their sum and the row lacks a word that
 * all others have. `sums`: how many columns end in their sum.
 */
export function isTotalRow(
  cells: readonly string[],
  { sums, isAlwaysFilled }: { sums: number; isAlwaysFilled: (column: number) => boolean },
): boolean {
  if (cells.some((cell) => cell.trim().length <= LONGEST && SUM_WORD.test(cell.trim()))) return true;
  return sums > 1 && cells.some((cell, k) => cell.trim() === "" && isAlwaysFilled(k));
}

export function totalFinding(row: number): Finding {
  const message = `Row ${row}, the last one, is the total of the rows above it, and was left out.`;
  return { code: "total_row", severity: "info", column: null, message, fix: null, row };
}

/** Words for a row that sums up others, wherever it is. */
const SUMMARY_WORD =
  /^\W{0,3}(?:(?:grand|sub)[\s-]?totals?|totals?|gesamt|summe|durchschnitt|average|mean|moyenne|promedio|media|итого|合计|小计)(?:$|[\s:])/iu;
const MOST_SUMMARIES = 0.2;
const LEAST_LABELS = 5;

/** Rows among the others that their label calls a total or an average; they are read like the others. */
export function summaryFinding(column: string, labels: readonly string[]): Finding | null {
  const summaries = labels.filter((label) => label.length <= LONGEST && SUMMARY_WORD.test(label));
  if (
    labels.length < LEAST_LABELS ||
    summaries.length === 0 ||
    summaries.length > MOST_SUMMARIES * labels.length
  )
    return null;
  const named = summaries
    .slice(0, 3)
    .map((label) => `“${label}”`)
    .join(", ");
  const message = `“${column}” has rows called ${named}${summaries.length > 3 ? " and others" : ""}. If they sum up other rows, remove them from the file: they are learned from like any row.`;
  return { code: "summary_rows", severity: "warning", column, message, fix: null };
}
