import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseNumber, readDigits } from "../../../../core/csv/cells/numbers/numbers.ts";

test("the fast number parser equals the exact one to the bit", () => {
  const digits = fc
    .tuple(
      fc.constantFrom("", "-", "+", " "),
      fc.stringMatching(/^\d{0,17}$/),
      fc.constantFrom("", ".", ",", "..", "e5"),
      fc.stringMatching(/^\d{0,6}$/),
      fc.constantFrom("", " ", "%", "-"),
    )
    .map((parts) => parts.join(""));
  void fc.assert(
    fc.property(digits, fc.constantFrom(".", ","), (text, decimal) => {
      const read = readDigits(text, decimal as "." | ",");
      const wanted = parseNumber(text, { decimal: decimal as "." | ",", thousands: "", percent: false });
      if (!Number.isNaN(read)) expect(read).toBe(wanted);
      else expect(/^-?(?:\d[.,]?|[.,]\d)\d{0,12}$/.test(text) && text.includes(decimal)).toBe(false);
    }),
    { numRuns: 3000 },
  );
});
