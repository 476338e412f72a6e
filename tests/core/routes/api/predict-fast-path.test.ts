/** Checks that the fast path gives the same response, headers and log entry as the router. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness } from "../../../harness/app.ts";

let harness: Harness;
/** Classes named by numbers, a number to learn, and more classes than the log keeps probabilities of. */
const FILES = {
  grades: (i: number) => ["10", "2", "b"][i % 3]!,
  sizes: (i: number) => String((i % 40) * 1.5 + (i % 3)),
  letters: (i: number) => String.fromCharCode(97 + (i % 24)),
};

beforeAll(async () => {
  harness = await openHarness();
  const trained = Object.entries(FILES).map(async ([name, target]) => {
    const rows = Array.from({ length: 480 }, (_, i) => `${i % 3},"k${i % 24}",${i % 40},${target(i)}`);
    const csv = `group,kind,"so ""many""",target\n${rows.join("\n")}\n`;
    const { id } = (await (await harness.upload(`${name}.csv`, csv)).json()) as { id: string };
    await harness.send("POST", "/api/train?wait=1", { datasetId: id, target: "target", budgetSeconds: 2 });
    await harness.send("PUT", `/api/models/${name}/live`, { version: 1, confirm: true });
  });
  await Promise.all(trained);
  for (const name of Object.keys(FILES)) await ask(name, { group: 1 }, "application/json");
}, 60_000);
afterAll(() => harness.close());

/** With a charset the router takes it. */
const WAYS = ["application/json", "application/json; charset=utf-8"];
const ask = (model: string, body: unknown, type: string) =>
  harness.ask(`/api/models/${model}/predict`, {
    method: "POST",
    headers: { "content-type": type },
    body: JSON.stringify(body),
  });

const ROW = { group: 2, kind: "k7", 'so "many"': 12.5 };
const BODIES = {
  "a bare row": ROW,
  "the only one of rows": { rows: [ROW] },
  "texts for numbers": { group: " 2 ", kind: "k7", 'so "many"': "12.5" },
  "with its target": { ...ROW, target: "b" },
  "with a stranger": { ...ROW, colour: "red", ["__proto__"]: 1 },
  "what cannot be read": { ...ROW, 'so "many"': "many" },
  "nothing known": {},
  "a kind never seen": { ...ROW, kind: "k99" },
  true: { ...ROW, group: true },
  "only strangers": { colour: "red" },
  "a cell that is a list": { ...ROW, kind: ["k7"] },
  "beside rows": { rows: [ROW], further: 1 },
  "no row": [ROW],
};

for (const name of Object.keys(FILES)) {
  for (const [title, body] of Object.entries(BODIES)) {
    test(`${name}: ${title}`, async () => {
      const [lane, router] = await Promise.all(WAYS.map((type) => ask(name, body, type)));
      expect(lane!.status).toBe(router!.status);
      expect(withoutIds(await lane!.json())).toEqual(withoutIds(await router!.json()));
      expect([...lane!.headers.keys()].sort()).toEqual([...router!.headers.keys()].sort());
      for (const [key, value] of lane!.headers)
        if (!["x-request-id", "server-timing"].includes(key)) expect(value).toBe(router!.headers.get(key)!);
    });
  }

  test(`${name}: what is kept`, async () => {
    for (const type of WAYS) await ask(name, { rows: [ROW] }, type);
    await harness.signalbox.serving.stop();
    const [second, first] = await harness.signalbox.store.all<{ cells: string; answer: string }>(
      "SELECT cells, answer FROM predictions ORDER BY position DESC LIMIT 2",
    );
    expect(JSON.parse(first!.cells)).toEqual(ROW);
    expect(first).toEqual(second!);
    expect("probabilities" in JSON.parse(first!.answer)).toBe(name === "grades");
  });
}

interface Told {
  predictions?: object[];
  warnings?: { column: string }[];
  instance?: string;
}

function withoutIds(answer: unknown): unknown {
  const { predictions, warnings, instance, ...rest } = answer as Told;
  // Reported in the order of the columns, or of the row.
  const told = warnings?.toSorted((a, b) => (a.column < b.column ? -1 : 1));
  return {
    ...rest,
    warnings: told,
    predictions: predictions?.map((prediction) => ({ ...prediction, id: "" })),
  };
}

test.each([...WAYS, "text/html"])(
  "a client that closes its connection is told that it closes: %s",
  async (type) => {
    const answer = (headers: Record<string, string>) =>
      type === "text/html"
        ? harness.ask("/", { headers: { accept: type, ...headers } })
        : harness.ask("/api/models/grades/predict", {
            method: "POST",
            headers: { "content-type": type, ...headers },
            body: JSON.stringify(ROW),
          });
    expect((await answer({ connection: "close" })).headers.get("connection")).toBe("close");
    expect((await answer({})).headers.get("connection")).toBeNull();
  },
);
