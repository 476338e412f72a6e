/** The command without a server: its help, its findings, and its errors for wrong options. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { TRAIN_QUERY } from "../../../core/training/options/run-options.ts";
import { passengersCsv } from "../../harness/app.ts";

const SERVER = resolve(import.meta.dir, "../../../server.ts");
const folder = mkdtempSync(join(tmpdir(), "signalbox-train-"));
const file = join(folder, "crew.csv");
afterAll(() => rmSync(folder, { recursive: true }));

async function train(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  await Bun.write(file, passengersCsv(300));
  const child = Bun.spawn([process.execPath, SERVER, "train", ...words], { stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err };
}

test("--help lists every option that the API has", async () => {
  const { code, out } = await train("--help");
  expect(code).toBe(0);
  for (const { description } of Object.values(TRAIN_QUERY().omit({ file: true, testDatasetId: true }).shape))
    expect(out).toContain(description!);
  expect(out).toContain("--split-column");
  expect(out).toContain("Settings for experts:");
});

test("settings of an expert, with another file as test set", async () => {
  const other = join(folder, "later.csv");
  await Bun.write(other, passengersCsv(60, 2));
  const { code, out } = await train(
    ...[file, "--target", "Survived", "--budget-rounds", "20", "--test", other],
    ...["--learners", "linear", "--class-weights", "1=2", "--folds", "3"],
  );
  expect(code).toBe(0);
  const result = JSON.parse(out) as { rowsTest: number; rowsTrain: number; best: string; cost: number };
  expect(result).toMatchObject({ rowsTest: 60, rowsTrain: 300, best: expect.stringContaining("Logistic") });
  expect(result.cost).toBeGreaterThan(0);
  const refused = await train(file, "--target", "Survived", "--weights", "Sex");
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('weights: "Sex" holds no numbers');
});

test("findings are on stderr as they come and in the result", async () => {
  const { code, out, err } = await train(
    file,
    "--target",
    "Survived",
    "--budget",
    "1",
    "--budget-rounds",
    "1",
  );
  expect(code).toBe(0);
  expect(err).toContain("crew.csv: 300 rows, 6 columns. Target: Survived");
  expect(err).toMatch(/^ +info: .*“Id”/m);
  const { findings } = JSON.parse(out) as { findings: { column: string }[] };
  expect(findings.map(({ column }) => column)).toContain("Id");
});

test("a wrong option is named as it was typed", async () => {
  const { code, err } = await train(file, "--budget", "soon");
  expect([code, err.split("\n")[0]]).toEqual([2, "signalbox: --budget: must be a number."]);
});
