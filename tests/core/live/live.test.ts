/** Checks that a viewer who reconnects ends with the present, and that a burst is drawn only a few times. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { PanelKey } from "../../../core/events/panel-names.ts";
import type { DrawingKey } from "../../../core/live/audiences.ts";
import { DRAW_INTERVAL_MS, Live } from "../../../core/live/live.ts";

const PANELS: PanelKey[] = ["metrics", "activity", "stages", "curve"];

/** Every drawing in progress has been published. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A world with its own clock: panels show a counter each, events bump some of them. */
function world() {
  let now = 0;
  let seq = 0;
  let timers: { at: number; callback: () => void }[] = [];
  const state = new Map<DrawingKey, number>(PANELS.map((key) => [key, 0]));
  const published: { key: DrawingKey; html: string | null; seq: number; watermark: number }[] = [];
  const failed: DrawingKey[] = [];
  const broken = new Set<DrawingKey>();
  const gone = new Set<DrawingKey>();
  const live = new Live({
    clock: { now: () => now, after: (ms, callback) => void timers.push({ at: now + ms, callback }) },
    lastSeq: () => seq,
    draw: (key) => {
      if (broken.has(key)) throw new Error("a defect");
      return gone.has(key) ? null : `${key}=${state.get(key)}`;
    },
    publish: (drawings, watermark) =>
      void published.push(...drawings.map((drawing) => ({ ...drawing, watermark }))),
    failed: (key) => void failed.push(key),
  });
  const pass = async (ms: number) => {
    const end = now + ms;
    for (;;) {
      const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      timers = timers.filter((timer) => timer !== due);
      now = Math.max(now, due.at);
      due.callback();
      await settled();
    }
    now = end;
  };
  const happen = (keys: PanelKey[]) => {
    seq += 1;
    for (const key of keys) state.set(key, state.get(key)! + 1);
    live.markStale(seq, keys);
  };
  return { live, state, published, pass, happen, failed, broken, gone };
}

/** As a page does: stores the position that it receives, drops what is not newer. */
class Page {
  shown = new Map<DrawingKey, string>();
  seqs = new Map<DrawingKey, number>();
  position = 0;
  cursor = 0;
  isOpen = false;
}

describe("a viewer", () => {
  test("a panel that disappears and returns is current when it is back", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("happen" as const), keys: fc.subarray(PANELS, { minLength: 1 }) }),
      fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 250 }) }),
      fc.record({ do: fc.constant("open" as const), viewer: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ do: fc.constant("cut" as const), viewer: fc.integer({ min: 0, max: 2 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { live, state, published, pass, happen } = world();
        const pages = [new Page(), new Page(), new Page()];
        const apply = (page: Page, drawing: { key: DrawingKey; html: string | null; seq: number }) => {
          if (drawing.seq <= (page.seqs.get(drawing.key) ?? 0)) return;
          page.seqs.set(drawing.key, drawing.seq);
          page.shown.set(drawing.key, drawing.html!);
        };
        const receive = () => {
          for (const page of pages.filter((page) => page.isOpen)) {
            for (const drawing of published.slice(page.cursor)) {
              apply(page, drawing);
              page.position = Math.max(page.position, drawing.watermark);
            }
            page.cursor = published.length;
          }
        };
        const open = async (page: Page) => {
          if (page.isOpen) return;
          page.isOpen = true;
          page.cursor = published.length;
          for (const key of PANELS) live.watch(key);
          const isNew = page.shown.size === 0;
          for (const key of PANELS.filter((key) => isNew || live.isStaleSince(key, page.position))) {
            const fragment = (await live.fragment(key))!;
            page.seqs.set(key, fragment.seq);
            page.shown.set(key, fragment.html);
          }
          page.position = Math.max(page.position, live.watermark());
        };
        const cut = (page: Page) => {
          if (page.isOpen) for (const key of PANELS) live.unwatch(key);
          page.isOpen = false;
        };
        for (const entry of steps) {
          if (entry.do === "happen") happen(entry.keys);
          else if (entry.do === "pass") await pass(entry.ms);
          else if (entry.do === "open") await open(pages[entry.viewer]!);
          else cut(pages[entry.viewer]!);
          receive();
        }
        for (const page of pages) await open(page);
        await pass(DRAW_INTERVAL_MS * 3);
        receive();
        for (const page of pages) {
          for (const key of PANELS) expect(page.shown.get(key)).toBe(`${key}=${state.get(key)}`);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("drawing", () => {
  test("happens at once for the first event, then at most ten times a second, and ends with the last", async () => {
    const { live, published, pass, happen } = world();
    live.watch("metrics");
    await pass(1000);
    happen(["metrics"]);
    await pass(0);
    expect(published).toHaveLength(1);
    for (let i = 0; i < 10_000; i++) {
      happen(["metrics"]);
      if (i % 10 === 9) await pass(1);
    }
    await pass(DRAW_INTERVAL_MS);
    expect(published.length).toBeLessThanOrEqual(12);
    expect(published.at(-1)!.html).toBe("metrics=10001");
  });

  test("panels that change often are drawn together, within their limits", async () => {
    const { live, published, pass, happen } = world();
    const drawnAt = new Map<DrawingKey, number[]>(PANELS.map((key) => [key, []]));
    for (const key of PANELS) live.watch(key);
    for (let ms = 1; ms <= 5000; ms++) {
      await pass(1);
      happen([PANELS[(ms * 7) % PANELS.length]!]);
      for (const { key } of published.splice(0)) drawnAt.get(key)!.push(ms);
    }
    const moments = new Set([...drawnAt.values()].flat());
    expect(moments.size).toBeLessThan(60);
    for (const times of drawnAt.values()) {
      expect(times.length).toBeGreaterThan(45);
      for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(90);
    }
  });

  test("nothing is drawn that nobody watches", async () => {
    const { live, published, pass, happen } = world();
    happen(["metrics"]);
    await pass(1000);
    expect(published).toHaveLength(0);
    expect(live.drawings).toBe(0);
  });

  test("a fragment that is still fresh is not drawn again", async () => {
    const { live, happen } = world();
    happen(["metrics"]);
    for (let i = 0; i < 100; i++) await live.fragment("metrics");
    expect(live.drawings).toBe(1);
  });

  test("a panel that fails to draw does not stop others, and is drawn again at the next event", async () => {
    const { live, published, pass, happen, failed, broken } = world();
    for (const key of PANELS) live.watch(key);
    broken.add("metrics");
    happen(["metrics", "curve"]);
    await pass(DRAW_INTERVAL_MS);
    expect(published.map(({ key }) => key)).toEqual(["curve"]);
    expect(failed).toEqual(["metrics"]);
    await expect(live.fragment("metrics")).rejects.toThrow("a defect");
    broken.clear();
    happen(["metrics"]);
    await pass(DRAW_INTERVAL_MS);
    expect(published.at(-1)!.html).toBe("metrics=2");
  });

  test("a panel of a deleted subject says so to its viewers", async () => {
    const { live, published, pass, happen, gone } = world();
    live.watch("stages:run1");
    gone.add("stages:run1");
    happen(["stages:run1"]);
    await pass(0);
    expect(published).toEqual([{ key: "stages:run1", html: null, seq: 1, watermark: 1 }]);
    expect(await live.fragment("stages:run1")).toBeNull();
  });

  test("an update of an unwatched panel is not missed", async () => {
    const { live, happen } = world();
    for (let i = 0; i < 600; i++) {
      live.watch(`stages:run${i}`);
      happen([`stages:run${i}`]);
    }
    happen(["stages:last"]);
    expect(live.isStaleSince("stages:last", 600)).toBe(true);
    happen(["stages:other"]);
    expect(live.isStaleSince("stages:last", 600)).toBe(true);
    expect(live.isStaleSince("stages:run1", 601)).toBe(false);
  });

  test("unwatched subjects are forgotten, and then reported as unknown", async () => {
    const { live, happen } = world();
    const keys = Array.from({ length: 800 }, (_, i): PanelKey => `stages:run${i}`);
    for (const key of keys) happen([key]);
    expect(live.isStaleSince(keys[0]!, 100)).toBe(true);
    expect(live.isStaleSince(keys[799]!, 800)).toBe(false);
  });
});
