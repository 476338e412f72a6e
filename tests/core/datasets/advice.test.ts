/** Checks what the file's page says before training about a target that is computed from other columns. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, seeded } from "../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

interface Uploaded {
  id: string;
  target: string;
  findings: { code: string; severity: string; message: string; fix: { exclude: string[] } }[];
}

async function upload(name: string, restOf: (random: () => number) => number): Promise<Uploaded> {
  const random = seeded(9);
  const lines = Array.from({ length: 400 }, () => {
    const [fare, tip, toll] = [3 + 40 * random(), 8 * random(), random() < 0.1 ? 6.55 : 0];
    const total = fare + tip + toll + restOf(random);
    return [Math.floor(24 * random()), ...[fare, tip, toll, total].map((value) => value.toFixed(2))].join(
      ",",
    );
  });
  const csv = `hour,fare,tip,toll,total_amount\n${lines.join("\n")}\n`;
  return (await (await harness.upload(name, csv)).json()) as Uploaded;
}

test("a total of its parts and a small rest is an error before training, with the way out", async () => {
  const { id, target, findings } = await upload("rides.csv", (random) => random());
  expect(target).toBe("total_amount");
  const found = findings.find(({ code }) => code === "target_sum")!;
  expect(found.severity).toBe("error");
  expect(found.message).toContain("fare + tip + toll");
  expect(found.fix.exclude.toSorted()).toEqual(["fare", "tip", "toll"]);
  const page = await (await harness.ask(`/datasets/${id}`, { headers: { accept: "text/html" } })).text();
  expect(page).toContain("Train without these columns");
});

test("a number that only goes with others is none", async () => {
  const { findings } = await upload("noisy.csv", (random) => 60 * (random() - 0.5));
  expect(findings.map(({ code }) => code)).not.toContain("target_sum");
});
