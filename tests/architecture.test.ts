/** Do the files keep to the import rules, and to the sizes and bans that the README promises? */
import { describe, expect, test } from "bun:test";
import { dirname, join, relative, resolve } from "node:path";
import { Glob } from "bun";

const ROOT = resolve(import.meta.dir, "..");
const SOURCES = ["server.ts", ...scan("{core,views,static}/**/*.{ts,tsx}")].filter(
  (path) =>
    !path.endsWith(".d.ts") &&
    !path.endsWith(".wasm.ts") &&
    !path.includes("/assembly/") &&
    !path.endsWith("/kernels/build.ts") &&
    path !== "core/platform/wasm-build.ts",
);
const GRAPH = new Map(await Promise.all(SOURCES.map(async (path) => [path, await importsOf(path)] as const)));

function scan(pattern: string): string[] {
  return [...new Glob(pattern).scanSync(ROOT)].sort();
}

/** Values that a file imports: paths from the root, or package names; type-only imports do not count. */
async function importsOf(path: string): Promise<string[]> {
  const loader = path.endsWith("x") ? "tsx" : "ts";
  const code = await Bun.file(join(ROOT, path)).text();
  return new Bun.Transpiler({ loader })
    .scanImports(code)
    .map((entry) =>
      entry.path.startsWith(".") ? relative(ROOT, join(ROOT, dirname(path), entry.path)) : entry.path,
    );
}

/** [who, what it must not import, why] */
const RULES: [RegExp, RegExp, string][] = [
  [/^(?!server\.ts)/, /^server\.ts$/, "nothing but tests imports the server"],
  [/^core\//, /^hono|^views\/|^static\//, "the domain knows no HTML and no router"],
  [/^views\//, /^core\/|^node:|^bun/, "views get data and make HTML"],
  [/^core\/(?!store\/database\.ts)/, /^bun:sqlite$/, "the driver is known in one file"],
  [/^core\/trainer\//, /^(?!core\/trainer\/).*/, "the trainer is pure: it imports itself only"],
  [
    /^core\/stages\//,
    /^(?!core\/(trainer|csv|stages)\/|core\/(profile|errors)\.ts$).*/,
    "stages know no store, no socket",
  ],
  [/^core\/csv\//, /^core\/(?!csv\/|errors\.ts|profile\.ts)/, "reading knows no store"],
  [
    /^core\/(run|run-child|read-child)\.ts$/,
    /^core\/(store|datasets|runs|models|live|sockets)/,
    "a child knows no store",
  ],
];

test.each(RULES)("%p does not import %p: %s", (who, what) => {
  const offences = [...GRAPH].flatMap(([path, imports]) =>
    who.test(path) ? imports.filter((name) => what.test(name)).map((name) => `${path} -> ${name}`) : [],
  );
  expect(offences).toEqual([]);
});

test("there is no cycle of imports", () => {
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of GRAPH.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle.length) return cycle;
    }
    done.add(path);
    return [];
  };
  expect(SOURCES.flatMap((path) => visit(path, []))).toEqual([]);
});

describe("bans", () => {
  const read = (path: string) => Bun.file(join(ROOT, path)).text();
  const BANS: [string, RegExp, RegExp][] = [
    [
      "HTML that is not escaped",
      /^(views\/(?!drawn\.ts)|server)/,
      /dangerouslySetInnerHTML|\braw\(|hono\/html/,
    ],
    [
      "the clock and chance in the trainer and the stages",
      /^core\/(trainer|stages)\//,
      /\bDate\.now|\bMath\.random|performance\.now|new Date\(\)/,
    ],
    ["types switched off", /./, /@ts-(ignore|nocheck|expect-error)|\bas any\b|: any\b/],
    ["inline style", /^views\//, /\bstyle=/],
    ["marks of unfinished work", /./, /\bTODO\b|\bFIXME\b|\bXXX\b/],
  ];
  test.each(BANS)("no %s", async (_name, who, what) => {
    const offences = [];
    for (const path of SOURCES.filter((path) => who.test(path))) {
      if (what.test(await read(path))) offences.push(path);
    }
    expect(offences).toEqual([]);
  });

  test("SQL stands in core/store only", async () => {
    const offences = [];
    for (const path of SOURCES.filter((path) => !path.startsWith("core/store/"))) {
      if (/["'`]\s*(SELECT|INSERT|UPDATE|DELETE FROM|CREATE TABLE)\s/.test(await read(path)))
        offences.push(path);
    }
    expect(offences).toEqual([]);
  });
});

test("no file is longer than 400 lines, and the server is a table of contents", async () => {
  const lengths = await Promise.all(
    SOURCES.map(async (path) => ({
      path,
      lines: (await Bun.file(join(ROOT, path)).text()).split("\n").length,
    })),
  );
  expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  expect(lengths.find(({ path }) => path === "server.ts")!.lines).toBeLessThan(300);
});
