/** What a reader sees beside the straight way: samples, lists, refusals, a run that goes on; nothing jumps, axe is quiet. */
import type { Page } from "@playwright/test";
import {
  expect,
  expectAccessible,
  fruitCsv,
  listenForErrors,
  type Server,
  startServer,
  test,
} from "./stage.ts";

async function send<T>(server: Server, path: string, body: unknown = {}): Promise<T> {
  const answer = await fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.clone().text()).toBe(true);
  return (await answer.json()) as T;
}

test("a sample opens with one click, import settings have a preview, and another target takes one click", async ({
  page,
  server,
}) => {
  const errors = listenForErrors(page);
  await page.goto(server.url);
  await expect(page.getByText(`curl --fail-with-body -T your.csv '${server.url}api/train/`)).toBeVisible();
  await page.getByRole("button", { name: "Open sample: Customers who leave" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("customers.csv");
  await page.getByText("Change import settings").click();
  await page.getByLabel("Column names").selectOption("false");
  await expect(page.locator("#reading-preview")).toContainText("Preview (not saved)");
  await expect(page.locator("#reading-preview thead")).toContainText("column_1");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Predict this: contract" }).click();
  await expect(page.locator(".is-target")).toContainText("contract");
  await expect(page.getByLabel("Predict", { exact: true })).toHaveValue("contract");
  expect(errors).toEqual([]);
});

test("lists, settings, embeds and a cancelled run are accessible, and older pages have links", async ({
  page,
  server,
}) => {
  test.slow();
  for (let file = 0; file < 12; file += 1) {
    const body = `${fruitCsv(30)}${file},red,5,yes\n`;
    await fetch(`${server.url}api/upload?name=${file}.csv`, { method: "POST", body });
  }
  const { id } = await send<{ id: string }>(server, "api/samples/flats");
  const run = await send<{ id: string }>(server, "api/train", { datasetId: id });
  await fetch(`${server.url}api/runs/${run.id}`, { method: "DELETE" });
  const errors = listenForErrors(page);
  for (const path of [
    "runs",
    "datasets",
    "models",
    "activity",
    "settings",
    "embed/stages",
    `runs/${run.id}`,
  ]) {
    await page.goto(server.url + path);
    await expectAccessible(page);
  }
  await page.goto(`${server.url}datasets?limit=10`);
  const names = page.locator(".list-table tbody th a");
  await expect(names).toHaveCount(10);
  await page.getByRole("link", { name: "Next" }).click();
  await expect(names).toHaveText(["2.csv", "1.csv", "0.csv"]);
  await expectAccessible(page);
  await page.getByRole("link", { name: "Previous" }).click();
  await expect(names).toHaveCount(10);
  expect(errors).toEqual([]);
});

test("a list is searched, filtered and sorted, and its address keeps that", async ({ page, server }) => {
  for (const [name, rows] of [
    ["apples", 40],
    ["pears", 90],
    ["plums", 60],
  ] as const)
    await fetch(`${server.url}api/upload?name=${name}.csv`, { method: "POST", body: fruitCsv(rows) });
  const names = page.locator(".list-table tbody th a");
  await page.goto(`${server.url}datasets`);
  await expect(page.locator("#pill")).toHaveText("Live");
  await page.getByRole("link", { name: "Rows" }).click();
  await expect(names).toHaveText(["pears.csv", "plums.csv", "apples.csv"]);
  await expect(page.locator('[aria-sort="descending"]')).toHaveText(/Rows/);
  await page.keyboard.press("/");
  await page.keyboard.type("PL");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/q=PL.*sort=-rows/);
  await expect(names).toHaveText(["plums.csv", "apples.csv"]);
  await page.getByLabel("State").selectOption("reading");
  await expect(page).toHaveURL(/status=reading/);
  await expect(page.locator(".list")).toContainText("Nothing matches");
  await page.getByRole("link", { name: "Clear" }).click();
  await expect(names).toHaveCount(3);
  // A change elsewhere shows, in the requested order.
  await fetch(`${server.url}api/upload?name=figs.csv`, { method: "POST", body: fruitCsv(70) });
  await expect(names).toHaveText(["pears.csv", "figs.csv", "plums.csv", "apples.csv"]);
  await page.locator("summary", { hasText: "Delete" }).first().click();
  await page.getByRole("button", { name: "Delete dataset: pears.csv" }).click();
  await expect(names).toHaveText(["figs.csv", "plums.csv", "apples.csv"]);
});

test("the sign-in page is accessible", async ({ page, folder }) => {
  const server = await startServer(`${folder}-signed`, {
    AUTH: "token",
    ADMIN_TOKEN: "long-enough-for-an-administrator",
  });
  await page.goto(server.url);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expectAccessible(page);
  await server.stop();
});

test("while a page loads and while a run is active nothing shifts, and the tab shows the progress", async ({
  page,
  server,
}) => {
  const { id } = await send<{ id: string }>(server, "api/samples/customers");
  for (const viewport of [
    { width: 1280, height: 900 },
    { width: 375, height: 800 },
  ]) {
    await page.setViewportSize(viewport);
    const run = await send<{ id: string }>(server, "api/train", { datasetId: id, budgetSeconds: 4 });
    await page.goto(`${server.url}runs/${run.id}`);
    await watchShifts(page);
    await expect(page).toHaveTitle(/^\d+(\.\d)? % · Run/);
    await expect(page.locator('link[rel="icon"]')).toHaveAttribute("href", /#running$/);
    await expect(page.locator('[data-panel="run"] .verdict')).toBeVisible({ timeout: 60_000 });
    await expect(page.locator('link[rel="icon"]')).toHaveAttribute("href", /#finished$/);
    // Half of what Core Web Vitals call good.
    expect(await shifted(page)).toBeLessThan(0.05);
  }
  for (const width of [375, 768, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    for (const path of ["", "models/customers", `datasets/${id}`]) {
      await page.goto(server.url + path);
      await watchShifts(page);
      await expect(page.locator("#pill")).toHaveText("Live");
      expect([width, path, (await shifted(page)) < 0.02]).toEqual([width, path, true]);
    }
  }
});

test("a file's page does not shift while it fills", async ({ page, server }) => {
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]) {
    await page.setViewportSize(viewport);
    const body = fruitCsv(300_000);
    const upload = await fetch(`${server.url}api/upload?wait=0&name=large.csv`, { method: "POST", body });
    const { id } = (await upload.json()) as { id: string };
    await page.goto(`${server.url}datasets/${id}`);
    await watchShifts(page);
    await expect(page.getByRole("button", { name: "Train model" })).toBeVisible({ timeout: 60_000 });
    expect(await shifted(page)).toBeLessThan(0.05);
  }
});

interface Pace {
  share: number;
  elapsedMs: number;
  leftMs: number | null;
}

test("progress and the time left agree through a whole run, and progress never goes back", async ({
  page,
  server,
}) => {
  const { id } = await send<{ id: string }>(server, "api/samples/flats");
  const run = await send<{ id: string }>(server, "api/train", { datasetId: id, budgetSeconds: 8 });
  await page.goto(`${server.url}runs/${run.id}`);
  const told = await page.evaluate(everyPace);
  expect(told.length).toBeGreaterThan(20);
  const falls = told.filter(({ share }, k) => k > 0 && share < told[k - 1]!.share - 0.002);
  expect(falls).toEqual([]);
  // "17 %, 5 s left" after 20 s would be short of what both together say.
  const short = told.filter(
    ({ share, elapsedMs, leftMs }) => leftMs !== null && share < elapsedMs / (elapsedMs + leftMs) - 0.03,
  );
  expect(short).toEqual([]);
});

/** Runs in the page: what its bar shows in each frame, and what the server sent last, until the run has ended. */
function everyPace(): Promise<Pace[]> {
  const seen: Pace[] = [];
  return new Promise((resolve) => {
    const look = () => {
      const pace = document.querySelector<HTMLElement>(".pace");
      if (!pace && seen.length) return resolve(seen);
      if (pace) {
        const { elapsedMs, leftMs } = pace.dataset;
        const share = pace.querySelector("progress")!.value / 100;
        seen.push({
          share,
          elapsedMs: Number(elapsedMs),
          leftMs: leftMs === undefined ? null : Number(leftMs),
        });
      }
      requestAnimationFrame(look);
    };
    look();
  });
}

interface Shift extends PerformanceEntry {
  value: number;
  hadRecentInput: boolean;
}

/** As web.dev/articles/cls counts: the worst window of at most 5 s without a pause of 1 s. */
async function watchShifts(page: Page): Promise<void> {
  await page.evaluate(() => {
    const shifts = { worst: 0 };
    Object.assign(window, { shifts });
    let span = { first: 0, last: 0, sum: 0 };
    const observer = new PerformanceObserver((list) => {
      for (const { startTime, value, hadRecentInput } of list.getEntries() as Shift[]) {
        if (hadRecentInput) continue;
        const isSame = startTime - span.last < 1000 && startTime - span.first < 5000;
        span = {
          first: isSame ? span.first : startTime,
          last: startTime,
          sum: isSame ? span.sum + value : value,
        };
        shifts.worst = Math.max(shifts.worst, span.sum);
      }
    });
    observer.observe({ type: "layout-shift", buffered: true });
  });
}

async function shifted(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { shifts: { worst: number } }).shifts.worst);
}
