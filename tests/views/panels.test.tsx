/** Every panel, with data and without: one root that polls itself, and no name from a file that is more than text. */
import { expect, test } from "bun:test";
import { PANEL_NAMES, PANELS, type Panel, panelKey } from "../../core/events/panel-names.ts";
import { loadedPanel } from "../../views/panels.tsx";
import { textDashboard } from "../../views/parts/text.ts";
import { HOSTILE, PANEL_DATA } from "./fixtures.ts";

const LINKS = { base: "/base", origin: "http://127.0.0.1:8000", curl: "curl" };

async function draw(panel: Panel, subject: string | null, isThere: boolean): Promise<string> {
  const data = isThere ? PANEL_DATA[panel] : null;
  return String(await loadedPanel({ panelKey: panelKey(panel, subject), panel, data, links: LINKS }));
}

for (const panel of PANEL_NAMES) {
  const subject = PANELS[panel] === null ? null : "s1";

  test(`${panel}: one root with its key as id, which polls its own address`, async () => {
    for (const isThere of [true, false]) {
      const html = await draw(panel, subject, isThere);
      const key = panelKey(panel, subject);
      expect(html).toStartWith(`<section id="${key}" data-panel="${panel}"`);
      expect(html).toContain(`data-from="/base/panels/${panel}${subject ? `?of=${subject}` : ""}"`);
      expect(html.match(/<section id="/g)).toHaveLength(1);
      expect(html).toEndWith("</section>");
    }
  });

  test(`${panel}: what a file says is text`, async () => {
    const html = await draw(panel, subject, true);
    const { tags, attributes } = partsOf(html);
    expect(tags).not.toContain("img");
    expect(
      attributes.filter((name) => name.startsWith("on") || name === "style" || name.includes("__")),
    ).toEqual([]);
    expect(duplicates(html)).toEqual([]);
  });

  test(`${panel}: without data it says why and what next`, async () => {
    const html = await draw(panel, subject, false);
    expect(html).toContain("is-empty");
    expect(html.replace(/<[^>]+>/g, " ").trim().length).toBeGreaterThan(20);
  });
}

test("the same data gives the same bytes: a morph of it changes nothing", async () => {
  for (const panel of PANEL_NAMES) expect(await draw(panel, null, true)).toBe(await draw(panel, null, true));
});

test("the running stage is marked as the current step once", async () => {
  const html = await draw("stages", "r1", true);
  expect(html.match(/aria-current="step"/g)).toHaveLength(1);
  expect(html).toContain('data-announce="Run 7: Model selection"');
  expect(html.match(/<progress/g)).toHaveLength(8);
});

test("the text dashboard is plain text", () => {
  const text = textDashboard(PANEL_DATA, LINKS);
  expect(text).toContain(HOSTILE);
  expect(text).toContain("RUN 7  Running");
  expect([...text].every((letter) => letter === "\n" || letter >= " ")).toBe(true);
});

/** As a parser sees it. */
function partsOf(html: string): { tags: string[]; attributes: string[] } {
  const tags: string[] = [];
  const attributes: string[] = [];
  new HTMLRewriter()
    .on("*", {
      element: (element) => {
        tags.push(element.tagName);
        for (const [name] of element.attributes) attributes.push(name!);
      },
    })
    .transform(html);
  return { tags, attributes };
}

function duplicates(html: string): string[] {
  const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!);
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}
