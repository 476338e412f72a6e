/** Every page in every state: axe finds nothing, nothing is cut off at 320 px, no error in the console. */
import type { Page } from "@playwright/test";
import {
  dropFile,
  expect,
  expectAccessible,
  fruitCsv,
  HOSTILE_CSV,
  listenForErrors,
  type Server,
  test,
} from "./stage.ts";

test("every page is accessible, fits a phone and has no console errors", async ({ page, server }) => {
  test.slow();
  const { datasetId, runId, model } = await trainFruit(server);
  const other = await trainAgain(server, datasetId);
  const errors = listenForErrors(page);
  const paths = [
    "",
    `datasets/${datasetId}`,
    `runs/${runId}`,
    `runs/${runId}/rewind?at=0`,
    `compare?runs=${runId},${other}`,
    `models/${model}`,
    `models/${model}/report`,
    "inspect",
    "docs",
    "settings",
  ];
  for (const path of paths) {
    await page.goto(server.url + path);
    await openAll(page);
    await expectAccessible(page);
    await expectFits(page);
  }
  expect(errors).toEqual([]);
});

test("names from a file are text everywhere", async ({ page, server }) => {
  const errors = listenForErrors(page);
  const id = await upload(server, "<script>alert(1)</script>.csv", HOSTILE_CSV);
  for (const path of ["", `datasets/${id}`]) {
    await page.goto(server.url + path);
    await expect(page.locator("main img, main script, main b b")).toHaveCount(0);
    await openAll(page);
    await expectAccessible(page);
    await expectFits(page);
  }
  expect(errors).toEqual([]);
});

test("a refused file says why, and the next one is accepted", async ({ page, server }) => {
  await page.goto(server.url);
  await page.locator("#new input[type=file]").setInputFiles(csvFile("empty.csv", ""));
  await expect(page.getByRole("dialog")).toContainText("The file is empty.");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Close" }).click();
  await page.locator("#new input[type=file]").setInputFiles(csvFile("notes.csv", "onecolumn\na\nb\n"));
  await expect(page).toHaveURL(/\/datasets\//);
  await expect(page.locator(".hero-refused")).toContainText("notes.csv cannot be used.");
  await expectAccessible(page);
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("link", { name: "Choose another file" }).click();
  await (await chosen).setFiles(csvFile("fruit.csv", fruitCsv(50)));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("fruit.csv");
  await expect(page.getByRole("button", { name: "Train model" })).toBeVisible();
});

test("files are taken on every page: dropped, pasted, several at once", async ({ page, server }) => {
  test.slow();
  const { datasetId, runId, model } = await trainFruit(server);
  const other = await trainAgain(server, datasetId);
  const paths = ["", "datasets", `datasets/${datasetId}`, "runs", `runs/${runId}`, "models"];
  const seldom = [`compare?runs=${runId},${other}`, `runs/${runId}/replay`, `models/${model}/report`];
  for (const path of [
    ...paths,
    `models/${model}`,
    ...seldom,
    "settings/tokens",
    "settings/audit",
    "activity",
    "inspect",
    "docs",
    "settings",
    "nothing-here",
  ]) {
    await page.goto(server.url + path);
    const name = `from-${path.replaceAll(/\W+/g, "-") || "home"}.csv`;
    await dropFile(page, { name, text: `${fruitCsv(40)}${path.length},red,${name},no\n` });
    await expect(page).toHaveURL(/\/datasets\/\w+$/);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  }
  await page.goto(`${server.url}docs`);
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", `size\tripe\n${"1\tyes\n2\tno\n".repeat(20)}`);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("pasted.csv");
  await page.goto(server.url);
  await page
    .locator("#new input[type=file]")
    .setInputFiles([
      csvFile("one.csv", `${fruitCsv(30)}1,red,9,no\n`),
      csvFile("photo.csv", "onecolumn\na\nb\n"),
      csvFile("two.csv", `${fruitCsv(30)}2,red,9,no\n`),
    ]);
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("heading")).toHaveText("1 of 3 files was not uploaded");
  await expect(dialog.locator('[data-state="refused"]')).toContainText("photo.csv");
  await expectAccessible(page);
  await dialog.getByRole("link", { name: "Show datasets" }).click();
  await expect(page.locator(".list-table tbody")).toContainText("two.csv");
  await page.keyboard.press("?");
  await expect(page.locator("#keys")).toContainText("drop one or more files anywhere");
});

test("an unknown page says that it was not found", async ({ page, server }) => {
  await page.goto(`${server.url}nothing-here`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Page not found");
  await expectAccessible(page);
  await expectFits(page);
});

test("the inspector connects, filters, and triggers a test", async ({ page, server }) => {
  await page.goto(`${server.url}inspect`);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(page.locator('[data-part="state"]')).toHaveText("Connected");
  await page.getByRole("button", { name: "Upload test file" }).click();
  await expect(page.locator(".message", { hasText: "dataset.uploaded" })).toHaveCount(1);
  await page.getByRole("button", { name: "Train on test file" }).click();
  await expect(page.locator(".message", { hasText: "run.finished" })).toHaveCount(1, { timeout: 60_000 });
  await page.getByLabel("Type", { exact: true }).selectOption("run.started");
  await expect(page.locator(".message")).toHaveCount(1);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Disconnect", exact: true }).click();
  await expect(page.locator('[data-part="state"]')).toContainText("Closed");
});

test("opened, typed and paused state survives pushed updates", async ({ page, server }) => {
  await trainFruit(server);
  await page.goto(server.url);
  await expect(page.locator("#pill")).toHaveText("Live");
  const table = page.locator("details.machine");
  await table.locator("summary").click();
  await page.getByRole("button", { name: "Pause" }).click();
  const before = await page.locator("#activity li").count();
  await upload(server, "second.csv", fruitCsv(70));
  await expect(page.locator("#datasets").getByRole("link", { name: "second.csv" })).toBeVisible();
  await expect(table).toHaveAttribute("open");
  expect(await page.locator("#activity li").count()).toBe(before);
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await expect(page.locator("#activity")).toContainText("second.csv uploaded");
});

test("a refused or lost click is reported, and the page keeps its content", async ({ page, server }) => {
  const { model } = await trainFruit(server);
  await page.goto(`${server.url}models/${model}`);
  const button = page.getByRole("button", { name: /^Deploy version 1/ });
  await page.route("**/live", (route) => route.continue({ postData: "version=99" }));
  await button.click();
  const problem = page.locator("#problem");
  await expect(problem).toContainText("has no version 99");
  await page.unroute("**/live");
  await page.route("**/live", (route) => route.abort());
  await button.click();
  await expect(problem).toContainText("did not answer");
  await page.unroute("**/live");
  await expectAccessible(page);
  await button.click();
  await expect(page.locator('[data-panel="model"]')).toContainText("Version 1 is live");
  await expect(problem).toBeHidden();
});

test("a refused form keeps all that was typed, and says why at the field", async ({ page, server }) => {
  const id = await upload(server, "fruit.csv", fruitCsv(80));
  await page.goto(`${server.url}datasets/${id}`);
  await page.getByText("Options", { exact: true }).click();
  await page.getByLabel("Model name").fill("mine");
  await page.getByText("Settings for experts").click();
  await page.getByLabel("Class weights").fill("maybe=2");
  await page.locator('[name="learners"][value="boosting"]').check();
  await page.getByRole("button", { name: "Train model" }).click();
  const field = page.locator(".field", { has: page.getByLabel("Class weights") });
  await expect(field.locator("#problem")).toContainText('has no class "maybe"');
  await expect(page.getByLabel("Class weights")).toBeFocused();
  await expect(page.getByLabel("Class weights")).toHaveValue("maybe=2");
  await expect(page.getByLabel("Model name")).toHaveValue("mine");
  await expect(page.locator('[name="learners"][value="boosting"]')).toBeChecked();
  await page.goto(`${server.url}settings#thresholds`);
  await page.locator('[name="HEALTH_CPU.critical"]').fill("3");
  await page.getByRole("button", { name: "Save: Alert thresholds" }).click();
  await expect(page.locator("fieldset #problem")).toContainText("Must be two increasing numbers");
  await page.locator('[name="HEALTH_CPU.critical"]').fill("97");
  await page.getByRole("button", { name: "Save: Alert thresholds" }).click();
  await expect(page.locator("#problem")).toBeEmpty();
  await expect(page.locator('[name="HEALTH_CPU.critical"]')).toHaveValue("97");
  await expect(page).toHaveURL(/settings#thresholds$/);
});

async function upload(server: Server, name: string, text: string): Promise<string> {
  const answer = await fetch(`${server.url}api/upload?name=${encodeURIComponent(name)}`, {
    method: "POST",
    body: text,
  });
  expect(answer.ok, await answer.clone().text()).toBe(true);
  return ((await answer.json()) as { id: string }).id;
}

async function trainAgain(server: Server, datasetId: string): Promise<string> {
  const answer = await fetch(`${server.url}api/train?wait=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ datasetId, budgetSeconds: 1, seed: 1 }),
  });
  return ((await answer.json()) as { id: string }).id;
}

async function trainFruit(server: Server): Promise<{ datasetId: string; runId: string; model: string }> {
  const datasetId = await upload(server, "fruit.csv", fruitCsv(300));
  const answer = await fetch(`${server.url}api/train?wait=1`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ datasetId, target: "ripe", budgetSeconds: 1 }),
  });
  const run = (await answer.json()) as { id: string; modelName: string; status: string };
  expect(run.status).toBe("finished");
  return { datasetId, runId: run.id, model: run.modelName };
}

function csvFile(name: string, text: string) {
  return { name, mimeType: "text/csv", buffer: Buffer.from(text) };
}

async function openAll(page: Page): Promise<void> {
  await page.locator("details").evaluateAll((all) => {
    for (const details of all) details.setAttribute("open", "");
  });
}

/** At 320 px, the width of a page at 400 % zoom, nothing overflows the page. */
async function expectFits(page: Page): Promise<void> {
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 320, height: 800 });
  const width = await page.locator("html").evaluate((node) => node.scrollWidth);
  expect(width, `width of ${page.url()}`).toBeLessThanOrEqual(320);
  await page.setViewportSize(size);
}
