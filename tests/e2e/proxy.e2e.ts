/**
 * Behind nginx: the same journey at the root, below a path that is kept and below one that is taken away, with sockets
 * and without.
 */
import type { Page } from "@playwright/test";
import { type Mount, startNginx } from "./nginx.ts";
import { startPortal } from "./portal.ts";
import { dropFile, expect, fruitCsv, listenForErrors, startServer, test } from "./stage.ts";

const MOUNTS: Mount[] = ["at the root", "path kept", "path taken away"];
const BUDGET = "1";

for (const mount of MOUNTS) {
  for (const sockets of ["allowed", "forbidden"] as const) {
    test(`${mount}, sockets ${sockets}`, async ({ page, folder }) => {
      const portal = await startPortal();
      const server = await startServer(folder, {
        EMBED_ORIGINS: portal.origin,
        ...(mount !== "at the root" && { BASE_PATH: "/tools/signalbox" }),
      });
      const proxy = await startNginx(server.url, { mount, sockets });
      try {
        const state = sockets === "allowed" ? "Live" : "Polling";
        const errors = listenForErrors(page);
        await trainAndDeploy(page, proxy.url, state);
        // The browser and htmx say themselves that a socket is not let in.
        expect(errors.filter((text) => !/WebSocket connection to|htmx:ws:error/.test(text))).toEqual([]);
        await embed(page, { home: proxy.url, state, portal });
      } finally {
        await proxy.stop();
        await server.stop();
        await portal.stop();
      }
    });
  }
}

async function trainAndDeploy(page: Page, home: string, state: string): Promise<void> {
  await page.goto(home);
  await expect(page.locator("#pill")).toHaveText(state);
  await dropFile(page, { name: "fruit.csv", text: fruitCsv(300) });
  await expect(page).toHaveURL(/\/datasets\//);
  await page.getByText("Options", { exact: true }).click();
  await page.getByLabel("Time limit (seconds)").fill(BUDGET);
  await page.getByRole("button", { name: "Train model" }).click();
  await expect(page).toHaveURL(new RegExp(`^${home}runs/`));
  const bars = page.locator('[data-panel="stages"] progress[value="100"]');
  await expect(bars).toHaveCount(8, { timeout: 60_000 });
  await page.getByRole("link", { name: /^Open fruit version 1/ }).click();
  await page.getByRole("button", { name: /^Deploy version 1/ }).click();
  await expect(page.locator('[data-panel="model"]')).toContainText("Version 1 is live");
}

async function embed(
  page: Page,
  about: { home: string; state: string; portal: { origin: string; show: (body: string) => void } },
): Promise<void> {
  const { home, state, portal } = about;
  portal.show(`<script src="${home}static/signalbox-panel.js"></script>
    <signalbox-panel panel="model" of="fruit"></signalbox-panel>`);
  await page.goto(portal.origin);
  const frame = page.frameLocator("iframe");
  await expect(frame.locator("#pill")).toHaveText(state);
  await expect(frame.locator('[data-panel="model"]')).toContainText("No predictions yet");
  const answer = await fetch(`${home}api/models/fruit/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ rows: [{ size: 70, colour: "red", weight: 150 }] }),
  });
  expect(answer.status).toBe(200);
  await expect(frame.locator('[data-panel="model"]')).toContainText("1 prediction so far");
}
