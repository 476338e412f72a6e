/** On a page of another origin: an allowed one shows a panel and it moves live, another is refused, an old link says so. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { type Portal, startPortal } from "./portal.ts";
import { test as base, expect, expectAccessible, type Server, startServer } from "./stage.ts";

const ADMIN = "an admin's token of this test only";
const HTMX = readFileSync(createRequire(import.meta.url).resolve("htmx.org/dist/htmx.min.js"), "utf8");

const test = base.extend<{ portal: Portal; stranger: Portal; closed: Server }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the first argument.
  portal: async ({}, use) => {
    const portal = await startPortal();
    await use(portal);
    await portal.stop();
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the first argument.
  stranger: async ({}, use) => {
    const portal = await startPortal();
    await use(portal);
    await portal.stop();
  },
  /** If sign-in is needed. */
  closed: async ({ folder, portal }, use) => {
    const server = await startServer(folder, {
      AUTH: "token",
      ADMIN_TOKEN: ADMIN,
      EMBED_ORIGINS: portal.origin,
      CORS_ORIGINS: portal.origin,
    });
    await use(server);
    await server.stop();
  },
});

interface Made {
  url: string;
  element: string;
  iframe: string;
  badge: string;
  fragment: string;
}

async function ask(server: Server, method: string, path: string, body: string, type = "application/json") {
  const headers = { authorization: `Bearer ${ADMIN}`, "content-type": type };
  const answer = await fetch(`${server.url}${path}`, { method, headers, body });
  expect(answer.ok, await answer.clone().text()).toBe(true);
  return answer;
}

const make = async (server: Server, body: unknown) =>
  (await (await ask(server, "POST", "api/embeds", JSON.stringify(body))).json()) as Made;
const upload = (server: Server, name: string) =>
  ask(server, "POST", `api/upload?name=${name}`, `a,b\n1,${name}\n2,x\n`, "text/csv");
const heightOf = (page: Page) =>
  page.locator("iframe").evaluate((frame) => frame.getBoundingClientRect().height);

test("an allowed origin shows a panel: live, as high as its content, without anything around it", async ({
  page,
  closed,
  portal,
}) => {
  const { element } = await make(closed, { panel: "datasets", theme: "dark" });
  portal.show(element);
  await page.goto(portal.origin);
  const frame = page.frameLocator("iframe");
  await expect(frame.locator("#pill")).toHaveText("Live");
  await expect(frame.locator("nav, header")).toHaveCount(0);
  await expect(frame.locator("html")).toHaveAttribute("data-theme", "dark");
  const before = await heightOf(page);
  for (const name of ["one.csv", "two.csv", "three.csv"]) await upload(closed, name);
  await expect(frame.getByRole("link", { name: "three.csv" })).toBeVisible();
  await expect.poll(() => heightOf(page)).toBeGreaterThan(before + 20);
  await expect(frame.locator("form:visible")).toHaveCount(0);
  await expectAccessible(page);
});

test("while sockets are forbidden an embed polls, with its token", async ({ page, closed, portal }) => {
  await page.routeWebSocket(/\/ws/, (socket) => socket.close({ code: 1006 }));
  const { iframe } = await make(closed, { panel: "datasets" });
  portal.show(iframe);
  await page.goto(portal.origin);
  const frame = page.frameLocator("iframe");
  await expect(frame.locator("#pill")).toHaveText("Polling");
  await upload(closed, "polled.csv");
  await expect(frame.getByRole("link", { name: "polled.csv" })).toBeVisible();
});

test("another origin is refused by the browser", async ({ page, closed, stranger }) => {
  const { iframe } = await make(closed, { panel: "datasets" });
  stranger.show(iframe);
  const refusal = page.waitForEvent("console", (message) => message.text().includes("frame-ancestors"));
  await page.goto(stranger.origin);
  await refusal;
  await expect(page.frameLocator("iframe").locator("#datasets")).toHaveCount(0);
});

test("an expired link says so in the iframe, also when it expires while open", async ({
  page,
  closed,
  portal,
}) => {
  const { iframe } = await make(closed, { panel: "datasets", expiresInSeconds: 4 });
  portal.show(iframe);
  await page.goto(portal.origin);
  const frame = page.frameLocator("iframe");
  await expect(frame.locator("#datasets")).toBeVisible();
  await expect(frame.getByRole("alert")).toContainText("This link expired");
  await expect(frame.locator("#datasets")).toHaveCount(0);
  await page.goto(portal.origin);
  await expect(frame.getByRole("alert")).toContainText("This link expired");
  await expectAccessible(page);
});

test("a portal with htmx takes the fragment, and shows the badge", async ({
  page,
  closed,
  portal,
  stranger,
}) => {
  const { badge, fragment } = await make(closed, { panel: "connection" });
  const body = `${fragment}${badge}<script>${HTMX}</script>`;
  portal.show(body);
  await page.goto(portal.origin);
  await expect(page.locator("#connection")).toContainText("up for");
  expect(await page.locator("img").evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(
    50,
  );
  stranger.show(body);
  await page.goto(stranger.origin);
  await page.waitForEvent("console", (message) => message.text().includes("CORS"));
  await expect(page.locator("#connection")).toHaveCount(0);
});
