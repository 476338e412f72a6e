/** Reports names of time zones that several countries use, and which of them was assumed. */
import type { Finding } from "../../types.ts";

/** As time-of-day.ts reads them, and where else the name is used. */
const SHARED: ReadonlyMap<string, { read: string; others: string; isAmerican?: true }> = new Map([
  ["IST", { read: "UTC+5:30 (India)", others: "Ireland and Israel" }],
  ["BST", { read: "UTC+1 (British summer time)", others: "Bangladesh" }],
  ["AST", { read: "UTC−4 (Atlantic)", others: "Arabia" }],
  ["ADT", { read: "UTC−3 (Atlantic)", others: "Arabia" }],
  ["CST", { read: "UTC−6 (America, Central)", others: "China and Cuba", isAmerican: true }],
  ["CDT", { read: "UTC−5 (America, Central)", others: "Cuba", isAmerican: true }],
  ["EST", { read: "UTC−5 (America, Eastern)", others: "Australia", isAmerican: true }],
  ["EDT", { read: "UTC−4 (America, Eastern)", others: "Australia", isAmerican: true }],
  ["MST", { read: "UTC−7 (America, Mountain)", others: "Malaysia", isAmerican: true }],
  ["PST", { read: "UTC−8 (America, Pacific)", others: "the Philippines", isAmerican: true }],
]);
const AMERICAN = new Set(["MDT", "PDT", "AKST", "AKDT", "HST"]);

/** Other names in the column can settle what one of them means: CST beside CDT or EST is American. */
export function zoneFindings(column: string, values: readonly string[]): Finding[] {
  const names = new Set(values.flatMap((value) => value.match(/\b[A-Z]{3,4}\b/g) ?? []));
  const american = [...names].filter((name) => AMERICAN.has(name) || SHARED.get(name)?.isAmerican);
  return [...names].flatMap((name) => {
    const shared = SHARED.get(name);
    const isSettled =
      (shared?.isAmerican && american.length > 1) ||
      (name === "BST" && names.has("GMT")) ||
      ((name === "AST" || name === "ADT") && names.has("AST") && names.has("ADT"));
    if (!shared || isSettled) return [];
    const message = `In “${column}”, the time zone ${name} is read as ${shared.read}; it is also used in ${shared.others}. If that is meant, write the offset instead, for example +02:00.`;
    return [{ code: "time_zone_assumed", severity: "info" as const, column, message, fix: null }];
  });
}
