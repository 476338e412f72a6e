/**
 * Generates the sample of a phone company's customers, some of whom left: two classes, several kinds of columns,
 * missing values.
 */
import { chance, clamp, type Draw, dayAfter } from "./draw.ts";

const DAY_OF_EXPORT = "2026-03-01";
const FEES = { Basic: 15, Standard: 29, Family: 49, Unlimited: 65 };

/**
 * Short contracts, support calls, late bills and paying for unused services make customers leave; the app keeps them.
 */
export function customer(draw: Draw, index: number): Record<string, string | number> {
  const months = Math.ceil(clamp(-22 * Math.log(1 - draw.share()), 1, 96));
  const contract = draw.weighted({ "by the month": 5, "one year": 3, "two years": 2 });
  const plan = draw.weighted({ Basic: 3, Standard: 4, Family: 2, Unlimited: 2 });
  const payment = draw.weighted({ "direct debit": 5, card: 3, invoice: 2 });
  const fee = FEES[plan] + draw.whole(-3, 6) + (draw.happens(0.3) ? 9.99 : 0);
  const usesApp = draw.happens(payment === "invoice" ? 0.3 : 0.65);
  const minutes = Math.max(0, Math.round(fee * 7 + 140 * draw.normal()));
  const calls = Math.floor(-1.3 * Math.log(1 - draw.share()));
  const late = draw.happens(payment === "invoice" ? 0.45 : 0.15) ? draw.whole(1, 4) : 0;
  const age = Math.round(clamp(44 + 16 * draw.normal(), 18, 91));
  const score =
    -1.7 +
    (contract === "by the month" ? 1.7 : contract === "two years" ? -1.3 : 0) +
    0.6 * calls +
    0.45 * late +
    (fee > 40 && minutes < 260 ? 1.8 : 0) -
    0.028 * months -
    (usesApp ? 0.7 : 0);
  return {
    customer: `C${10_000 + index * 7}`,
    joined: dayAfter(DAY_OF_EXPORT, -Math.round(months * 30.4) - draw.whole(0, 29)),
    age: draw.happens(0.07) ? "" : age,
    region: draw.happens(0.02) ? "" : draw.weighted({ north: 3, south: 4, east: 2, west: 2 }),
    plan,
    contract,
    payment,
    monthly_fee: fee.toFixed(2),
    minutes_used: draw.happens(0.05) ? "" : minutes,
    support_calls: calls,
    late_payments: late,
    uses_app: usesApp ? "yes" : "no",
    left: draw.happens(chance(1.8 * score)) ? "yes" : "no",
  };
}
