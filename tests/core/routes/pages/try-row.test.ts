/**
 * Checks that a socket gets one prediction at a time, skips all but the newest waiting row, and ignores invalid
 * messages.
 */
import { expect, test } from "bun:test";
import { AppError } from "../../../../core/platform/errors.ts";
import { type WhatIfOptions, WhatIfs } from "../../../../core/routes/pages/try-row.ts";
import type { StoredVersion } from "../../../../core/store/models.ts";

function open() {
  const asked: string[] = [];
  const gates: (() => void)[] = [];
  const signalbox = {
    logger: { error: () => {} },
    models: {
      serving: (name: string) => {
        if (name === "gone") throw new AppError("missing", "There is no model gone");
        return {
          name,
          version: 1,
          result: { schema: { features: [], target: "kind" } },
        } as unknown as StoredVersion;
      },
    },
    serving: {
      predict: async (_: StoredVersion, [row]: Map<string, string>[], options: { purpose: string }) => {
        expect(options.purpose).toBe("trial");
        asked.push(row!.get("size") ?? "");
        await new Promise<void>((resolve) => gates.push(resolve));
        return {
          predictions: [{ id: "", prediction: row!.get("size")! }],
          warnings: [],
          table: { rows: 1, columns: [] },
        };
      },
    },
  } as unknown as WhatIfOptions["signalbox"];
  const trials = new WhatIfs({ signalbox, draw: async ({ answer }) => `<p>${answer?.prediction}</p>` });
  const told: { trial: number; content?: string; failed?: boolean }[] = [];
  const socket = { send: (message: string) => told.push(JSON.parse(message)) };
  const ask = (trial: number, model = "fruit") =>
    trials.hear(socket, JSON.stringify({ trial, model, form: `f.size=${trial}&version=1` }));
  const release = async () => {
    await Bun.sleep(0);
    gates.shift()?.();
    await Bun.sleep(0);
  };
  return { trials, socket, told, asked, ask, release };
}

test("while one is predicted only the newest of the waiting ones is kept", async () => {
  const { told, asked, ask, release } = open();
  for (const trial of [1, 2, 3, 4]) ask(trial);
  await Bun.sleep(0);
  expect(asked).toEqual(["1"]);
  await release();
  await release();
  expect(asked).toEqual(["1", "4"]);
  expect(told).toEqual([
    { ...{ trial: 1, target: "#answer", swap: "outerMorph" }, content: "<p>1</p>" },
    { ...{ trial: 4, target: "#answer", swap: "outerMorph" }, content: "<p>4</p>" },
  ]);
});

test("a failed prediction says so, and the next one works", async () => {
  const { told, ask, release } = open();
  ask(1, "gone");
  await Bun.sleep(0);
  expect(told).toEqual([{ trial: 1, failed: true }]);
  ask(2);
  await release();
  expect(told[1]).toMatchObject({ trial: 2, content: "<p>2</p>" });
});

const NO_TRIALS = [
  ...["", "ping", "{", "null", "[]", '{"trial":', '{"trial":-1,"model":"a","form":""}'],
  ...['{"trial":1,"model":2,"form":""}', Buffer.from('{"trial":1,"model":"a","form":""}')],
];
test("a message that is not a valid row gets no reply", async () => {
  const { trials, socket, told } = open();
  for (const message of NO_TRIALS) trials.hear(socket, message);
  await Bun.sleep(0);
  expect(told).toEqual([]);
});
