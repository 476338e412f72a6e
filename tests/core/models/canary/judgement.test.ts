/** Checks when a canary has to go back: for failures and for slowness beyond its lines, not for chance or batch sizes. */
import { expect, test } from "bun:test";
import { reasonToGoBack } from "../../../../core/models/canary/judgement.ts";
import type { Canary, CanaryCounts } from "../../../../core/store/canaries.ts";

const CANARY: Canary = {
  ...{ name: "crew", version: 2, share: 10, key: null },
  ...{ maxErrors: 5, maxSlowdown: 2, startedAt: 0 },
};
const counts = (change: Partial<CanaryCounts>): CanaryCounts => ({
  ...{ requests: 100, predictions: 100, errors: 0, timedRequests: 100, timedPredictions: 100, seconds: 0.1 },
  ...change,
});

test.each<[string, Partial<CanaryCounts>, Partial<CanaryCounts>, RegExp | null]>([
  ["nothing is wrong", {}, {}, null],
  ["two failures of five may be chance", { requests: 5, errors: 2 }, {}, null],
  ["three of five are not", { requests: 5, errors: 3 }, {}, /3 requests of 5 failed/],
  ["five in a hundred are within the limit", { errors: 5 }, {}, null],
  ["six are beyond it", { errors: 6 }, {}, /6 requests of 100 failed/],
  ["three times as long", { seconds: 0.3 }, {}, /3 ms instead of 1 ms/],
  ["twice as long is the limit itself", { seconds: 0.2 }, {}, null],
  ["too few were timed", { seconds: 0.3, timedRequests: 29, timedPredictions: 29 }, {}, null],
  [
    "too few of the live version were timed",
    { seconds: 0.3 },
    { timedRequests: 10, timedPredictions: 10 },
    null,
  ],
  ["ten times as long, of microseconds", { seconds: 0.005 }, { seconds: 0.0005 }, null],
  ["a batch takes longer than a row, but not by the row", { seconds: 1, timedPredictions: 10_000 }, {}, null],
  [
    "a row alone takes longer than one of a batch, but not by the request",
    {},
    { timedPredictions: 10_000 },
    null,
  ],
])("%s", (_, own, live, reason) => {
  const found = reasonToGoBack(CANARY, counts(own), counts(live));
  if (reason === null) expect(found).toBeNull();
  else expect(found).toMatch(reason);
});

test("before anything was counted it stays", () => {
  expect(reasonToGoBack(CANARY, undefined, counts({}))).toBeNull();
  expect(reasonToGoBack(CANARY, counts({ seconds: 9 }), undefined)).toBeNull();
});
