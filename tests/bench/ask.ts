/**
 * Checks that every row is predicted from the same reading that the model learned from. Trains a small model of
 * each file of a folder (an argument, or BENCH_DATA) and of a hundred drawn tables, and asks their rows back by
 * every way in. Three figures must be 0: answers that differ, rows lost, values lost without a word.
 * `bun run bench ask [folder…] [--from SEED]`; the drawn tables begin at that seed.
 */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { AppError } from "../../core/platform/errors.ts";
import { askBack } from "../harness/ask-back.ts";
import { styledTable } from "../harness/styled-table.ts";
import { tinyModel } from "../harness/tiny-model.ts";

const DRAWN = 100;

interface Sum {
  files: number;
  rows: number;
  differing: number;
  lost: number;
  silent: number;
}

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { from: { type: "string", default: "1" } },
  });
  const first = Number(values.from);
  const folders =
    positionals.length > 0 ? positionals : process.env.BENCH_DATA ? process.env.BENCH_DATA.split(":") : [];
  const sum: Sum = { files: 0, rows: 0, differing: 0, lost: 0, silent: 0 };
  for (const folder of folders) {
    const names = (await readdir(resolve(folder))).filter((name) => name.endsWith(".csv")).sort();
    for (const name of names) await askFile(join(resolve(folder), name), name, sum);
  }
  const scratch = await mkdtemp(join(tmpdir(), "ask-"));
  try {
    for (let seed = first; seed < first + DRAWN; seed++) {
      const { text, rows, style } = styledTable(seed);
      const path = join(scratch, `${seed}.csv`);
      await writeFile(path, text);
      await askFile(path, `drawn ${seed} (${style})`, sum, rows);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  console.log(`${sum.files} files, ${sum.rows} rows, each asked back by every way in`);
  console.log(`answers that differ: ${sum.differing}`);
  console.log(`rows lost: ${sum.lost}`);
  console.log(`values lost without a word: ${sum.silent}`);
  if (sum.differing + sum.lost + sum.silent > 0) process.exitCode = 1;
}

/** `rows`: how many the file has, if known. */
async function askFile(path: string, name: string, sum: Sum, rows?: number): Promise<void> {
  const tiny = await tinyModel(path).catch((error: unknown) => {
    if (error instanceof AppError) return error;
    throw error;
  });
  if (tiny === null || tiny instanceof AppError) {
    console.log(`-- ${name}: ${tiny ? tiny.message : "nothing to learn from"}`);
    return;
  }
  const asked = await askBack(tiny, path, { module: true });
  const missing = rows === undefined ? 0 : Math.max(0, rows - asked.rows);
  sum.files++;
  sum.rows += asked.rows;
  sum.differing += asked.differing.reduce((all, { count }) => all + count, 0);
  sum.lost += asked.lost + missing;
  sum.silent += asked.silent.length;
  for (const { way, count, first } of asked.differing) console.log(`!! ${name}: ${way}: ${count}, ${first}`);
  if (asked.lost + missing > 0) console.log(`!! ${name}: ${asked.lost + missing} rows lost`);
  for (const silent of asked.silent.slice(0, 3)) console.log(`!! ${name}: without a word: ${silent}`);
}
