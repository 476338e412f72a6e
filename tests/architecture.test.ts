/** Checks that files keep to the floors, and to the sizes and bans that CONTRIBUTING promises. */
import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { Glob } from "bun";
import {
  brokenRules,
  circles,
  crowdedFolders,
  type Graph,
  heavyStart,
  importsOf,
  readGraph,
  strayFiles,
  unusedExports,
} from "./architecture.ts";

const ROOT = resolve(import.meta.dir, "..");
const GRAPH = await readGraph(ROOT);
const SOURCES = [...GRAPH.keys()];

test("imports go down the floors and keep to the rules", () => {
  expect(brokenRules(GRAPH)).toEqual([]);
});

test("every file of core/ is in a planned room", () => {
  expect(strayFiles(GRAPH)).toEqual([]);
});

test("no import cycles between files, nor between folders in core/, types included", () => {
  expect(circles(GRAPH)).toEqual([]);
});

test("no folder has more than 13 entries", () => {
  expect(crowdedFolders([...new Glob("{core,views}/**/*").scanSync(ROOT)])).toEqual([]);
});

test("a server starts without the trainer, the CSV reader and the views", () => {
  expect(heavyStart(GRAPH)).toEqual([]);
});

describe("a planted violation is reported with its file, its import and its rule", () => {
  const planted = (path: string, code: string): Graph => new Map([...GRAPH, [path, importsOf(path, code)]]);

  test.each([
    ["core/csv/x.ts", 'import type { Store } from "../store/database.ts";', "csv is not above store"],
    ["core/http/x.ts", 'import { Live } from "../live/live.ts";', "http is not above live"],
    ["core/events/x.ts", 'const a = await import("../models/registry.ts");', "events is not above models"],
    ["core/routes/x.ts", 'import { Hono } from "hono";', "the domain knows no HTML and no router"],
    [
      "core/models/x.ts",
      'import { Layout } from "../../views/layout/layout.tsx";',
      "the domain knows no HTML",
    ],
    ["core/models/x.ts", 'import { Database } from "bun:sqlite";', "drivers stand in core/store only"],
    ["views/x.tsx", 'import { Store } from "../core/store/database.ts";', "types and pure records only"],
    ["views/x.tsx", 'import { marked } from "marked";', "views know hono/jsx and d3"],
    ["core/trainer/x.ts", 'import { readFile } from "node:fs/promises";', "the trainer imports itself"],
    ["core/training/stages/x.ts", 'import { Runs } from "../runs.ts";', "stages know no store"],
    ["core/live/x.ts", 'import { createApp } from "../../server.ts";', "nothing imports the server"],
    [
      "core/datasets/read-child.ts",
      'import { Store } from "../store/database.ts";',
      "a child knows no store",
    ],
  ])("%s: %s", (path, code, rule) => {
    const broken = brokenRules(planted(path, code));
    const [target] = importsOf(path, code);
    expect(broken).toContainEqual(expect.stringContaining(`${path} -> ${target!.path}: `));
    expect(broken.join("\n")).toContain(rule);
  });

  test.each([
    ["core/trainer/race/race.ts", 'import { runRace } from "../trainer/race/race.ts";'],
    ["core/csv/read.ts", 'import { profileCsv } from "../csv/read.ts";'],
    ["core/training/run.ts", 'export { runStages } from "../training/run.ts";'],
    ["fflate", 'import { gunzipSync } from "fflate";'],
  ])("%s loaded at the start", (heavy, code) => {
    const listen = "core/process/listen.ts";
    const graph = planted("core/process/x.ts", code);
    graph.set(listen, [...graph.get(listen)!, ...importsOf(listen, 'import { x } from "./x.ts";')]);
    expect(heavyStart(graph)).toContain(`server.ts -> ${listen} -> core/process/x.ts -> ${heavy}`);
  });

  test("what is imported where it is used, or as a type, is not loaded at the start", () => {
    const late =
      'const { read } = await import("../csv/read.ts");\nimport type { Race } from "../trainer/race/race.ts";';
    const graph = planted("core/process/signalbox.ts", late);
    expect(heavyStart(graph)).toEqual([]);
  });

  test("a file outside the rooms", () => {
    expect(strayFiles(planted("core/x.ts", ""))).toEqual(["core/x.ts"]);
    expect(strayFiles(planted("core/cellar/x.ts", ""))).toEqual(["core/cellar/x.ts"]);
  });

  test("a cycle of files by types alone, and one of folders", () => {
    const files = new Map([...planted("core/csv/x.ts", 'import type { Y } from "./y.ts";')]);
    files.set("core/csv/y.ts", importsOf("core/csv/y.ts", 'import type { X } from "./x.ts";'));
    expect(circles(files).join("\n")).toContain("core/csv/x.ts -> core/csv/y.ts -> core/csv/x.ts");
    const folders = new Map([...planted("core/csv/rows/x.ts", 'import { y } from "../zz/y.ts";')]);
    folders.set("core/csv/zz/y.ts", importsOf("core/csv/zz/y.ts", 'import { z } from "../rows/w.ts";'));
    expect(circles(folders).join("\n")).toContain("core/csv/rows -> core/csv/zz -> core/csv/rows");
  });

  test("a folder with too many entries", () => {
    const crowd = Array.from({ length: 14 }, (_, n) => `core/csv/names/${n}.ts`);
    expect(crowdedFolders(crowd)).toEqual(["core/csv/names has 14 entries; 13 at most"]);
  });
});

const read = (path: string) => Bun.file(join(ROOT, path)).text();

describe("bans", () => {
  const BANS: [string, RegExp, RegExp][] = [
    [
      "HTML that is not escaped",
      /^(views\/(?!panel-html\.ts)|server)/,
      /dangerouslySetInnerHTML|\braw\(|hono\/html/,
    ],
    [
      "the clock and chance in the trainer and the stages",
      /^core\/(trainer|training\/stages)\//,
      /\bDate\.now|\bMath\.random|performance\.now|new Date\(\)/,
    ],
    ["types switched off", /./, /@ts-(ignore|nocheck|expect-error)|\bas any\b|: any\b/],
    ["inline style", /^views\//, /\bstyle=/],
    [
      "number written for people outside of figures.ts",
      /^(core|views)\/(?!platform\/figures|datasets\/sample-files\/|.*\/assembly\/)/,
      /toLocaleString|Intl\.NumberFormat|^(?!.*(Number\(|`toFixed)).*\.?to(Fixed|Precision)\(/m,
    ],
    ["marks of unfinished work", /./, /\bTODO\b|\bFIXME\b|\bXXX\b/],
  ];
  test.each(BANS)("no %s", async (_name, who, what) => {
    const offences = [];
    for (const path of SOURCES.filter((path) => who.test(path))) {
      if (what.test(await read(path))) offences.push(path);
    }
    expect(offences).toEqual([]);
  });

  test("SQL is in core/store only", async () => {
    const offences = [];
    for (const path of SOURCES.filter((path) => !path.startsWith("core/store/"))) {
      if (/["'`]\s*(SELECT|INSERT|UPDATE|DELETE FROM|CREATE TABLE)\s/.test(await read(path)))
        offences.push(path);
    }
    expect(offences).toEqual([]);
  });
});

test("what a file exports is used by another file", async () => {
  const paths = [...SOURCES, ...new Glob("{tests,static}/**/*.{ts,tsx,js}").scanSync(ROOT)];
  const texts = await Promise.all(paths.map(async (path) => [path, await read(path)] as const));
  expect(unusedExports(new Map(texts), new Set(SOURCES))).toEqual([]);
  // Put together, so that this file does not name it.
  const name = ["never", "Imported"].join("");
  const planted = new Map([["core/csv/x.ts", `export const ${name} = 1;`], ...texts]);
  expect(unusedExports(planted, new Set(["core/csv/x.ts"]))).toEqual([`core/csv/x.ts: ${name}`]);
});

test("no file is longer than 400 lines, and server.ts is a table of contents", async () => {
  const lengths = await Promise.all(
    SOURCES.map(async (path) => ({
      path,
      lines: (await Bun.file(join(ROOT, path)).text()).split("\n").length,
    })),
  );
  expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  expect(lengths.find(({ path }) => path === "server.ts")!.lines).toBeLessThan(300);
});
