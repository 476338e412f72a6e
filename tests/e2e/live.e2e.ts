/** Checks that a page in a real browser catches up after any interruption, and shows its connection state. */
import type { Page } from "@playwright/test";
import { expect, expectAccessible, fruitCsv, type Server, startServer, test } from "./stage.ts";

async function upload(server: Server, name: string): Promise<void> {
  // Files of other names must have other bytes.
  const body = `${fruitCsv(60)}5,${name.replace(".csv", "")},5,yes\n`;
  const answer = await fetch(`${server.url}api/upload?name=${name}`, { method: "POST", body });
  expect(answer.status).toBe(201);
}

/** Headless Chromium never hides a tab: the two things that scripts see of it are set by hand. */
async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.locator("body").evaluate((body, hidden) => {
    const { ownerDocument } = body;
    Object.defineProperty(ownerDocument, "hidden", { value: hidden, configurable: true });
    ownerDocument.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

/** As it is there, without what differs by the moment or by the reader's zone. */
async function shown(page: Page, what = "#datasets, #activity, #runs, #attention"): Promise<string[]> {
  return page.locator(what).evaluateAll((panels) =>
    panels.map((panel) => {
      const copy = panel.cloneNode(true) as typeof panel;
      for (const time of copy.querySelectorAll("time")) time.textContent = time.getAttribute("datetime");
      for (const countdown of copy.querySelectorAll("[data-lead-words]")) countdown.remove();
      return copy.textContent ?? "";
    }),
  );
}

async function expectLikeFresh(page: Page, server: Server): Promise<void> {
  const fresh = await page.context().newPage();
  await fresh.goto(server.url);
  const expected = await shown(fresh);
  await fresh.close();
  await expect.poll(() => shown(page)).toEqual(expected);
}

test("pages that stay open through trainings, a deployment and another reading end up like fresh ones, in every part", async ({
  context,
  server,
}) => {
  const ask = async (method: string, path: string, body?: unknown) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) });
    expect(answer.ok, await answer.clone().text()).toBe(true);
    return answer;
  };
  const open = async (path: string) => {
    const page = await context.newPage();
    await page.goto(server.url + path);
    await expect(page.locator("#pill")).toHaveText("Live");
    return page;
  };
  const expectAllLikeFresh = async (...pages: Page[]) => {
    for (const page of pages) {
      const fresh = await context.newPage();
      const answer = await fresh.goto(page.url());
      expect(answer?.status()).toBe(200);
      const expected = await shown(fresh, "main");
      await fresh.close();
      await expect.poll(() => shown(page, "main")).toEqual(expected);
    }
  };
  const body = fruitCsv(60_000);
  const sent = await fetch(`${server.url}api/upload?name=late.csv&wait=0`, { method: "POST", body });
  const late = await open(`datasets/${((await sent.json()) as { id: string }).id}`);
  await expect(late.getByLabel("Predict", { exact: true })).toHaveValue("ripe");
  await expectAllLikeFresh(late);

  const upload = await fetch(`${server.url}api/upload?name=fruit.csv`, {
    method: "POST",
    body: fruitCsv(90),
  });
  const { id: datasetId } = (await upload.json()) as { id: string };
  const train = { datasetId, budgetSeconds: 1, name: "fruit" };
  const file = await open(`datasets/${datasetId}`);
  const { id } = (await (await ask("POST", "api/train", train)).json()) as { id: string };
  const run = await open(`runs/${id}`);
  await expect(run.locator(".verdict")).toBeVisible({ timeout: 30_000 });
  await run.getByRole("button", { name: "Stay on this page" }).click();
  await expectAllLikeFresh(file, run);

  const model = await open("models/fruit");
  let renewals = 0;
  model.on("request", (request) => {
    if (request.url() === model.url()) renewals += 1;
  });
  await ask("POST", "api/train?wait=1", { ...train, exclude: ["weight"] });
  await ask("PUT", "api/models/fruit/live", { version: 1, confirm: true });
  await expect(model.locator(".page-head")).toContainText("Version 1live");
  await ask("PUT", "api/models/fruit/live", { version: 2, confirm: true });
  await ask("PATCH", `api/datasets/${datasetId}`, { exclude: ["weight"] });
  await expectAllLikeFresh(model, file, run);
  await expect(model.locator(".page-head")).toContainText("Version 2live");
  await expect(file.locator(".page-head")).toContainText("version 2");

  // A new version, and two deployments.
  expect(renewals).toBeLessThanOrEqual(3);

  await ask("DELETE", `api/datasets/${datasetId}`);
  await expect(file.getByRole("heading", { level: 1 })).toHaveText("Page not found");
});

test("after a hidden tab and a killed server the page shows what a fresh page shows", async ({
  page,
  server,
  folder,
}) => {
  await page.goto(server.url);
  await expect(page.locator("#pill")).toHaveText("Live");
  await upload(server, "first.csv");
  await expect(page.locator("#datasets")).toContainText("first.csv");

  await setHidden(page, true);
  await upload(server, "unseen.csv");
  await expect(page.locator("#datasets")).not.toContainText("unseen.csv");
  await setHidden(page, false);
  await expect(page.locator("#datasets")).toContainText("unseen.csv");
  await expectLikeFresh(page, server);

  const { port } = new URL(server.url);
  await server.kill();
  await expect(page.locator("#pill")).toHaveText("Offline");
  const reborn = await startServer(folder, { PORT: port });
  await upload(reborn, "after-the-restart.csv");
  await expect(page.locator("#pill")).toHaveText("Live");
  await expect(page.locator("#datasets")).toContainText("after-the-restart.csv");
  await expectLikeFresh(page, reborn);
  await reborn.stop();
});

test("without a socket the page polls, says so, and returns to the socket without a gap", async ({
  page,
  folder,
}) => {
  const server = await startServer(`${folder}-polling`, { MAX_SOCKETS: "1" });
  const other = await page.context().newPage();
  await other.goto(server.url);
  await expect(other.locator("#pill")).toHaveText("Live");
  await page.goto(server.url);
  await expect(page.locator("#pill")).toHaveText("Polling");
  await upload(server, "polled.csv");
  await expect(page.locator("#datasets")).toContainText("polled.csv");
  await other.close();
  await upload(server, "between.csv");
  await expect(page.locator("#pill")).toHaveText("Live");
  await upload(server, "pushed.csv");
  await expect(page.locator("#datasets")).toContainText("pushed.csv");
  await expectLikeFresh(page, server);
  await server.stop();
});

test('a failure is shown once in a corner and under "Needs attention" until it is dismissed', async ({
  page,
  server,
}) => {
  await page.goto(server.url);
  await expect(page.locator("#pill")).toHaveText("Live");
  const other = await page.context().newPage();
  await other.goto(server.url);
  await page.bringToFront();
  const body = `a,b\n${"1,x\n2,x\n".repeat(50)}`;
  const uploaded = await fetch(`${server.url}api/upload?name=flat.csv`, { method: "POST", body });
  const { id: datasetId } = (await uploaded.json()) as { id: string };
  await fetch(`${server.url}api/train`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ datasetId, target: "b" }),
  });
  const toast = page.locator("#toasts .toast").filter({ hasText: "Run 1 failed" });
  await expect(toast).toHaveCount(1);
  expect(await page.evaluate(coveredButtons), "buttons beneath the toast").toEqual([]);
  await toast.click();
  await expect(toast).toHaveCount(0);
  const words = "(b from flat.csv) failed";
  await expect(page.locator("#attention")).toContainText(words);
  await expectAccessible(page);
  await page.locator("#attention li", { hasText: words }).locator("summary", { hasText: "Dismiss" }).click();
  await page.getByRole("button", { name: "Dismiss: Run 1" }).click();
  await expect(page.locator("#attention")).not.toContainText(words);
  await expect(other.locator("#attention")).not.toContainText(words);
});

test("the page shows Offline within a second, and one request polls all panels", async ({ page, folder }) => {
  const server = await startServer(`${folder}-offline`, { MAX_SOCKETS: "1" });
  await page.goto(server.url);
  await expect(page.locator("#pill")).toHaveText("Live");
  await page.context().setOffline(true);
  await expect(page.locator("#pill")).toHaveText("Offline", { timeout: 1000 });
  await expect(page.locator(".offline-note")).toBeVisible();
  await page.context().setOffline(false);
  await expect(page.locator("#pill")).toHaveText("Live");
  const polling = await page.context().newPage();
  const asked: string[] = [];
  polling.on("request", (request) => {
    if (new URL(request.url()).pathname.startsWith("/panels")) asked.push(request.url());
  });
  await polling.goto(server.url);
  await expect(polling.locator("#pill")).toHaveText("Polling");
  await upload(server, "asked.csv");
  await expect(polling.locator("#datasets")).toContainText("asked.csv");
  expect(asked.length).toBeGreaterThan(0);
  for (const url of asked) expect(new URL(url).searchParams.get("panels")).toContain("run,stages,curve");
  await server.stop();
});

test("a frozen server is noticed within 15 s, and so is its recovery", async ({ page, server }) => {
  await page.goto(server.url);
  await expect(page.locator("#pill")).toHaveText("Live");
  server.signal("SIGSTOP");
  await expect(page.locator("#pill")).toHaveText("Offline", { timeout: 16_000 });
  server.signal("SIGCONT");
  await expect(page.locator("#pill")).toHaveText("Live");
  await upload(server, "woken.csv");
  await expect(page.locator("#datasets")).toContainText("woken.csv");
  await expectLikeFresh(page, server);
});

function coveredButtons(): (string | null)[] {
  const toasts = document.querySelector("#toasts")!.getBoundingClientRect();
  return [...document.querySelectorAll<HTMLElement>("button, .button")]
    .filter((button) => {
      const { left, right, top, bottom, width } = button.getBoundingClientRect();
      return (
        width > 0 && left < toasts.right && right > toasts.left && top < toasts.bottom && bottom > toasts.top
      );
    })
    .map((button) => button.textContent);
}
