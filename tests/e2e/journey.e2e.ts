/** The whole job in a browser: drop a file, train, watch, deploy, ask; by mouse, by keyboard alone, without script. */
import type { FileChooser, Locator, Page } from "@playwright/test";
import { dropFile, expect, expectAccessible, fruitCsv, listenForErrors, test } from "./stage.ts";

const BUDGET = "4";

test("a dropped file becomes a live model that predicts while you type", async ({ page, server }) => {
  const errors = listenForErrors(page);
  await page.goto(server.url);
  await expect(page.locator("#pill")).toHaveText("Live");
  await expect(page.getByRole("heading", { name: "A CSV in, a model out." })).toBeVisible();
  await expectAccessible(page);

  await dropFile(page, { name: "fruit.csv", text: fruitCsv(400) });
  await expect(page).toHaveURL(/\/datasets\//);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("fruit.csv");
  await expect(page.getByLabel("Predict", { exact: true })).toHaveValue("ripe");
  await expect(page.locator(".hero-words")).toContainText("from 3 columns");
  await expectAccessible(page);

  await page.getByText("Options").click();
  await page.getByLabel("Time limit (seconds)").fill(BUDGET);
  await page.getByRole("button", { name: "Train model" }).click();
  await expect(page).toHaveURL(/\/runs\//);
  const said = await collectAnnouncements(page);
  await expect(page.locator('[data-panel="stages"] [aria-current="step"]')).toHaveCount(1);
  await expectAccessible(page);
  await expect(page.locator('[data-panel="run"] .verdict')).toBeVisible({ timeout: 60_000 });
  // Without that the page leads on to the model.
  await page.getByRole("button", { name: "Stay on this page" }).click();
  await expect(page.locator(".stage-finished")).toHaveCount(8);
  expect((await said()).length, "said aloud: stages' starts and the end").toBeLessThanOrEqual(9);
  await expectAccessible(page);

  await page.getByRole("link", { name: /^Open fruit version 1/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("fruit");
  await page.getByRole("button", { name: /^Deploy version 1/ }).click();
  await expect(page.locator('[data-panel="model"]')).toContainText("Version 1 is live");
  await page.getByLabel("size", { exact: true }).fill("79");
  await expect(page.locator("#answer")).toContainText("ripe");
  await expect(page.locator("#answer").getByRole("progressbar")).toHaveCount(2);
  await expectAccessible(page);

  await page.goto(server.url);
  await expect(page.locator("#activity")).toContainText("fruit version 1 is live");
  await expectAccessible(page);
  expect(errors).toEqual([]);
});

test("the same by keyboard alone", async ({ page, server }) => {
  // Listening from the start: otherwise Chromium may open its own dialog first.
  const chosen = new Promise<FileChooser>((resolve) => page.once("filechooser", resolve));
  await page.goto(server.url);
  await page.keyboard.press("?");
  await expect(page.locator("#keys")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("u");
  await (await chosen).setFiles({
    name: "fruit.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(fruitCsv(300)),
  });

  await expect(page).toHaveURL(/\/datasets\//);
  await pressOn(page, page.getByText("Options"));
  await tabTo(page, page.getByLabel("Time limit (seconds)"));
  await page.keyboard.type(BUDGET);
  await pressOn(page, page.getByRole("button", { name: "Train model" }));
  await expect(page).toHaveURL(/\/runs\//);
  await expect(page.locator('[data-panel="run"] .verdict')).toBeVisible({ timeout: 60_000 });
  await pressOn(page, page.getByRole("link", { name: /^Open fruit version 1/ }));
  await expect(page).toHaveURL(/\/models\//);
  await pressOn(page, page.getByRole("button", { name: /^Deploy version 1/ }));
  await expect(page.locator('[data-panel="model"]')).toContainText("Version 1 is live");
  await pressOn(page, page.getByRole("button", { name: "Predict", exact: true }));
  await expect(page.locator("#answer").getByRole("progressbar")).toHaveCount(2);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("the whole journey works with forms", async ({ page, server }) => {
    await page.goto(server.url);
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), "fits a phone").toBe(360);
    await page
      .locator("#new")
      .getByLabel("Choose a file")
      .setInputFiles({
        name: "fruit.csv",
        mimeType: "text/csv",
        buffer: Buffer.from(fruitCsv(300)),
      });
    await page.getByRole("button", { name: "Upload" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("fruit.csv");
    await page.getByText("Options").click();
    await page.getByLabel("Time limit (seconds)").fill(BUDGET);
    await page.getByRole("button", { name: "Train model" }).click();
    // The page reloads by itself while the run is active.
    await expect(page.locator('[data-panel="run"] .verdict')).toBeVisible({ timeout: 60_000 });
    await page.getByRole("link", { name: /^Open fruit version 1/ }).click();
    await page.getByRole("button", { name: /^Deploy version 1/ }).click();
    await expect(page.locator('[data-panel="model"]')).toContainText("Version 1 is live");
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await expect(page.locator("#answer").getByRole("progressbar")).toHaveCount(2);
  });
});

/** Every text that the status line takes from now on. */
async function collectAnnouncements(page: Page): Promise<() => Promise<string[]>> {
  const line = page.locator("#announce");
  await line.evaluate((node) => {
    const said: string[] = [];
    Object.assign(window, { said });
    const observer = new MutationObserver(() => said.push(node.textContent ?? ""));
    observer.observe(node, { childList: true, characterData: true });
  });
  return () => page.evaluate(() => (window as unknown as { said: string[] }).said);
}

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, element: Locator): Promise<void> {
  await expect(element).toBeVisible();
  for (let presses = 0; presses < 150; presses += 1) {
    if (await element.evaluate((node) => node === node.ownerDocument.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("Tab never reached it");
}

async function pressOn(page: Page, element: Locator): Promise<void> {
  await tabTo(page, element);
  await page.keyboard.press("Enter");
}
