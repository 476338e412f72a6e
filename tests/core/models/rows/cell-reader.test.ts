/** Cells that a client writes differently from the training file are read with a warning, or missing with a warning. */
import { describe, expect, test } from "bun:test";
import type { ColumnPlan } from "../../../../core/csv/types.ts";
import { type Cell, CellReader, newStyle } from "../../../../core/models/rows/cell-reader.ts";

function readAll(plan: Partial<ColumnPlan>, cells: Cell[], labels: string[] | null = null) {
  const reader = new CellReader({ name: "c", type: "number", missingWords: [], ...plan }, labels);
  const style = newStyle();
  return cells.map((cell) => {
    const codes: string[] = [];
    const value = reader.read(cell, style, (code) => codes.push(code));
    return [value, ...codes];
  });
}

const POINT = { number: { decimal: ".", thousands: ",", percent: false } } as const;

const PLAIN = { number: { decimal: ".", thousands: "", percent: false } } as const;

describe("numbers", () => {
  test("once a decimal comma is certain, values that could be read both ways are missing", () => {
    expect(readAll(POINT, ["1,234", "50,5", "1,234", "7"])).toEqual([
      [1234],
      [50.5, "other_style"],
      [null, "ambiguous_style"],
      [7],
    ]);
  });
  test("a boolean is 1 or 0", () => {
    expect(readAll(POINT, [true, false])).toEqual([[1], [0]]);
  });
  test("a value that no style explains is missing", () => {
    expect(readAll(POINT, ["much", Number.POSITIVE_INFINITY])).toEqual([
      [null, "unreadable"],
      [null, "unreadable"],
    ]);
  });
});

describe("dates", () => {
  test("values that only another style explains, or that two styles explain", () => {
    const plan = { type: "date", dateFormat: "yyyy-M-d" } as const;
    expect(readAll(plan, ["2024-03-25", "25/03/2024"])).toEqual([
      [Date.UTC(2024, 2, 25)],
      [Date.UTC(2024, 2, 25), "other_style"],
    ]);
    expect(readAll(plan, ["03/04/2024"])).toEqual([[null, "ambiguous_style"]]);
  });
});

test("a date or number in the column's own format gives no warning", () => {
  const dates = { type: "date", dateFormat: "d.M.yyyy" } as const;
  expect(readAll(dates, ["2020-07-07", "7.7.2020"])).toEqual([
    [Date.UTC(2020, 6, 7)],
    [Date.UTC(2020, 6, 7)],
  ]);
  const german = { number: { decimal: ",", thousands: ".", percent: false } } as const;
  expect(readAll(german, ["50.5", "50.50"])).toEqual([[50.5], [50.5, "other_style"]]);
});

describe("labels", () => {
  const truth = { type: "boolean", booleanWords: ["no", "yes"] } as const;
  test("yes in every common spelling", () => {
    const yes = [["Yes"], ["Yes"], ["Yes"], ["Yes"], ["Yes"]];
    expect(
      readAll({ ...truth, booleanWords: ["no", "yes"] }, [true, 1, "1", "true", "YES "], ["No", "Yes"]),
    ).toEqual(yes);
    expect(readAll({ ...truth, booleanWords: ["no", "yes"] }, [false, 0, "no"], ["No", "Yes"])).toEqual([
      ["No"],
      ["No"],
      ["No"],
    ]);
  });
  test("spaces and accent forms match; another case and a new label give a warning", () => {
    const plan = { type: "category" } as const;
    expect(readAll(plan, ["  Zu\u0308rich ", "ZÜRICH", "Bern"], ["Zürich", "Basel"])).toEqual([
      ["Zürich"],
      ["Zürich", "other_spelling"],
      ["Bern", "unseen_category"],
    ]);
  });
  test("IDs of nineteen digits are exact as text, and give a warning as numbers", () => {
    const id = "1404000000000000001";
    const plan = { type: "category" } as const;
    expect(readAll(plan, [id], [id])).toEqual([[id]]);
    expect(readAll(plan, [Number(id)], [id])[0]).toContain("inexact_number");
  });
});

test("a partly known style leaves ambiguous values open", () => {
  // A decimal comma: 1.234 may be thousands from now on.
  expect(readAll(POINT, ["50,5", "1.234", "7.25", "1.234"])).toEqual([
    [50.5, "other_style"],
    [null, "ambiguous_style"],
    [7.25],
    [null, "ambiguous_style"],
  ]);
  const dates = { type: "date", dateFormat: "yyyy-M-d" } as const;
  expect(readAll(dates, ["25/03/2024", "03/04/2024", "2024-01-02"])).toEqual([
    [Date.UTC(2024, 2, 25), "other_style"],
    [Date.UTC(2024, 3, 3), "other_style"],
    [Date.UTC(2024, 0, 2)],
  ]);
});

test("numbers that stand for missing are missing as numbers, and truth values as truth values", () => {
  expect(readAll({ missingWords: ["-999"] }, [-999, "-999", 999])).toEqual([[null], [null], [999]]);
  const truth = { type: "boolean", booleanWords: ["no", "yes"], missingWords: ["false"] } as const;
  expect(
    readAll({ ...truth, booleanWords: ["no", "yes"], missingWords: ["false"] }, [false, true], ["no", "yes"]),
  ).toEqual([[null], ["yes"]]);
});

test("one row in another style leaves the model's own rows as they are", () => {
  const reader = new CellReader({ name: "c", type: "number", missingWords: [], ...PLAIN }, null);
  const style = newStyle();
  const cells = ["50.5", "1.234.567,8", "7.25"];
  for (const cell of cells) reader.read(cell, style, () => {});
  style.isSettled = true;
  expect(cells.map((cell) => reader.read(cell, style, () => {}))).toEqual([50.5, 1_234_567.8, 7.25]);
});

test("a value that was unreadable in training is unreadable in prediction too, with a warning", () => {
  expect(readAll({ ...PLAIN, unread: ["1.234.567,8"] }, ["1.234.567,8", "1.234.567,9"])).toEqual([
    [null, "unreadable"],
    [1_234_567.9, "other_style"],
  ]);
});
