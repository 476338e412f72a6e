/** Checks that a column counts as giving the target away only if it determines the target, not the other way round. */
import { describe, expect, test } from "bun:test";
import { classAssociation } from "../../../../core/csv/profile/correlation.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import { fileOf } from "../files.ts";

const LEGS = [0, 2, 4, 8];
const SPECIES = Array.from({ length: 12 }, (_, k) => `kind${String.fromCharCode(97 + k)}`);

async function leaksOf(header: string, lines: readonly string[], target: string): Promise<string[]> {
  const path = fileOf(`${header}\n${lines.join("\n")}\n`);
  const { findings } = await profileCsv(path, { target }, { name: "animals.csv" });
  return findings.filter(({ code }) => code === "target_leak").map(({ column }) => column!);
}

describe("a class as the target", () => {
  const rows = Array.from({ length: 360 }, (_, k) => k % 12);
  const weight = (k: number) => 10 + ((k * 37) % 101);

  test("a value shared by several classes is not a leak, as a number or as a word", async () => {
    const lines = rows.map(
      (s, k) => `${LEGS[s % 4]},${["no", "two", "four", "many"][s % 4]}legs,${weight(k)},${SPECIES[s]}`,
    );
    expect(await leaksOf("legs,limbs,weight,species", lines, "species")).toEqual([]);
  });

  test("a value that differs between classes is", async () => {
    const lines = rows.map((s, k) => `${3 * s + 1},group${s}x${k % 2},${weight(k)},${SPECIES[s]}`);
    expect(await leaksOf("code,group,weight,species", lines, "species")).toEqual(["code", "group"]);
  });

  test("two classes", async () => {
    const lines = rows.map(
      (s, k) => `${s % 2 ? 900 + (k % 3) : 5 + (k % 3)},${weight(k)},${s % 2 ? "yes" : "no"}`,
    );
    expect(await leaksOf("paid,weight,churned", lines, "churned")).toEqual(["paid"]);
  });
});

describe("the share that a column explains", () => {
  test("figures calculated by hand", () => {
    // If the second value's class leads by one row, each of its rows is outvoted by the others' tie.
    expect(classAssociation([1, 1, 1, 2, 2, 2], [0, 0, 0, 1, 1, 2])).toBe(0);
    expect(classAssociation([1, 1, 1, 2, 2, 2, 2], [0, 0, 0, 1, 1, 1, 2])).toBeCloseTo(3 / 4, 9);
    expect(classAssociation([1, 2, 3, 11, 12, 13], [0, 0, 0, 1, 1, 1])).toBeCloseTo(2 / 3, 9);
    expect(classAssociation([1, 2, 3], [0, 0, 0])).toBe(0);
  });

  test("chance explains nothing", () => {
    const codes = Array.from({ length: 1000 }, (_, k) => (k * 7919) % 997);
    expect(
      classAssociation(
        codes,
        codes.map((code) => (code * 31) % 5),
      ),
    ).toBeLessThan(0.3);
  });
});

test("a constant target leaves nothing to predict, and its exclusion is not proposed", async () => {
  const path = fileOf(`a,same\n${Array.from({ length: 30 }, (_, k) => `${k % 7},yes`).join("\n")}\n`);
  const { findings } = await profileCsv(path, { target: "same" }, { name: "same.csv" });
  const found = findings.find(({ code }) => code === "constant");
  expect({ ...found }).toMatchObject({
    column: "same",
    fix: null,
    message: expect.stringContaining("nothing to predict"),
  });
});
