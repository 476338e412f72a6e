/** Checks that outcomes and JSON values are read as the model's file was, in whatever style they come. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, seeded } from "../../../../harness/app.ts";

interface Made {
  predictions: { id: string; prediction: string | number }[];
  warnings?: { row: number; column: string; code: string }[];
}

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  await train("flats.csv", germanFlats(), { target: "Miete" });
  await train("orders.csv", orders(), { target: "late", exclude: [] });
}, 60_000);
afterAll(() => harness.close());

async function train(name: string, csv: string, options: Record<string, unknown>): Promise<void> {
  const { id: datasetId } = (await (await harness.upload(name, csv)).json()) as { id: string };
  if (name === "orders.csv")
    await harness.send("PATCH", `/api/datasets/${datasetId}`, {
      missing: { weight: ["-999"] },
      types: { customer: "category" },
    });
  const body = { datasetId, budgetSeconds: 2, ...options };
  expect((await harness.send("POST", "/api/train?wait=1", body)).status).toBe(200);
  await harness.send("PUT", `/api/models/${name.split(".")[0]}/live`, { version: 1, confirm: true });
}

/** Decimal commas, points between thousands. */
function germanFlats(): string {
  const random = seeded(3);
  const lines = Array.from({ length: 300 }, () => {
    const area = 30 + Math.round(random() * 900) / 10;
    const rent = (area * 17.23 + random() * 60).toFixed(2).replace(".", ",");
    return `${String(area).replace(".", ",")};${rent.replace(/^(\d)(\d{3},)/, "$1.$2")}`;
  });
  return `Fläche;Miete\n${lines.join("\n")}\n`;
}

const CUSTOMERS = ["9007199254740993", "9007199254740992", "12345678901234567891"];

/** Lateness follows from the customer, whose number is beyond 2^53; a weight of -999 is not known. */
function orders(): string {
  const random = seeded(5);
  const lines = Array.from({ length: 300 }, (_, row) => {
    const customer = CUSTOMERS[row % 3]!;
    const weight = random() < 0.2 ? "-999" : (1 + random() * 9).toFixed(2);
    return `${customer},${weight},${customer.endsWith("3") !== random() < 0.05 ? "yes" : "no"}`;
  });
  return `customer,weight,late\n${lines.join("\n")}\n`;
}

const predict = async (model: string, json: string) => {
  const headers = { "content-type": "application/json" };
  const answer = await harness.ask(`/api/models/${model}/predict`, { method: "POST", headers, body: json });
  return (await answer.json()) as Made;
};
const tell = async (id: string, actual: unknown) => {
  const answer = await harness.send("POST", `/api/predictions/${id}/actual`, { actual });
  return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) };
};

test("an outcome is read in the style of the file that the model learned from", async () => {
  const { predictions } = await predict("flats", '{"Fläche":"70,5"}');
  const { id } = predictions[0]!;
  expect(await tell(id, "1.234,50")).toMatchObject({ actual: 1234.5, status: "recorded" });
  expect(await tell(id, "1.234")).toMatchObject({ actual: 1234, status: "changed", previous: 1234.5 });
  expect(await tell(id, 987.25)).toMatchObject({ actual: 987.25 });
  const other = await tell(id, "1,234.50");
  expect(other).toMatchObject({
    actual: 1234.5,
    warnings: [{ row: 0, column: "Miete", code: "other_style" }],
  });
  expect(await tell(id, "k. A.")).toMatchObject({ status: 422 });
});

test("the style of a CSV of outcomes is decided by its first rows; contradictions are refused with the reason", async () => {
  const rows = Array.from({ length: 4 }, (_, k) => ({ Fläche: 40 + k }));
  const { predictions } = await predict("flats", JSON.stringify({ rows }));
  const [a, b, c, d] = predictions.map(({ id }) => id);
  const csv = `id,actual\n${a},"1,234"\n${b},"1,234.56"\n${c},950\n${d},"7,5"\n`;
  const headers = { "content-type": "text/csv" };
  const answer = await harness.ask("/api/predictions/actuals", { method: "POST", headers, body: csv });
  expect(await answer.json()).toMatchObject({
    ...{ accepted: 3, rejected: 1, warned: 1 },
    errors: [{ row: 2, message: expect.stringContaining("ambiguous") }],
    warnings: [{ row: 3, column: "Miete", code: "other_style" }],
  });
});

test("whole numbers beyond 2^53 in JSON keep their digits", async () => {
  for (const customer of CUSTOMERS) {
    const [asNumber, asText] = await Promise.all([
      predict("orders", `{"customer": ${customer}, "weight": 2.5}`),
      predict("orders", `{"customer": "${customer}", "weight": 2.5}`),
    ]);
    const answered = ({ predictions, warnings }: Made) => [
      predictions.map(({ id: _, ...rest }) => rest),
      warnings,
    ];
    expect(answered(asNumber)).toEqual(answered(asText));
    expect(asNumber.predictions[0]!.prediction).toBe(customer.endsWith("3") ? "yes" : "no");
    const many = await predict(
      "orders",
      `[{"customer":${customer}}, {"customer":${customer},"__proto__":1}]`,
    );
    expect(many.predictions.map(({ prediction }) => prediction)).toEqual(
      Array(2).fill(customer.endsWith("3") ? "yes" : "no"),
    );
  }
});

test("a number that means missing is missing, as a number and as text", async () => {
  const answers = await Promise.all(
    ["-999", '"-999"', "-999.0", "null"].map((weight) =>
      predict("orders", `{"customer": "${CUSTOMERS[0]}", "weight": ${weight}}`),
    ),
  );
  const plain = answers.map(({ predictions, warnings }) => [{ ...predictions[0]!, id: "" }, warnings]);
  for (const answer of plain) expect(answer).toEqual(plain[3]!);
});
