/** Checks that any failure of a child process ends in a reason, soon, and without harm to its parent. */
import { expect, test } from "bun:test";
import { ChildDied, spawnChild } from "../../../core/platform/child.ts";
import { AppError } from "../../../core/platform/errors.ts";
import { until } from "../../harness/deadline.ts";

function run(script: string, memoryBytes = 1e9) {
  const reports: unknown[] = [];
  const child = spawnChild("scripted", [process.execPath, "-e", script], {
    input: 7,
    memoryBytes,
    onReport: (report) => void reports.push(report),
  });
  return { child, reports, outcome: child.result.catch((error: unknown) => error) };
}

const READY = `process.send({ kind: "ready" });`;
const REST = `setInterval(() => {}, 1000);`;

const MISDEEDS: [string, string, RegExp][] = [
  ["exits", `process.exit(3)`, /ended with code 3/],
  ["is killed", `process.kill(process.pid, "SIGKILL")`, /killed by SIGKILL/],
  ["throws", `throw new Error("no")`, /ended with code 1/],
  ["says garbage", `${READY} process.send({ kind: "nonsense" }); ${REST}`, /invalid message/],
  ["says something that is no object", `process.send("x"); ${REST}`, /invalid message/],
  [
    "floods",
    `${READY} for (let k = 0; k < 50_000; k++) process.send({ kind: "report", report: k }); ${REST}`,
    /too many messages/,
  ],
  ["hangs", `${READY} ${REST.replace("1000", "1e9")}`, /unresponsive/],
  ["is stopped", `${READY} process.kill(process.pid, "SIGSTOP")`, /unresponsive/],
  [
    "talks without end on stderr",
    `for (;;) require("fs").writeSync(2, "x".repeat(65536)), k = (globalThis.k ?? 0) + 1, k > 500 && process.exit(4)`,
    /ended with code 4/,
  ],
];
for (const [what, script, reason] of MISDEEDS) {
  test(`a child that ${what}`, async () => {
    const outcome = await run(script).outcome;
    expect(outcome).toBeInstanceOf(ChildDied);
    expect((outcome as Error).message).toMatch(reason);
    expect(String((outcome as Error).cause ?? "").length).toBeLessThanOrEqual(2000);
  }, 60_000);
}

test("a child that takes too much memory", async () => {
  const script = `${READY} const kept = []; setInterval(() => kept.push(new Uint8Array(2e7).fill(1)), 5);`;
  const outcome = await run(script, 300e6).outcome;
  expect(outcome).toBeInstanceOf(AppError);
  expect((outcome as Error).message).toContain("300 MB");
}, 60_000);

test("a second result changes nothing, and a child that lingers is ended", async () => {
  const { child } = run(
    `${READY} process.on("message", () => { process.send({ kind: "done", result: 1 }); process.send({ kind: "done", result: 2 }); }); ${REST}`,
  );
  expect(await child.result).toBe(1);
  await waitUntilGone(child.pid);
}, 60_000);

function waitUntilGone(pid: number): Promise<void> {
  return until(() => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}

test("reports that wait are joined, in order, and the result comes after them", async () => {
  const handled: unknown[] = [];
  const first = Promise.withResolvers<void>();
  const script = `${READY} process.on("message", () => {
    for (const report of [1, 2, 3, 4]) process.send({ kind: "report", report: [report] });
    process.send({ kind: "done", result: 5 });
  }); ${REST}`;
  let seen = 0;
  const child = spawnChild("scripted", [process.execPath, "-e", script], {
    input: 7,
    memoryBytes: 1e9,
    merge: (earlier, later) => {
      // The last of them has arrived: the first handling may end.
      if (++seen === 2) first.resolve();
      return [earlier, later].flat();
    },
    onReport: async (report) => {
      if (handled.length === 0) await first.promise;
      handled.push(report);
    },
  });
  expect(await child.result).toBe(5);
  // Those that arrive before the first is handled join it.
  expect(handled.flat()).toEqual([1, 2, 3, 4]);
  expect(handled.length).toBeLessThan(3);
});
