/** A row that was learned from is predicted alike by every route, however its file was written. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { askBack } from "../../harness/ask-back.ts";
import { styledTable } from "../../harness/styled-table.ts";
import { tinyModel } from "../../harness/tiny-model.ts";
import { fileOf } from "../csv/files.ts";

const SEED = 20261130;

test("styles that cannot be decided get a question", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1000, max: 1_000_000 }), async (seed) => {
      const { text, rows, style } = styledTable(seed, 60);
      const path = fileOf(text);
      const tiny = await tinyModel(path);
      if (!tiny) return;
      const asked = await askBack(tiny, path, { module: seed % 5 === 0 });
      expect({ style, ...asked, ways: [] }).toEqual({
        style,
        ways: [],
        rows,
        differing: [],
        lost: 0,
        silent: [],
      });
    }),
    { numRuns: 60, seed: SEED },
  );
}, 120_000);
