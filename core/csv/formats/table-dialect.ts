/**
 * Describes how to read a table file. It is split as it was written; the header position comes from the format or from
 * its rows.
 */
import { sourceHead } from "../bytes/source.ts";
import type { Decision } from "../dialect/decide.ts";
import { describeDialect } from "../dialect/decide.ts";
import { findLayout, type Layout } from "../dialect/layout.ts";
import { cutSample } from "../dialect/sniff.ts";
import { shapeOf } from "../rows/row-shape.ts";
import type { ReadingChoices } from "../types.ts";
import type { KnownTable } from "./known-table.ts";

const CUTTING = { delimiter: ",", quote: '"', escape: '"', newline: "\n" } as const;
const LAYOUT_ROWS = 600;

export async function decideTable(
  path: string,
  choices: ReadingChoices,
  known: KnownTable,
): Promise<Decision> {
  const { compression, format, width, sentence: origin, sheet, sheets, range } = known;
  const base = {
    encoding: "utf-8",
    bom: false,
    compression,
    ...CUTTING,
    comment: "",
    footerRows: 0,
    sentence: "",
    width,
    format,
    origin,
    ...(sheet !== undefined && { sheet, sheets, range }),
  };
  const more =
    known.shape === "named"
      ? { preambleRows: 0, headerRows: 1, tableRows: known.rows - 1, shape: "" }
      : await arranged(path, choices, known);
  const dialect = { ...base, ...more };
  return { dialect: { ...dialect, sentence: describeDialect(dialect) }, isEmpty: known.rows === 0 };
}

async function arranged(
  path: string,
  choices: ReadingChoices,
  { width, layout: merged }: KnownTable,
): Promise<Layout & { shape: string }> {
  const { head, bytesTotal } = await sourceHead(path);
  const isWhole = head.length >= bytesTotal;
  const { rows } = cutSample(head, { cutting: CUTTING, width, limit: LAYOUT_ROWS, isWhole });
  const layout = (choices.header === undefined && merged) || findLayout(rows, width, choices.header);
  return { ...layout, shape: shapeOf(rows.slice(layout.preambleRows + layout.headerRows), width) };
}
