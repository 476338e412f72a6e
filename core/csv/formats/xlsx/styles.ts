/** Recognises cell styles that show a number as a date, a timestamp or a time. */
import type { Archive } from "./archive.ts";
import { readElements } from "./xml.ts";

/** What a number with this style means. */
export type NumberMeaning = "number" | "moment" | "time";

const MAX_FORMATS = 100_000;

/** The meaning of each style, by its index. */
export async function readStyles(archive: Archive, part: string | null): Promise<NumberMeaning[]> {
  if (!part || !archive.has(part)) return [];
  const custom = new Map<number, NumberMeaning>();
  const styles: NumberMeaning[] = [];
  let isInCells = false;
  const opened = (name: string, { numFmtId = "0", formatCode = "" }: Record<string, string>) => {
    const id = Number(numFmtId);
    if (name === "cellXfs") isInCells = true;
    if (name === "numFmt" && custom.size < MAX_FORMATS) custom.set(id, meaningOf(formatCode));
    if (name === "xf" && isInCells) styles.push(custom.get(id) ?? builtInMeaning(id));
  };
  await readElements(archive.text(part), opened, (name) => {
    if (name === "cellXfs") isInCells = false;
  });
  return styles;
}

/** ECMA-376 part 1, 18.8.30; 27 to 36 and 50 to 58 are dates in East Asian versions. */
function builtInMeaning(id: number): NumberMeaning {
  if ((id >= 18 && id <= 21) || (id >= 45 && id <= 47)) return "time";
  const isMoment = (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
  return isMoment ? "moment" : "number";
}

/** "yyyy-mm-dd" is a date, "0.00" is not; quoted text, colours and conditions in brackets are ignored. */
function meaningOf(code: string): NumberMeaning {
  const isElapsed = /\[(?:h+|m+|s+)\]/i.test(code);
  const [first = ""] = code
    .replace(/"[^"]*"|\\.|_.|\*./g, "")
    .replace(/\[[^\]]*\]/g, "")
    .split(";");
  if (/general/i.test(first)) return "number";
  if (/[yd]/i.test(first) || (/m/i.test(first) && !/[hs]/i.test(first) && !isElapsed)) return "moment";
  if (isElapsed || /[hs]/i.test(first)) return "time";
  return "number";
}
