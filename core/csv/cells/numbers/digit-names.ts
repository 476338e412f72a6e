/**
 * Recognises digits that are identifiers. Postcodes, IDs beyond 2^53, part numbers: a model that used their size would
 * learn nothing true.
 */
import type { Finding } from "../../types.ts";

/** Why they are identifiers. */
export type Names = "leading_zeros" | "exact_ids" | "part_numbers";

/** Null if they are numbers. `solid`: filled cells, trimmed. */
export function namesInDigits(solid: readonly string[]): Names | null {
  const share = (test: (value: string) => boolean) => solid.filter(test).length / solid.length;
  const zeros = solid.filter(hasLeadingZero);
  // One odd 007 among plain numbers is a number; codes have equal lengths.
  const isFixed = zeros.length > 0 && share((value) => value.length === zeros[0]!.length) > 0.9;
  if (zeros.length > 0 && (isFixed || zeros.length >= 0.02 * solid.length) && share(isWhole) > 0.5)
    return "leading_zeros";
  if (share(isHugeWhole) >= 0.01 && share(isWhole) > 0.9) return "exact_ids";
  return share(isPartNumber) > 0.5 ? "part_numbers" : null;
}

export const isWhole = (value: string) => /^[-+]?\d+$/.test(value);
/** 4E2 rarely means 400. */
export const isPartNumber = (value: string) => /^\d{1,4}[eE]\d{1,3}$/.test(value);

/** Beyond 2^53 neighbouring integers are the same double. */
export function isHugeWhole(value: string): boolean {
  return /^[-+]?\d{16,40}$/.test(value) && !Number.isSafeInteger(Number(value));
}

/** 00501 is a postcode; 0.5 and 0 are numbers. */
export function hasLeadingZero(value: string): boolean {
  return /^[-+]?0\d+$/.test(value);
}

export function namesFinding(column: string, names: Names, solid: readonly string[]): Finding {
  const example =
    solid.find((value) => (names === "exact_ids" ? isHugeWhole : isPartNumber)(value)) ?? solid[0];
  const why =
    names === "exact_ids"
      ? "have more digits than a number can hold exactly"
      : "look like part numbers, not like powers of ten";
  return {
    code: names,
    severity: "info",
    column,
    message: `Values of “${column}” such as ${example} ${why}; they are read as labels.`,
    fix: { types: { [column]: "number" } },
  };
}
