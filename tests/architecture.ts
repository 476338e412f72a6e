/**
 * Finds imports that break the floors in core/README.md. Pure functions over a graph of imports, so that tests can
 * plant violations.
 */
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";

/** Rooms of core/ from the bottom up; an import goes to a floor below, or stays inside its own room. */
export const FLOORS = [
  ["platform"],
  ["csv"],
  ["trainer"],
  ["store"],
  ["events"],
  ["operations", "datasets"],
  ["training", "live", "http"],
  ["models"],
  ["process"],
  ["routes"],
] as const;

/** What views may import as values: records of plain data, and the pure functions that write them. */
const PURE_RECORDS = [
  "platform/figures",
  "trainer/metrics/index",
  "trainer/contract",
  "trainer/learners/catalogue",
  "trainer/refit",
  "store/runs",
  "events/health-states",
  "training/options/expert",
  "training/results/evaluation-data",
  "models/exports/charts",
].map((path) => path.replaceAll("/", "\\/"));
const MOST_ENTRIES = 13;
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?((?:[\w*\s{},$]+?)\sfrom\s+)?["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']\s*\)/g;

export interface Import {
  /** A path from the root, or a package's name. */
  path: string;
  isType: boolean;
  /** By `import()`: loaded where it is used, not at the start. */
  isLate: boolean;
}

/** File to what it imports, types included; paths from the root. */
export type Graph = Map<string, Import[]>;

export async function readGraph(root: string): Promise<Graph> {
  const paths = ["server.ts", ...new Glob("{core,views,static}/**/*.{ts,tsx}").scanSync(root)].filter(isOurs);
  const entries = paths
    .sort()
    .map(async (path) => [path, importsOf(path, await Bun.file(join(root, path)).text())] as const);
  return new Map(await Promise.all(entries));
}

/** Generated modules, declarations and AssemblyScript are not part of the graph. */
function isOurs(path: string): boolean {
  return !/\.d\.ts$|\.wasm\.ts$|\/assembly\/|\/kernels\/build\.ts$|\/wasm-build\.ts$/.test(path);
}

export function importsOf(path: string, code: string): Import[] {
  return [...code.matchAll(IMPORT)].map(([, type, names = "", named, dynamic]) => {
    const target = (named ?? dynamic)!;
    const inBraces = names.slice(names.indexOf("{") + 1, names.lastIndexOf("}")).split(",");
    const areTypes = names.includes("{") && inBraces.every((name) => !name.trim() || /^\s*type\s/.test(name));
    return {
      path: target.startsWith(".") ? relative(".", join(dirname(path), target)) : target,
      isType: Boolean(type) || areTypes,
      isLate: named === undefined,
    };
  });
}

interface Rule {
  why: string;
  who: RegExp;
  what: RegExp;
  /** Imports of types are allowed. */
  typesToo?: false;
}

const RULES: readonly Rule[] = [
  { why: "nothing imports the server", who: /./, what: /^server\.ts$/ },
  { why: "the domain knows no HTML and no router", who: /^core\//, what: /^(hono|views\/|static\/)/ },
  {
    why: "views take view models; of core they import types and pure records only",
    who: /^views\//,
    what: new RegExp(`^(node:|bun|core\\/(?!(${PURE_RECORDS.join("|")})\\.ts$))`),
    typesToo: false,
  },
  {
    why: "views know hono/jsx and d3, and no other package",
    who: /^views\//,
    what: /^(?!views\/|core\/|hono\/(jsx|html)|d3-(scale|shape)$)/,
  },
  { why: "drivers stand in core/store only", who: /^core\/(?!store\/)/, what: /^bun:sqlite$/ },
  {
    why: "the trainer imports itself, platform, and types of csv",
    who: /^core\/trainer\//,
    what: /^(?!core\/(trainer|platform)\/)/,
    typesToo: false,
  },
  {
    why: "stages know no store, no socket and no clock",
    who: /^core\/training\/stages\//,
    what: /^(?!core\/(training\/stages|trainer|csv|platform)\/)/,
  },
  {
    why: "a child knows no store",
    who: /^core\/(training\/run|training\/run-child|datasets\/read-child)\.ts$/,
    what: /^core\/(store|models|live|http)\//,
  },
];

/** Each broken rule as "file -> import: rule". */
export function brokenRules(graph: Graph): string[] {
  return [...graph].flatMap(([path, imports]) =>
    imports.flatMap((entry) => [
      ...RULES.filter(
        ({ who, what, typesToo }) =>
          who.test(path) && what.test(entry.path) && (typesToo !== false || !entry.isType),
      ).map(({ why }) => `${path} -> ${entry.path}: ${why}`),
      ...climbs(path, entry.path),
    ]),
  );
}

function climbs(path: string, target: string): string[] {
  const [from, to] = [roomOf(path), roomOf(target)];
  if (from === null || to === null || from === to) return [];
  if (floorOf(to) < floorOf(from)) return [];
  return [`${path} -> ${target}: ${from} is not above ${to}; imports go down`];
}

/** "core/csv/rows/scan.ts" -> "csv"; null outside of core/. */
function roomOf(path: string): string | null {
  return /^core\/([^/]+)\//.exec(path)?.[1] ?? null;
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => (floor as readonly string[]).includes(room));
}

/** Files of core/ in no room, and rooms that are in no plan. */
export function strayFiles(graph: Graph): string[] {
  return [...graph.keys()].filter((path) => {
    if (!path.startsWith("core/")) return false;
    const room = roomOf(path);
    return room === null || floorOf(room) < 0;
  });
}

/** What the server may load before it listens: of the heavy rooms the plain records, and few packages. */
const LOADED_AT_START = [
  /^core\/(?!trainer\/|csv\/|training\/(stages|folds|run\.ts|run-child))/,
  /^core\/trainer\/(contract|refit|random|checks\/severity|learners\/catalogue|model\/reference|metrics\/.*)\.ts$/,
  /^core\/csv\/(types|write|cells\/id-column|dialect\/near-name|formats\/writers\/output)\.ts$/,
  /^core\/csv\/profile\/(guess-target|advice\/(positive-class|leaks))\.ts$/,
  /^views\/(panel-html|pages|layout\/page-context|parts\/paths)\.ts$/,
  /^(server\.ts|package\.json|static\/.*|node:.*|bun(:.*)?|hono(\/.*)?|zod|htmx\.org\/.*)$/,
];

/** Files and packages that a start of the server loads although they are heavy, each as "server.ts -> a -> b". */
export function heavyStart(graph: Graph): string[] {
  const cameFrom = new Map<string, string | null>([["server.ts", null]]);
  for (const path of cameFrom.keys()) {
    for (const target of graph.get(path) ?? []) {
      if (!target.isType && !target.isLate && !cameFrom.has(target.path)) cameFrom.set(target.path, path);
    }
  }
  const trail = (path: string): string[] => {
    const from = cameFrom.get(path);
    return from ? [...trail(from), path] : [path];
  };
  return [...cameFrom.keys()]
    .filter((path) => !LOADED_AT_START.some((allowed) => allowed.test(path)))
    .map((path) => trail(path).join(" -> "));
}

/** Circles of files, and of the entries of each folder of core/, types counted: "a -> b -> a". */
export function circles(graph: Graph): string[] {
  const files = new Map(
    [...graph].map(([path, imports]) => [path, new Set(imports.map((entry) => entry.path))]),
  );
  const folders = new Set([...graph.keys()].filter((path) => path.startsWith("core/")).flatMap(foldersAbove));
  return [files, ...[...folders].map((folder) => entriesOf(graph, folder))].flatMap((edges) => {
    const circle = findCircle(edges);
    return circle ? [circle.join(" -> ")] : [];
  });
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === "." ? [] : [folder, ...foldersAbove(folder)];
}

/** What the entries of one folder import of each other. */
function entriesOf(graph: Graph, folder: string): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  const entry = (path: string) =>
    path
      .split("/")
      .slice(0, folder.split("/").length + 1)
      .join("/");
  for (const [path, imports] of graph) {
    if (!path.startsWith(`${folder}/`)) continue;
    for (const target of imports) {
      if (!target.path.startsWith(`${folder}/`) || entry(path) === entry(target.path)) continue;
      edges.set(entry(path), (edges.get(entry(path)) ?? new Set()).add(entry(target.path)));
    }
  }
  return edges;
}

function findCircle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | null {
  const done = new Set<string>();
  const visit = (node: string, trail: string[]): string[] | null => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node];
    if (done.has(node)) return null;
    for (const next of edges.get(node) ?? []) {
      const circle = visit(next, [...trail, node]);
      if (circle) return circle;
    }
    done.add(node);
    return null;
  };
  for (const node of edges.keys()) {
    const circle = visit(node, []);
    if (circle) return circle;
  }
  return null;
}

/** Folders of core/ and views/ with more entries than a reader takes in, READMEs not counted; store/ has a file a subject. */
export function crowdedFolders(paths: readonly string[]): string[] {
  const entries = new Map<string, Set<string>>();
  for (const path of paths.filter((path) => /^(core|views)\/.*(?<!\.md)$/.test(path))) {
    for (const folder of foldersAbove(path)) {
      const entry = path.slice(folder.length + 1).split("/")[0]!;
      entries.set(folder, (entries.get(folder) ?? new Set()).add(entry));
    }
  }
  return [...entries]
    .filter(([folder, { size }]) => size > MOST_ENTRIES && folder !== "core/store")
    .map(([folder, { size }]) => `${folder} has ${size} entries; ${MOST_ENTRIES} at most`);
}

/**
 * Functions, classes and constants of the `sources` that no other file names, each as "file: name". Types are excluded:
 * those of a function's options are exported for its callers. So are files that others import as a whole.
 */
export function unusedExports(texts: ReadonlyMap<string, string>, sources: ReadonlySet<string>): string[] {
  const users = new Map<string, Set<string>>();
  for (const [path, text] of texts) {
    for (const word of new Set(text.match(/[\w$]+/g)))
      users.set(word, (users.get(word) ?? new Set()).add(path));
  }
  const whole = new Set(
    [...texts].flatMap(([path, text]) =>
      [...text.matchAll(/(?:\* as \w+ from |export \* from |=> import\()"(\.[^"]+)"/g)].map(([, target]) =>
        join(dirname(path), target!),
      ),
    ),
  );
  return [...sources]
    .filter((path) => !whole.has(path))
    .flatMap((path) =>
      [...texts.get(path)!.matchAll(/^export (?:async )?(?:function\*?|const|class) ([\w$]+)/gm)]
        .filter(([, name]) => users.get(name!)!.size === 1)
        .map(([, name]) => `${path}: ${name}`),
    );
}
