/** Checks that the model page weighs mistakes the same by pointer, by keyboard, with and without script. */
import type { Page } from "@playwright/test";
import { expect, expectAccessible, listenForErrors, type Server, test } from "./stage.ts";

async function trainSample(server: Server, name: string): Promise<string> {
  const sample = await fetch(`${server.url}api/samples/${name}`, { method: "POST" });
  const { id } = (await sample.json()) as { id: string };
  const answer = await fetch(`${server.url}api/train?wait=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ datasetId: id, budgetSeconds: 2 }),
  });
  return ((await answer.json()) as { modelName: string }).modelName;
}

/** Every figure that follows the slider, by its name. */
async function figures(page: Page): Promise<string[]> {
  return page
    .locator("#threshold [data-figure]")
    .evaluateAll((nodes) => nodes.map((node) => `${node.getAttribute("data-figure")} ${node.textContent}`));
}

test("the slider shows the same figures as the server, and one click selects the lowest cost", async ({
  page,
  server,
  browser,
}) => {
  const model = await trainSample(server, "customers");
  const errors = listenForErrors(page);
  await page.goto(`${server.url}models/${model}`);
  const before = await figures(page);
  const slider = page.getByRole("slider", { name: /^Predict “yes” above/ });
  await slider.focus();
  for (let presses = 0; presses < 40; presses += 1) await page.keyboard.press("ArrowLeft");
  await page.getByLabel("Cost of a false negative").fill("7.5");
  const moved = await figures(page);
  expect(moved).not.toEqual(before);
  await expect(slider).toHaveAttribute(
    "aria-valuetext",
    /^[\d.]+ %: recall .* %, precision .* %, cost [\d.,]+$/,
  );
  await expect(page.locator("#threshold .command code")).toContainText('"falseNegative":7.5');

  const plain = await browser.newPage({ javaScriptEnabled: false });
  const at = await slider.inputValue();
  await plain.goto(`${server.url}models/${model}?threshold=${at}&costFalsePositive=1&costFalseNegative=7.5`);
  expect(await figures(plain)).toEqual(moved);
  await plain.getByLabel("Cost of a false negative").fill("1");
  await plain.getByRole("button", { name: "Calculate" }).click();
  await expect(plain.getByLabel("Cost of a false negative")).toHaveValue("1");
  await plain.close();

  await page.getByRole("button", { name: "Use the lowest cost" }).click();
  const [cost, least] = await Promise.all(
    ["cost", "least"].map((name) => page.locator(`#threshold [data-figure=${name}]`).first().textContent()),
  );
  expect(cost).toBe(least);
  await expectAccessible(page);

  await page.getByText("Train a version for these costs").click();
  await page.getByRole("button", { name: "Train with these costs" }).click();
  await expect(page).toHaveURL(/\/runs\//);
  await expect(page.locator("main")).toContainText("false positive 1, false negative 7.5");
  expect(errors).toEqual([]);
});

test("a threshold set on one page is in force on another and in the API, and undone with one click", async ({
  page,
  server,
  context,
}) => {
  const model = await trainSample(server, "customers");
  const other = await context.newPage();
  await other.goto(`${server.url}models/${model}`);
  await expect(other.locator("#pill[data-state=live]")).toBeVisible();
  await page.goto(`${server.url}models/${model}#mistakes`);
  const trained = await page.locator("[data-in-force] b").textContent();
  const slider = page.getByRole("slider", { name: /^Predict “yes” above/ });
  await slider.focus();
  await page.keyboard.press("Home");
  const chosen = "0 %";
  await expect(page.locator(".threshold-label [data-figure=from]")).toHaveText(chosen);
  await page.getByRole("button", { name: "Use this threshold" }).click();
  await expect(page.locator("[data-in-force] b")).toHaveText(chosen);
  await expect(other.locator("[data-in-force] b")).toHaveText(chosen);
  const answer = await fetch(`${server.url}api/models/${model}/predict?version=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"plan":"Basic"}',
  });
  const { predictions } = (await answer.json()) as { predictions: { prediction: string }[] };
  expect(predictions[0]!.prediction).toBe("yes");
  await page.getByRole("button", { name: /^Undo/ }).click();
  await expect(page.locator("[data-in-force] b")).toHaveText(trained!);
});

test('"Try it" shows the prediction beside its fields, marks unseen values, and works by keyboard', async ({
  page,
  server,
}) => {
  const model = await trainSample(server, "customers");
  for (const size of [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]) {
    await page.setViewportSize(size);
    await page.goto(`${server.url}models/${model}#try`);
    await expect(page.locator("#answer strong")).toBeInViewport({ ratio: 1 });
    await expect(page.locator(".try-fields .field").first()).toBeInViewport();
  }
  await page.getByLabel("support_calls", { exact: true }).fill("500");
  await expect(page.locator(".cautions")).toContainText("outside the training data (0 to 9)");
  await page.locator(".index a").first().focus();
  for (const name of ["Try it", "Where is it wrong?", "Why?", "How do I use it?"]) {
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name })).toBeFocused();
  }
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#use$/);
});

test("the whole model page is reachable and usable by keyboard, in order, with visible focus", async ({
  page,
  server,
}) => {
  const model = await trainSample(server, "customers");
  await page.goto(`${server.url}models/${model}`);
  await expect(page.locator("#pill")).toHaveText("Live");
  const stops = await page.evaluate(stopsOf);
  expect(stops).toBeGreaterThan(40);
  await page.locator("#main").focus();
  const reached: number[] = [];
  for (let k = 0; k < stops; k += 1) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(focusNow);
    expect([k, focus.isSeen]).toEqual([k, true]);
    reached.push(focus.place);
  }
  expect(reached).toEqual(Array.from({ length: stops }, (_, k) => k));

  await page.locator("#all-metrics > summary").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#all-metrics table").first()).toBeVisible();
  await page.getByRole("button", { name: /^Deploy version 1/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".model-head")).toContainText("live, predicts");
  await page.getByText("Take offline").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Take offline/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".panel-model")).toContainText("No version is live");
});

/** Runs in the page: marks what can have the focus, one for each group of radio buttons, and counts it. */
function stopsOf(): number {
  const all = "a[href], button, summary, input, select, textarea, [tabindex='0']";
  const stops = [...document.querySelectorAll<HTMLElement>(`main :is(${all})`)].filter(
    (node) => node.checkVisibility({ visibilityProperty: true }) && !node.matches(":disabled, [type=hidden]"),
  );
  for (const [k, stop] of stops.entries()) stop.dataset.stop = String(k);
  return stops.length;
}

/** Runs in the page: the marked place that has the focus, and whether one sees it there. */
function focusNow(): { place: number; isSeen: boolean } {
  const node = document.activeElement as HTMLElement;
  const { top, bottom } = node.getBoundingClientRect();
  const isOutlined = [node, node.closest("label")].some(
    (of) => of !== null && getComputedStyle(of).outlineStyle !== "none",
  );
  return {
    place: Number(node.dataset.stop ?? -1),
    isSeen: isOutlined && bottom > 0 && top < window.innerHeight,
  };
}

test("a file without the model's columns is not sent, and the page names the missing columns", async ({
  page,
  server,
}) => {
  const model = await trainSample(server, "customers");
  await page.goto(`${server.url}models/${model}`);
  const file = (text: string) => ({ name: "rows.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  const input = page.getByLabel("Predict every row of a CSV");
  await input.setInputFiles(file("colour\nred\n"));
  await expect(page.locator(".batch-note")).toContainText("none of the model's columns");
  await page.getByRole("button", { name: "Predict file" }).click();
  await expect(page).toHaveURL(/\/models\//);
  await input.setInputFiles(file("plan,age\nBasic,30\nFamily,60\n"));
  await expect(page.locator(".batch-note")).toContainText("has no columns");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Predict file" }).click();
  expect((await saved).suggestedFilename()).toBe(`${model}-predictions.csv`);
});

test("the model's card prints on two pages at most", async ({ page, server }) => {
  const model = await trainSample(server, "tickets");
  await page.goto(`${server.url}models/${model}`);
  const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
  expect(pdf.match(/\/Type\s*\/Page\b/g)!.length).toBeLessThanOrEqual(2);
});
