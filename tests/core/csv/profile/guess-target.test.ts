/** Checks that what became of something is a likelier target than an amount beside it, but not than its price. */
import { expect, test } from "bun:test";
import { profileCsv } from "../../../../core/csv/read.ts";
import { fileOf } from "../files.ts";

test.each([
  ["amount,channel,flagged", "flagged"],
  ["amount,channel,storniert", "storniert"],
  ["rooms,price,sold", "price"],
])("of %s it is %s", async (header, target) => {
  const rows = Array.from(
    { length: 60 },
    (_, k) => `${(k * 37) % 53},${100 + ((k * 7919) % 900)},${k % 3 ? "yes" : "no"}`,
  );
  const profile = await profileCsv(fileOf(`${header}\n${rows.join("\n")}\n`), {}, { name: "guess.csv" });
  expect(profile.target).toBe(target);
});
