/** Checks that the documents are true: the tree is the tree, commands, files and settings that are named exist. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SETTINGS } from "../core/operations/config.ts";
import manifest from "../package.json" with { type: "json" };
import { readmeTree, sourceTree, TREE_FILE } from "./tree.ts";

const ROOT = resolve(import.meta.dir, "..");
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "core/README.md",
  "tests/README.md",
  "deploy/README.md",
];
/** Names in capitals that are not settings of the server. */
const OTHER_NAMES = /^(BENCH_(DATA|CORPUS|KEPT|PYTHON)|TEST_ENGINE|TEST_PYTHON|SECURITY|[A-Z]+_RECORDS)$/;
const README_LINES = 150;

const textOf = (path: string) => Bun.file(join(ROOT, path)).text();

test("the tree has a line for each source file, and each file says what it does", async () => {
  const tree = await sourceTree();
  expect(readmeTree(await textOf(TREE_FILE))).toBe(tree);
  expect(tree.split("\n").filter((line) => line && !/\s{2,}\S/.test(line))).toEqual([]);
});

test("the README is short, and names enough commands to begin", async () => {
  const readme = await textOf("README.md");
  expect(readme.split("\n").length).toBeLessThanOrEqual(README_LINES);
  expect([...readme.matchAll(/bun(?:@[\d.]+)? run ([a-z]+)/g)].length).toBeGreaterThan(5);
});

describe.each(DOCUMENTS)("%s", (document) => {
  test("every `bun run` command is a script", async () => {
    for (const [, name] of (await textOf(document)).matchAll(/bun(?:@[\d.]+)? run ([a-z:]+)/g))
      expect(Object.keys(manifest.scripts)).toContain(name!);
  });

  test("npx names the pinned Bun", async () => {
    for (const [, version] of (await textOf(document)).matchAll(/npx --yes bun@([\d.]+)/g))
      expect(version).toBe(manifest.devDependencies.bun);
  });

  test("every setting that is named exists", async () => {
    const named = [...(await textOf(document)).matchAll(/`([A-Z]{3,}_?[A-Z_]+)(?:=[^`]*)?`/g)].map(
      (match) => match[1]!,
    );
    const sources = await recordNames();
    for (const name of named.filter((name) => !OTHER_NAMES.test(name) && !sources.has(name)))
      expect(Object.keys(SETTINGS)).toContain(name);
  });

  test("every file that is named or linked exists", async () => {
    const text = (await textOf(document)).replaceAll(/```[\s\S]*?```/g, "");
    const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) =>
      join(dirname(document), match[1]!),
    );
    const named = [...text.matchAll(/`((?:core|views|tests|static|deploy)\/[\w./-]+\w)`/g)].map(
      (match) => match[1]!,
    );
    expect([...linked, ...named].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

/** Records of the source that documents name, such as METRICS. */
async function recordNames(): Promise<Set<string>> {
  const contributing = await textOf("CONTRIBUTING.md");
  const rows = [...contributing.matchAll(/`([A-Z_]+)`, `((?:core|views)\/[\w./-]+)`/g)];
  const found = await Promise.all(
    rows.map(async ([, name, path]) =>
      (await textOf(path!)).includes(`export const ${name}`) ? name! : null,
    ),
  );
  return new Set(found.filter((name) => name !== null));
}
