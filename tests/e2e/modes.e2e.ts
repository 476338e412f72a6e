/** Checks pages in unusual displays: forced colours, reduced motion, right to left, 200 % zoom, print. */
import type { Page } from "@playwright/test";
import { expect, fruitCsv, type Server, test } from "./stage.ts";

/** 1280 px at 200 % zoom. */
const ZOOMED = { width: 640, height: 450 };

async function pagesOf({ url }: Server): Promise<string[]> {
  const upload = await fetch(`${url}api/upload?name=fruit.csv`, { method: "POST", body: fruitCsv(300) });
  const { id } = (await upload.json()) as { id: string };
  const trained = await fetch(`${url}api/train?wait=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ datasetId: id, target: "ripe", budgetSeconds: 2 }),
  });
  const run = (await trained.json()) as { id: string; modelName: string };
  const paths = [
    "",
    `datasets/${id}`,
    `runs/${run.id}`,
    `models/${run.modelName}`,
    "docs",
    "settings",
    "inspect",
  ];
  return paths.map((path) => url + path);
}

/** Text, buttons and fields that stand out of the page sideways, unless a box around them scrolls or hides them on purpose. */
async function cutOff(page: Page): Promise<string[]> {
  return page
    .locator("body :is(h1, h2, p, li, button, input, select, summary, figcaption, svg)")
    .evaluateAll((all) =>
      all
        .filter(
          (node) =>
            node.checkVisibility() &&
            !node.closest(".visually-hidden, .skip, .scroll, [class*=scroll], pre, table"),
        )
        .filter((node) => {
          const { left, right, width } = node.getBoundingClientRect();
          return width > 1 && (left < -1 || right > document.documentElement.clientWidth + 1);
        })
        .map((node) => node.outerHTML.slice(0, 120)),
    );
}

async function expectWhole(page: Page, mode: string): Promise<void> {
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  expect.soft(scrollWidth, `${page.url()} scrolls sideways: ${mode}`).toBeLessThanOrEqual(clientWidth);
  expect.soft(await cutOff(page), `cut off on ${page.url()}: ${mode}`).toEqual([]);
}

test("nothing is cut off at 200 % zoom, from right to left, on paper", async ({ page, server }) => {
  for (const url of await pagesOf(server)) {
    await page.setViewportSize(ZOOMED);
    await page.goto(url);
    await expectWhole(page, "200 % zoom");
    await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
    await expectWhole(page, "right to left at 200 %");
    await page.setViewportSize({ width: 1280, height: 900 });
    await expectWhole(page, "right to left");
    await page.evaluate(() => document.documentElement.removeAttribute("dir"));
    // A4 at 96 dpi, without its margins.
    await page.setViewportSize({ width: 718, height: 1047 });
    await page.emulateMedia({ media: "print" });
    await expectWhole(page, "print");
    await page.emulateMedia({ media: "screen" });
  }
});

test("with forced colours lamps, lines and bars stay visible, and nothing moves with reduced motion", async ({
  page,
  server,
}) => {
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  for (const url of await pagesOf(server)) {
    await page.goto(url);
    await expectWhole(page, "forced colours");
    expect.soft(await unseenMarks(page), `not seen on ${url}`).toEqual([]);
    expect.soft(await page.evaluate(() => document.getAnimations().length), `moves on ${url}`).toBe(0);
  }
});

/** Marks of charts and lamps that have the colour of what they lie on. */
async function unseenMarks(page: Page): Promise<string[]> {
  return page.locator(".line, .strip-range, .dot, .strip-dot, .lamp, .chart text").evaluateAll((all) => {
    const canvas = getComputedStyle(document.documentElement).backgroundColor;
    const isSeen = (
      { fill, stroke, borderTopColor, backgroundColor }: CSSStyleDeclaration,
      isDrawing: boolean,
    ) =>
      (isDrawing ? [fill, stroke] : [borderTopColor, backgroundColor]).some(
        (colour) => colour !== "none" && colour !== canvas && !/^rgba.*, 0\)$/.test(colour),
      );
    return all
      .filter((node) => node.checkVisibility() && !isSeen(getComputedStyle(node), node instanceof SVGElement))
      .map((node) => node.outerHTML.slice(0, 120));
  });
}
