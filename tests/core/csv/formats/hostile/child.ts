/** Reads a hostile file in a child process with little memory, as the server does. */
import { expect, test } from "bun:test";
import { openTable } from "../../../../../core/csv/formats/open-table.ts";
import { readRows } from "../../../../../core/csv/read-rows.ts";
import type { ReadInput } from "../../../../../core/datasets/read-child.ts";
import { startChild } from "../../../../../core/platform/child.ts";
import type { AppError } from "../../../../../core/platform/errors.ts";
import { fileOf } from "../../files.ts";

const MODULE = new URL("../../../../../core/datasets/read-child.ts", import.meta.url);
/** A child that needs more is ended, which no file here must cause. */
const MEMORY_BYTES = 900 * 1024 * 1024;
const DEADLINE_MS = 60_000;

/** What becomes of a file: the words of its refusal, or its rows. */
export type Hostile = [name: string, make: () => string | Uint8Array, becomes: RegExp | string[][]];

let made = 0;

async function readInChild(path: string, table: string, wanted: ReadInput["wanted"]): Promise<unknown> {
  const input: ReadInput = { path, name: "file", choices: {}, table, wanted };
  const options = { input, memoryBytes: MEMORY_BYTES, onReport: () => {} };
  return startChild({ name: "read-child", module: MODULE }, options).result;
}

/** As the child wrote them. */
async function rowsOf(path: string, out: string): Promise<string[][]> {
  const { path: table, known } = await openTable(path, { choices: {}, out });
  const rows: string[][] = [];
  for await (const batch of readRows(table, { known })) rows.push(...batch);
  return rows;
}

/** A test for each file. */
export function testHostile(files: readonly Hostile[]): void {
  test.each(files)(
    "%s",
    async (_, make, becomes) => {
      const path = fileOf(make());
      const table = `${path}.${++made}.table`;
      if (becomes instanceof RegExp) {
        const refusal = await readInChild(path, table, "profile").then(
          () => null,
          (error: AppError) => error,
        );
        expect(refusal?.message ?? "The file was not refused").toMatch(becomes);
        expect(refusal).toMatchObject({ code: "invalid", place: { fix: expect.any(String) } });
      } else {
        await readInChild(path, table, "table");
        expect(await rowsOf(path, table)).toEqual(becomes);
      }
    },
    DEADLINE_MS,
  );
}
