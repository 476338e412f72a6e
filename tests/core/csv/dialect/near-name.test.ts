/** Checks that a slip of the pen finds the name that was meant, and that a guess between two is none. */
import { expect, test } from "bun:test";
import { nearName } from "../../../../core/csv/dialect/near-name.ts";

const COLUMNS = ["country", "Date of birth", "km", "price_net", "price_new", "Größe"];

test.each([
  ["contry", "country"],
  ["cuontry", "country"],
  ["COUNTRY", "country"],
  ["countries", null],
  ["date_of_birth", "Date of birth"],
  ["Grösse", "Größe"],
  ["Grose", "Größe"],
  ["große", "Größe"],
  ["kg", null],
  ["price_ne", null],
  ["", null],
  ["!", null],
])("%s means %p", (asked, meant) => {
  expect(nearName(asked, COLUMNS)).toBe(meant);
});

test("an exact name wins over a similar one", () => {
  expect(nearName("Price-net", COLUMNS)).toBe("price_net");
});
