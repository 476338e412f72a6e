/** Checks that a counterfactual really gives the other prediction, and that no clearly smaller change does. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Counterfactual } from "../../../../../core/models/counterfactuals.ts";
import { type Harness, openHarness, passengersCsv, seeded } from "../../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  const random = seeded(4);
  const flats = Array.from({ length: 300 }, () => {
    const [area, floor] = [20 + Math.round(random() * 100), Math.floor(random() * 6)];
    return `${area},${floor},${random() < 0.5 ? "north" : "south"},${area * 12 + floor * 30 + Math.round(random() * 50)}`;
  });
  for (const [name, csv, target] of [
    ["crew", passengersCsv(400), "Survived"],
    ["flats", ["Area,Floor,Side,Rent", ...flats].join("\n"), "Rent"],
  ] as const) {
    const { id } = (await (await harness.upload(`${name}.csv`, csv)).json()) as { id: string };
    const trained = await harness.send("POST", "/api/train?wait=1", {
      datasetId: id,
      target,
      name,
      budgetSeconds: 2,
    });
    expect(trained.status).toBe(200);
  }
}, 40_000);
afterAll(() => harness.close());

type Row = Record<string, string | number | null>;
interface Answered {
  prediction: string | number;
  counterfactual?: Counterfactual;
}
async function ask(model: string, rows: Row[], explain = 1): Promise<Answered[]> {
  const path = `/api/models/${model}/predict?version=1&explain=${explain}`;
  return ((await (await harness.send("POST", path, { rows })).json()) as { predictions: Answered[] })
    .predictions;
}
const withChanges = (row: Row, { changes }: Counterfactual): Row => ({
  ...row,
  ...Object.fromEntries(changes.map(({ column, to }) => [column, to])),
});

const CREW: Row[] = Array.from({ length: 10 }, (_, i) => ({
  ...{ Sex: i % 2 ? "male" : "female", Class: String(1 + (i % 3)), Age: i === 7 ? null : (i * 13) % 70 },
  Fare: 20 + i * 7,
}));

test("the row with the named changes gets the named prediction", async () => {
  const answered = await ask("crew", CREW);
  const found = answered.filter(({ counterfactual }) => counterfactual!.changes.length > 0);
  expect(found.length).toBeGreaterThan(5);
  for (const [i, { prediction, counterfactual: flip }] of answered.entries()) {
    expect(flip!.changes.length).toBeLessThanOrEqual(2);
    if (!flip!.changes.length) {
      expect(flip).toMatchObject({
        prediction: null,
        sentence: expect.stringContaining("No change of one column"),
      });
      continue;
    }
    expect(flip!.prediction).not.toBe(prediction);
    for (const { column, from } of flip!.changes) expect(String(from)).toBe(String(CREW[i]![column]!));
    const [again] = await ask("crew", [withChanges(CREW[i]!, flip!)], 0);
    expect(again!.prediction).toBe(flip!.prediction!);
    expect(flip!.sentence).toStartWith(`The prediction would be “${flip!.prediction}”`);
  }
});

test("two columns are named only if no single value that training saw is enough", async () => {
  const answered = await ask("crew", CREW);
  for (const [i, { prediction, counterfactual: flip }] of answered.entries()) {
    if (flip!.changes.length === 1) continue;
    const row = CREW[i]!;
    const alone: Row[] = [
      ...["male", "female"].map((Sex) => ({ ...row, Sex })),
      ...["1", "2", "3"].map((Class) => ({ ...row, Class })),
    ];
    for (const { prediction: other } of await ask("crew", alone, 0)) expect(other).toBe(prediction);
  }
});

test("a number is moved no farther than necessary", async () => {
  const [{ prediction, counterfactual: flip }] = (await ask("flats", [
    { Area: 30, Floor: 1, Side: "north" },
  ])) as [Answered];
  expect(flip!.changes.map(({ column }) => column)).toEqual(["Area"]);
  const to = Number(flip!.changes[0]!.to);
  expect(Number.isInteger(to)).toBe(true);
  expect(Number(flip!.prediction)).toBeGreaterThan(Number(prediction));
  const nearer = Array.from({ length: 6 }, (_, i) => ({ Area: to - 4 - i, Floor: 1, Side: "north" }));
  const middle = Number(flip!.prediction);
  for (const answer of await ask("flats", nearer, 0))
    expect(Number(answer.prediction)).toBeLessThanOrEqual(middle);
  const [far] = (await ask("flats", [{ Area: 110, Floor: 5, Side: "south" }])) as [Answered];
  expect(Number(far.counterfactual!.prediction)).toBeLessThan(Number(far.prediction));
});

test("more than ten rows get contributions only, and none without explain", async () => {
  const many = await ask("crew", [...CREW, ...CREW]);
  expect(many[0]!.counterfactual).toBeUndefined();
  expect((await ask("crew", CREW.slice(0, 1), 0))[0]!.counterfactual).toBeUndefined();
});
