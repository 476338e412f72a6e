/** Checks that groups of rows are recognised in IDs, and are not seen where IDs only count. */
import { describe, expect, test } from "bun:test";
import { stemsOf } from "../../../../core/csv/profile/advice/grouped-ids.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import { fileOf } from "../files.ts";

const each = (count: number, id: (k: number) => string) => Array.from({ length: count }, (_, k) => id(k));

describe("groups", () => {
  test.each<[string, (k: number) => string, string]>([
    ["visits of patients", (k) => `P${String(k >> 2).padStart(3, "0")}-V${(k & 3) + 1}`, "P000"],
    ["samples of plots", (k) => `plot${k >> 1}.${k & 1 ? "a" : "b"}`, "plot0"],
    ["takes of speakers", (k) => `spk ${k >> 3}_${(k & 7) + 1}`, "spk 0"],
  ])("%s", (_, id, first) => {
    const stems = stemsOf(each(80, id));
    expect(stems?.[0]).toBe(first);
    expect(new Set(stems).size).toBeLessThan(41);
  });
});

describe("no groups", () => {
  test.each<[string, (k: number) => string]>([
    ["counted rows", (k) => `row-${k}`],
    ["invoices of a year", (k) => `2024-${String(k).padStart(4, "0")}`],
    ["keys", (k) => `${(k * 7919).toString(36)}-${(k * 104_729).toString(36)}x`],
    ["each its own", (k) => `P${k}-V1`],
  ])("%s", (_, id) => {
    expect(stemsOf(each(80, id))).toBeNull();
  });
});

test("the file's findings propose the split", async () => {
  const rows = each(
    120,
    (k) => `P${String(k >> 2).padStart(3, "0")}-V${(k & 3) + 1},${(k * 37) % 91},${k % 3 ? "yes" : "no"}`,
  );
  const { findings } = await profileCsv(
    fileOf(`sample_id,marker,relapse\n${rows.join("\n")}\n`),
    {},
    { name: "visits.csv" },
  );
  const told = findings.find(({ code }) => code === "grouped_ids");
  expect(told?.fix).toEqual({ split: "group", splitColumn: "sample_id" });
  expect(told?.message).toContain("about 4 rows");
});
