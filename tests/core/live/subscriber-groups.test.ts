/**
 * Checks that each panel is sent to exactly the groups that have a viewer and list it, whoever connects and
 * disconnects.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { PanelKey } from "../../../core/events/panel-names.ts";
import type { DrawingKey } from "../../../core/live/audiences.ts";
import { Live } from "../../../core/live/live.ts";
import { type SubscriberGroup, SubscriberGroups } from "../../../core/live/subscriber-groups.ts";

const LISTS: PanelKey[][] = [["metrics"], ["metrics", "health"], ["health", "activity", "metrics"], []];
const HERE = "http://here";
const PANELS: PanelKey[] = ["metrics", "health", "activity", "datasets"];

test("a panel is published once to each list that names it, and drawn only while one of them is watched", async () => {
  const moves = fc.array(fc.record({ list: fc.nat(LISTS.length - 1), comes: fc.boolean() }), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(moves, async (steps) => {
      const drawn: DrawingKey[] = [];
      const due: (() => void)[] = [];
      let seq = 0;
      const live = new Live({
        clock: { now: () => seq * 1000, after: (_, tick) => due.push(tick) },
        lastSeq: () => seq,
        draw: (key) => key,
        publish: (drawings) => void drawn.push(...drawings.map(({ key }) => key)),
        failed: () => {},
      });
      const audiences = new SubscriberGroups(live);
      const here: SubscriberGroup[][] = LISTS.map(() => []);
      for (const { list, comes } of steps) {
        if (comes) here[list]!.push(audiences.join(LISTS[list]!, HERE));
        else if (here[list]!.length) audiences.leave(here[list]!.pop()!);
      }
      const watched = LISTS.filter((_, index) => here[index]!.length);
      for (const key of PANELS) {
        const naming = watched.filter((list) => list.includes(key)).map((list) => list.join(","));
        expect([...audiences.watching([key])].map(({ panels }) => panels.join(",")).sort()).toEqual(
          naming.sort(),
        );
      }
      expect(audiences.list()).toHaveLength(watched.length);
      seq += 1;
      live.markStale(seq, PANELS);
      for (const tick of due) tick();
      await new Promise((resolve) => setImmediate(resolve));
      expect(drawn.sort()).toEqual([...new Set(watched.flat())].sort());
    }),
  );
});

test("250 viewers of the same page share a topic, the next ones open another; a free place is reused", () => {
  const live = { watch() {}, unwatch() {} } as unknown as Live;
  const audiences = new SubscriberGroups(live);
  const here = Array.from({ length: 501 }, () => audiences.join(["metrics"], HERE));
  expect(audiences.list().map(({ viewers }) => viewers)).toEqual([250, 250, 1]);
  expect(audiences.watching(["metrics"]).size).toBe(3);
  audiences.leave(here[0]!);
  expect(audiences.join(["metrics"], HERE)).toBe(here[0]!);
  for (const audience of here) audiences.leave(audience);
  expect(audiences.list()).toEqual([]);
});
