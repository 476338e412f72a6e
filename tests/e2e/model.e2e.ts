/** Can a reader weigh mistakes on the model's page: by hand, by keys, with and without script, to the same figures? */
import type { Page } from "@playwright/test";
import { expect, expectAccessible, listenForErrors, type Server, test } from "./stage.ts";

async function trainSample(server: Server, name: string): Promise<string> {
  const sample = await fetch(`${server.url}api/samples/${name}`, { method: "POST" });
  const { id } = (await sample.json()) as { id: string };
  const answer = await fetch(`${server.url}api/train?wait=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ datasetId: id, budgetSeconds: 5 }),
  });
  return ((await answer.json()) as { modelName: string }).modelName;
}

/** Every figure that follows the slider, by its name. */
async function figures(page: Page): Promise<string[]> {
  return page
    .locator("#threshold [data-figure]")
    .evaluateAll((nodes) => nodes.map((node) => `${node.getAttribute("data-figure")} ${node.textContent}`));
}

test("the slider moves every figure to what the server would say, and the cheapest is one press away", async ({
  page,
  server,
  browser,
}) => {
  const model = await trainSample(server, "customers");
  const errors = listenForErrors(page);
  await page.goto(`${server.url}models/${model}`);
  const before = await figures(page);
  const slider = page.getByRole("slider", { name: /^Say yes from a chance of/ });
  await slider.focus();
  for (let presses = 0; presses < 40; presses += 1) await page.keyboard.press("ArrowLeft");
  await page.getByLabel(/^A miss costs/).fill("7.5");
  const moved = await figures(page);
  expect(moved).not.toEqual(before);
  await expect(slider).toHaveAttribute("aria-valuetext", /^from \d.* %: catches \d+ of 100, cost [\d.,]+$/);
  await expect(page.locator("#threshold .command code")).toContainText('"falseNegative":7.5');

  const plain = await browser.newPage({ javaScriptEnabled: false });
  const step = await slider.inputValue();
  await plain.goto(`${server.url}models/${model}?step=${step}&costFalsePositive=1&costFalseNegative=7.5`);
  expect(await figures(plain)).toEqual(moved);
  await plain.getByLabel(/^A miss costs/).fill("1");
  await plain.getByRole("button", { name: "Work it out" }).click();
  await expect(plain.getByLabel(/^A miss costs/)).toHaveValue("1");
  await plain.close();

  await page.getByRole("button", { name: "To the cheapest" }).click();
  const [cost, least] = await Promise.all(
    ["cost", "least"].map((name) => page.locator(`#threshold [data-figure=${name}]`).textContent()),
  );
  expect(cost).toBe(least);
  await expectAccessible(page);

  const saved = page.waitForEvent("download");
  const rows = {
    name: "rows.csv",
    mimeType: "text/csv",
    buffer: Buffer.from("plan,age\nBasic,30\nFamily,60\n"),
  };
  await page.getByLabel("Predict every row of a CSV").setInputFiles(rows);
  await page.getByRole("button", { name: "Predict the file" }).click();
  expect((await saved).suggestedFilename()).toBe(`${model}-predictions.csv`);

  await page.getByRole("button", { name: "Train anew with these costs" }).click();
  await expect(page).toHaveURL(/\/runs\//);
  await expect(page.locator("main")).toContainText("a false alarm 1, a miss 7.5");
  expect(errors).toEqual([]);
});

test("the model's card prints on two pages at most", async ({ page, server }) => {
  const model = await trainSample(server, "tickets");
  await page.goto(`${server.url}models/${model}`);
  const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
  expect(pdf.match(/\/Type\s*\/Page\b/g)!.length).toBeLessThanOrEqual(2);
});
