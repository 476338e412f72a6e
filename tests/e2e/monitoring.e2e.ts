/** Checks that the form predicts over the socket, that monitoring follows, and that a downloaded page works alone. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, expectAccessible, fruitCsv, listenForErrors, type Server, test } from "./stage.ts";

async function makeLive(server: Server): Promise<string> {
  const json = { "content-type": "application/json" };
  const upload = await fetch(`${server.url}api/upload?name=fruit.csv`, {
    method: "POST",
    body: fruitCsv(400),
  });
  const { id } = (await upload.json()) as { id: string };
  const training = JSON.stringify({ datasetId: id, budgetSeconds: 2 });
  await fetch(`${server.url}api/train?wait=1`, { method: "POST", headers: json, body: training });
  await fetch(`${server.url}api/models/fruit/live`, {
    method: "PUT",
    headers: json,
    body: '{"version":1,"confirm":true}',
  });
  return `${server.url}models/fruit`;
}

test("the form predicts while you type over the socket, keeps the focus, and falls back to requests", async ({
  page,
  server,
}) => {
  const posts: string[] = [];
  page.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
  await page.goto(await makeLive(server));
  await expect(page.locator("#pill")).toHaveText("Live");
  const size = page.locator(`form[data-trial] [name="f.size"]`);
  await size.fill("");
  await size.pressSequentially("79", { delay: 60 });
  const answer = page.locator("#answer");
  await expect(answer.locator(".big-figure")).toContainText("ripe");
  await expect(answer).toContainText(/The prediction would be “(yes|no)”|No change of one/);
  await expect(size).toBeFocused();
  await expect(size).toHaveValue("79");
  const before = await answer.locator(".bar-text").allTextContents();
  await size.fill("20");
  await expect.poll(() => answer.locator(".bar-text").allTextContents()).not.toEqual(before);
  expect(posts).toEqual([]);
  const { predictions } = (await (await fetch(`${server.url}api/models/fruit`)).json()) as {
    predictions: { total: number };
  };
  expect(predictions.total).toBe(0);
  // Longer than a socket's message may be.
  await page
    .locator("form[data-trial] input")
    .first()
    .evaluate((field: HTMLInputElement) => {
      field.value = "7".repeat(5000);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  await expect.poll(() => posts.length).toBe(1);
});

test("live accuracy and drift update without a reload", async ({ page, server }) => {
  const errors = listenForErrors(page);
  await page.goto(await makeLive(server));
  const panel = page.locator('[data-panel="watch"]');
  await expect(panel).toContainText("0 of 30 reported outcomes needed");
  await expect(panel).toContainText("0 of 200 predictions needed");
  const rows = Array.from({ length: 260 }, (_, i) => ({ size: 70 + (i % 10), colour: "red", weight: 150 }));
  const json = { "content-type": "application/json" };
  const asked = { method: "POST", headers: json, body: JSON.stringify({ rows }) };
  const { predictions } = (await (await fetch(`${server.url}api/models/fruit/predict`, asked)).json()) as {
    predictions: { id: string; prediction: string }[];
  };
  await expect(panel.locator(".silhouette").first()).toBeVisible();
  await expect(panel).toContainText("differs from the training data");
  const lines = predictions.slice(0, 60).map(({ id, prediction }) => `${id},${prediction}`);
  const csv = {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: ["id,actual", ...lines].join("\n"),
  };
  await fetch(`${server.url}api/predictions/actuals`, csv);
  await expect(panel).toContainText("Live accuracy: 100 %");
  await expect(page.locator('[data-panel="model"]')).toContainText("Live accuracy: 100 %");
  await expectAccessible(page);
  expect(errors).toEqual([]);
});

test("an exported page opens from disk, checks itself, predicts and explains", async ({
  page,
  server,
  folder,
}) => {
  await makeLive(server);
  const answer = await fetch(`${server.url}api/models/fruit/versions/1/download?format=html`);
  const path = join(folder, "fruit.html");
  await writeFile(path, await answer.text());
  await server.stop();
  const errors = listenForErrors(page);
  await page.goto(pathToFileURL(path).href);
  await expect(page.locator("#check")).toHaveText(
    "Checked: all 100 test predictions in this file equal those of the server that made it.",
  );
  const shown = page.locator("#answer");
  await page.getByLabel("size").fill("80");
  const ripe = await shown.textContent();
  expect(ripe).toMatch(/^ripe: (yes|no), probability [<>]?\d/);
  await page.getByLabel("size").fill("20");
  await expect(shown).not.toHaveText(ripe!);
  await expect(page.locator("#contributions tr")).toHaveCount(3);
  await expectAccessible(page);
  expect(errors).toEqual([]);
});
