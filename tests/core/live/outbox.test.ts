/**
 * Checks that each subscriber group gets its messages in order, a few viewers a turn, and none is left waiting too
 * long.
 */
import { expect, test } from "bun:test";
import { Outbox } from "../../../core/live/outbox.ts";
import type { SubscriberGroup } from "../../../core/live/subscriber-groups.ts";

const audience = (topic: string, viewers: number): SubscriberGroup => ({
  ...{ topic, viewers },
  ...{ panels: [], origin: "http://here", isQuiet: false, greeted: new Set<never>(), held: new Set<never>() },
});
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("messages go to a few viewers per turn, new viewers delay nothing, and each group has one waiting message", async () => {
  const sent: string[] = [];
  const departures = new Outbox(({ topic }, message) => sent.push(`${topic} ${message}`));
  const [crowd, others, few, one] = [
    audience("crowd", 250),
    audience("others", 250),
    audience("few", 3),
    audience("one", 1),
  ];
  for (const each of [crowd, others, few, one]) departures.add(each, "first");
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual(["crowd first"]);
  departures.settle(few);
  departures.settle(few);
  expect(sent.splice(0)).toEqual(["crowd first", "few first"]);
  departures.add(one, "second");
  expect(sent.splice(0)).toEqual(["one first"]);
  await turn();
  expect(sent.splice(0)).toEqual(["others first"]);
  await turn();
  expect(sent.splice(0)).toEqual(["one second"]);
  await turn();
  expect(sent).toEqual([]);
  departures.add(few, "third");
  departures.add(one, "third");
  await turn();
  expect(sent).toEqual(["few third", "one third"]);
});
