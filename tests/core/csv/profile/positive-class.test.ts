/**
 * Checks that the class people look for becomes the positive one, whatever the order and the language of the
 * labels.
 */
import { describe, expect, test } from "bun:test";
import { findLabel, positiveClass } from "../../../../core/csv/profile/advice/positive-class.ts";

const of = (labels: [string, string], rows: [number, number] = [50, 50]) => positiveClass(labels, rows).label;

describe("the positive class is chosen by name, even if it is more frequent", () => {
  test.each<[string, string]>([
    ["yes", "no"],
    ["TRUE", "FALSE"],
    ["ja", "nein"],
    ["oui", "non"],
    ["Sí", "No"],
    ["si\u0301", "no"],
    ["да", "нет"],
    ["vrai", "faux"],
    ["ναι", "όχι"],
    ["wahr", "falsch"],
    ["1", "0"],
    ["1.0", "0.0"],
    ["1", "-1"],
    ["fraud", "legit"],
    ["churned", "stayed"],
    ["spam", "ham"],
    ["fraud", "non-fraud"],
    ["disease", "no disease"],
    ["t", "f"],
    ["Y", "N"],
    [" Yes ", "No"],
    ["krank", "gesund"],
    ["Betrug", "kein Betrug"],
    ["gekündigt", "aktiv"],
    ["malade", "sain"],
    ["fraude", "sin fraude"],
    ["Attrited Customer", "Existing Customer"],
    ["Charged Off", "Fully Paid"],
    ["Dead", "Alive"],
    ["Presence", "Absence"],
    ["NOK", "OK"],
    ["bad", "good"],
    ["on", "off"],
    ["Abnormal ECG", "Normal ECG"],
  ])("%s rather than %s", (positive, negative) => {
    expect(of([positive, negative], [90, 10])).toBe(positive);
    expect(of([negative, positive], [10, 90])).toBe(positive);
  });
});

test("the positive class is the rarer one if names do not decide", () => {
  expect(of(["a", "b"], [10, 90])).toBe("a");
  expect(of(["M", "F"], [10, 90])).toBe("M");
  expect(of(["M", "F"], [90, 10])).toBe("F");
  expect(of(["1", "2"], [90, 10])).toBe("2");
  expect(of(["left hand", "right hand"], [90, 10])).toBe("right hand");
  expect(of(["yes", "true"], [90, 10])).toBe("true");
  expect(of(["no-show", "showed up"], [10, 90])).toBe("no-show");
  expect(of(["a", "b"])).toBe("b");
});

test("a label matches regardless of case, spaces and 1 versus 1.0", () => {
  expect(findLabel(["No", "Yes"], "Yes")).toBe("Yes");
  expect(findLabel(["No", "Yes"], " yes")).toBe("Yes");
  expect(findLabel(["0.0", "1.0"], "1")).toBe("1.0");
  expect(findLabel(["No", "Yes"], "maybe")).toBeNull();
});
